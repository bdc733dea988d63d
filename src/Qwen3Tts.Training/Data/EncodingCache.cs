// Stores encoded clips by the hash of their content. So a second run, after Ctrl-C or with more recordings, encodes only new ones.
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Data;

/// <summary>The codes of a clip, and its voice if it was requested.</summary>
sealed record EncodedClip(IReadOnlyList<int[]> Codes, float[]? Voice);

/// <summary>A line of the journal.</summary>
sealed record CacheLine([property: JsonRequired] string Key, [property: JsonRequired] IReadOnlyList<int[]> Codes, byte[]? Voice = null)
{
    /// <summary>The key; null if the codes or the voice cannot be such.</summary>
    public static string? ValidKey(CacheLine line) => line is { Key.Length: 64, Codes: [{ } first, ..] codes }
        && codes.All(f => f?.Length == first.Length && f.All(c => c >= 0)) && (line.Voice?.Length ?? 0) % sizeof(float) == 0
            ? line.Key : null;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CacheLine))]
sealed partial class CacheJson : JsonSerializerContext;

/// <param name="path">The journal, created if missing.</param>
/// <param name="model">Fingerprint of the networks; entries of other networks are not used.</param>
sealed class EncodingCache(string path, byte[] model) : IDisposable
{
    readonly Journal<CacheLine> _journal = new(path, CacheJson.Default.CacheLine, CacheLine.ValidKey);

    /// <summary>Hash of the networks and of all samples.</summary>
    public string Key(Waveform wave)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(model);
        hash.AppendData(MemoryMarshal.AsBytes(wave.Samples.AsSpan()));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public EncodedClip? Find(string key) => _journal.Find(key) is { } line
        ? new(line.Codes, line.Voice is { } voice ? MemoryMarshal.Cast<byte, float>(voice).ToArray() : null) : null;

    public void Add(string key, EncodedClip clip) => _journal.Add(
        new(key, clip.Codes, clip.Voice is { } voice ? MemoryMarshal.AsBytes(voice.AsSpan()).ToArray() : null));

    public void Dispose() => _journal.Dispose();
}
