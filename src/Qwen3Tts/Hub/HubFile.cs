// The files of a model as the hub lists them. Names and hashes come from outside and become paths, so they are checked here, before
// anything is written. The hash is also the name of the blob in the cache: SHA-256 for large files (Git LFS), Git's SHA-1 for the others.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Qwen3Tts.Files;

namespace Qwen3Tts.Hub;

/// <summary>One file: its name with slashes, its size in bytes, and the hash of its content.</summary>
sealed record HubFile(string Name, long Size, string Hash)
{
    /// <summary>
    /// True for a file that the model needs: weights, configuration, vocabulary and licence, in the folder itself or in that of the codec.
    /// </summary>
    public static bool IsNeeded(string name)
    {
        var file = name[(name.LastIndexOf('/') + 1)..];
        return name[..^file.Length] is "" or "speech_tokenizer/" && !file.StartsWith('.')
            && (Path.GetExtension(file) is ".safetensors" or ".json" or ".txt" || file is "LICENSE" or "NOTICE");
    }

    /// <summary>
    /// True if the name stays within a folder on every system: no absolute path, no <c>..</c>, no backslash, no drive, nothing that Windows
    /// would cut off.
    /// </summary>
    public static bool IsSafe(string name) => name.Length > 0
        && !name.Any(c => c is '\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|' || char.IsControl(c))
        && name.Split('/').All(part => part.Length > 0 && part.TrimEnd('.', ' ') == part);

    /// <summary>The hash of a file on disk, of the kind that <see cref="Hash"/> is.</summary>
    public static string HashOf(string path, string kind, CancellationToken stop)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        var isGit = kind.Length == 40;
        using var hash = IncrementalHash.CreateHash(isGit ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256);
        if (isGit)
            hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {stream.Length}\0")));
        var buffer = new byte[1 << 20];
        while (stream.Read(buffer) is > 0 and var count)
        {
            stop.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, count);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A number of bytes in words, as the hub counts them: 1 GB has 10^9.</summary>
    public static string Words(long bytes) => bytes switch
    {
        < 1_000_000 => FormattableString.Invariant($"{bytes / 1e3:0.0} kB"),
        < 1_000_000_000 => FormattableString.Invariant($"{bytes / 1e6:0.0} MB"),
        _ => FormattableString.Invariant($"{bytes / 1e9:0.00} GB"),
    };
}

/// <summary>The needed files of a model at one commit. It is kept beside the snapshot, as the record of what belongs to it.</summary>
sealed record HubListing(string Commit, IReadOnlyList<HubFile> Files)
{
    /// <summary>From the hub's answer.</summary>
    /// <exception cref="InvalidDataException">The answer lacks sizes or hashes, or a name could lead out of the folder.</exception>
    public static HubListing From(ModelAnswer answer, HubId id, string place)
    {
        InvalidDataException Bad(string what) => new($"{place}: {what}. Check that the address is that of a Hugging Face hub.");
        if (answer.Sha is not { Length: 40 } commit || !HubId.IsHash(commit))
            throw Bad("the answer names no commit");
        if (answer.Siblings?.FirstOrDefault(s => !HubFile.IsSafe(s.Rfilename)) is { } hostile)
            throw new InvalidDataException($"{id} has a file named '{Printable.Text(hostile.Rfilename)}', which could be written outside " +
                $"the model's folder. Nothing was downloaded; do not use this model.");
        var files = (answer.Siblings ?? []).Where(s => HubFile.IsNeeded(s.Rfilename)).Select(s => new HubFile(s.Rfilename,
            s.Lfs?.Size ?? s.Size ?? -1, s.Lfs?.Sha256 ?? s.BlobId ?? "")).ToList();
        if (files.FirstOrDefault(f => f.Size < 0 || !HubId.IsHash(f.Hash)) is { } unknown)
            throw Bad($"the answer gives no size or no hash for '{Printable.Text(unknown.Name)}'");
        if (files.All(f => f.Name != "config.json") || !files.Any(f => f.Name.EndsWith(".safetensors", StringComparison.Ordinal)))
            throw new InvalidDataException(
                $"{id} has no config.json, or no weights in .safetensors files. Name a Qwen3-TTS model, such as " +
                $"{ReleasedModels.All[0].Id}.");
        return new(commit, files);
    }
}

/// <summary>The part of the hub's answer that is used.</summary>
sealed record ModelAnswer(string? Sha = null, IReadOnlyList<SiblingAnswer>? Siblings = null);

/// <summary>A file in the hub's answer.</summary>
sealed record SiblingAnswer(string Rfilename, long? Size = null, string? BlobId = null, LfsAnswer? Lfs = null);

/// <summary>What the hub says about a file that Git LFS holds.</summary>
sealed record LfsAnswer(string Sha256, long? Size = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ModelAnswer))]
[JsonSerializable(typeof(HubListing))]
sealed partial class HubJson : JsonSerializerContext;
