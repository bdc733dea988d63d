// What slice has computed and may need again after Ctrl-C: probabilities of speech, voices, and what a recogniser heard, each under a hash
// of what it was computed from.
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Slicing;

sealed record SliceCacheLine([property: JsonRequired] string Key, [property: JsonRequired] string Value);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SliceCacheLine))]
sealed partial class SliceCacheJson : JsonSerializerContext;

/// <param name="folder">The folder of the clips, in which the journal is.</param>
sealed class SliceCache(string folder) : IDisposable
{
    public const string FileName = ".slice-cache.jsonl";

    readonly Journal<SliceCacheLine> _journal = new(Path.Combine(folder, FileName), SliceCacheJson.Default.SliceCacheLine,
        line => line.Key);

    /// <summary>A key of what was computed, with what, and from what.</summary>
    public static string Key(string what, ReadOnlySpan<byte> with, Waveform from)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(with);
        hash.AppendData(MemoryMarshal.AsBytes([from.SampleRate]));
        hash.AppendData(MemoryMarshal.AsBytes(from.Samples.AsSpan()));
        return $"{what}:{Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }

    public string? Find(string key) => _journal.Find(key)?.Value;

    public void Add(string key, string value) => _journal.Add(new(key, value));

    /// <summary>Numbers that are in the cache, or are computed and put there.</summary>
    public float[] Numbers(string key, Func<float[]> compute)
    {
        if (Find(key) is { } known && TryNumbers(known) is { } numbers)
            return numbers;
        numbers = compute();
        Add(key, Convert.ToBase64String(MemoryMarshal.AsBytes(numbers.AsSpan())));
        return numbers;
    }

    /// <summary>The numbers of a value; null if it is damaged, so that they are computed again.</summary>
    static float[]? TryNumbers(string value)
    {
        var bytes = new byte[value.Length];
        return Convert.TryFromBase64String(value, bytes, out var length) && length % sizeof(float) == 0
            ? MemoryMarshal.Cast<byte, float>(bytes.AsSpan(0, length)).ToArray() : null;
    }

    public void Dispose() => _journal.Dispose();
}
