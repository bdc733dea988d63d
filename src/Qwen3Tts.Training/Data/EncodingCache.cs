// Stores encoded clips by the hash of their content. So a second run, after Ctrl-C or with more recordings, encodes only new ones. The
// cache is a text file, the journal, with one line for each clip, appended when the clip is encoded. An incomplete line after a crash is
// ignored.
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Data;

/// <summary>The codes of a clip, and its voice if it was requested.</summary>
sealed record EncodedClip(IReadOnlyList<int[]> Codes, float[]? Voice);

/// <summary>A line of the journal.</summary>
sealed record CacheLine([property: JsonRequired] string Key, [property: JsonRequired] int[][] Codes, byte[]? Voice = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CacheLine))]
sealed partial class CacheJson : JsonSerializerContext;

sealed class EncodingCache : IDisposable
{
    const string FirstLine = "# What qwen3tts has encoded. It may be removed: everything is encoded again then.\n";

    readonly ConcurrentDictionary<string, EncodedClip> _known = [];
    readonly GrowingFile _journal;
    readonly string _path;
    readonly byte[] _model;

    /// <param name="path">The journal, created if missing.</param>
    /// <param name="model">Fingerprint of the networks; entries of other networks are not used.</param>
    public EncodingCache(string path, byte[] model)
    {
        (_model, _path) = (model, path);
        var record = OutputRecord.At(Path.GetDirectoryName(FileIdentity.Resolve(path))!);
        TakeOver(path, record);
        var changed = GrowingFile.SetAside(path, record);
        _journal = new(path, record); // refuses a file that this program did not write
        var text = File.Exists(changed ?? path) ? File.ReadAllText(changed ?? path) : "";
        foreach (var line in text.Split('\n'))
            Load(line);
        if (!File.Exists(path))
            Append(FirstLine + string.Concat(_known.Select(k => Line(k.Key, k.Value))));
        else if (!text.EndsWith('\n'))
            Append("\n"); // ends an incomplete line
    }

    /// <summary>
    /// A journal of an earlier version has no entry in a record. Its lines show that this program wrote it: no other program writes such
    /// lines.
    /// </summary>
    static void TakeOver(string path, OutputRecord record)
    {
        var full = FileIdentity.Resolve(path);
        if (!File.Exists(full) || SpecialFile.Is(full) || record.Knows(full))
            return;
        var bytes = WholeFile.Read(full);
        if (Encoding.UTF8.GetString(bytes).Split('\n').Any(line => Parse(line) is not null))
            record.Add(full, bytes.Length, SHA256.HashData(bytes));
    }

    void Append(string text)
    {
        if (!_journal.Append(Encoding.UTF8.GetBytes(text)))
            throw new IOException(
                $"'{_path}' was changed by another program while this one wrote it. Wait until the other one ends, then give the same " +
                $"command again.");
    }

    /// <summary>Hash of the networks and of all samples.</summary>
    public string Key(Waveform wave)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(_model);
        hash.AppendData(MemoryMarshal.AsBytes(wave.Samples.AsSpan()));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public EncodedClip? Find(string key) => _known.GetValueOrDefault(key);

    public void Add(string key, EncodedClip clip)
    {
        _known[key] = clip;
        lock (_journal)
            Append(Line(key, clip));
    }

    static string Line(string key, EncodedClip clip)
    {
        var codes = string.Join(",", clip.Codes.Select(f => $"[{string.Join(",", f)}]"));
        var voice = clip.Voice is { } v ? $",\"voice\":\"{Convert.ToBase64String(MemoryMarshal.AsBytes(v.AsSpan()))}\"" : "";
        return $"{{\"key\":\"{key}\",\"codes\":[{codes}]{voice}}}\n";
    }

    void Load(string line)
    {
        if (Parse(line) is { } read)
            _known[read.Key] = new(read.Codes, read.Voice is { } voice ? MemoryMarshal.Cast<byte, float>(voice).ToArray() : null);
    }

    /// <summary>
    /// The entry in a line of the journal; null if the line is empty, incomplete or damaged, so that the clip is encoded again.
    /// </summary>
    static CacheLine? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, CacheJson.Default.CacheLine) is { Key.Length: 64, Codes: [{ } first, ..] codes } read
                && codes.All(f => f?.Length == first.Length && f.All(c => c >= 0)) && (read.Voice?.Length ?? 0) % sizeof(float) == 0 ? read
                    : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    public void Dispose() => _journal.Dispose();
}
