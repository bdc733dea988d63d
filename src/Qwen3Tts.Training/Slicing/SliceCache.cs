// What slice has computed and may need again after Ctrl-C: probabilities of speech, voices, and what a recogniser heard, each under a hash
// of what it was computed from. The file is a journal with one JSON object a line; a line that a killed process left incomplete is ignored.
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Slicing;

sealed record SliceCacheLine([property: JsonRequired] string Key, [property: JsonRequired] string Value);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SliceCacheLine))]
sealed partial class SliceCacheJson : JsonSerializerContext;

sealed class SliceCache : IDisposable
{
    public const string FileName = ".slice-cache.jsonl";

    readonly Dictionary<string, string> _known = [];
    readonly GrowingFile _journal;
    readonly string _path;

    /// <param name="folder">The folder of the clips, in which the journal is.</param>
    public SliceCache(string folder)
    {
        _path = Path.Combine(folder, FileName);
        var record = OutputRecord.At(FileIdentity.Resolve(folder));
        GrowingFile.SetAside(_path, record); // somebody changed it
        _journal = new(_path, record);
        var text = File.Exists(_path) ? File.ReadAllText(_path) : "";
        foreach (var line in text.Split('\n'))
            if (Parse(line) is { } read)
                _known[read.Key] = read.Value;
        if (text.Length > 0 && !text.EndsWith('\n'))
            Append("\n"); // ends an incomplete line
    }

    /// <summary>A key of what was computed, with what, and from what.</summary>
    public static string Key(string what, ReadOnlySpan<byte> with, Waveform from)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(with);
        hash.AppendData(MemoryMarshal.AsBytes([from.SampleRate]));
        hash.AppendData(MemoryMarshal.AsBytes(from.Samples.AsSpan()));
        return $"{what}:{Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }

    public string? Find(string key) => _known.GetValueOrDefault(key);

    public void Add(string key, string value)
    {
        _known[key] = value;
        Append(JsonSerializer.Serialize(new(key, value), SliceCacheJson.Default.SliceCacheLine) + "\n");
    }

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

    /// <summary>The entry in a line; null if the line is empty, incomplete or damaged.</summary>
    static SliceCacheLine? Parse(string line)
    {
        try
        {
            return line.Length > 0 && JsonSerializer.Deserialize(line, SliceCacheJson.Default.SliceCacheLine)
                is { Key: not null, Value: not null } read ? read : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    void Append(string text)
    {
        if (!_journal.Append(Encoding.UTF8.GetBytes(text)))
            throw new IOException($"'{_path}' was changed by another program while this one wrote it. Wait until the other one ends, then "
                + "give the same command again.");
    }

    public void Dispose() => _journal.Dispose();
}
