// What was encoded already, by the content of what was encoded: a second run, after Ctrl-C or with more recordings, encodes only what is
// new. A text file of one line a clip, appended as each is done; a line cut off by a crash is not read back.
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Qwen3Tts.Audio;

namespace Qwen3Tts.Training.Data;

/// <summary>Codes of a clip, and its voice where that was asked for.</summary>
sealed record EncodedClip(IReadOnlyList<int[]> Codes, float[]? Voice);

sealed class EncodingCache : IDisposable
{
    readonly ConcurrentDictionary<string, EncodedClip> _known = [];
    readonly StreamWriter _journal;
    readonly byte[] _model;

    /// <param name="path">The journal, made if missing.</param>
    /// <param name="model">Fingerprint of the networks: what another model encoded is not taken.</param>
    public EncodingCache(string path, byte[] model)
    {
        _model = model;
        if (File.Exists(path))
            foreach (var line in File.ReadLines(path))
                Load(line);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        _journal = new(path, append: true, new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\n" };
        _journal.WriteLine(); // ends a line that was cut off
    }

    /// <summary>Hash of the networks and of every sample.</summary>
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
        var codes = string.Join(",", clip.Codes.Select(f => $"[{string.Join(",", f)}]"));
        var voice = clip.Voice is { } v ? $",\"voice\":\"{Convert.ToBase64String(MemoryMarshal.AsBytes(v.AsSpan()))}\"" : "";
        lock (_journal)
            _journal.WriteLine($"{{\"key\":\"{key}\",\"codes\":[{codes}]{voice}}}");
    }

    void Load(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            var codes = root.GetProperty("codes").EnumerateArray().Select(f => f.EnumerateArray().Select(c => c.GetInt32()).ToArray()).ToList();
            var voice = root.TryGetProperty("voice", out var v) ? MemoryMarshal.Cast<byte, float>(v.GetBytesFromBase64()).ToArray() : null;
            _known[root.GetProperty("key").GetString()!] = new(codes, voice);
        }
        catch (JsonException)
        {
            // empty, or cut off in the middle: that clip is encoded again
        }
    }

    public void Dispose() => _journal.Dispose();
}
