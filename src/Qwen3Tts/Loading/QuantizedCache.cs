// Converting weights while a model is loaded takes seconds, so the result is kept in a file. Such a file belongs to one model folder and
// one precision. It holds only the converted tensors, and it is used only if it was made from the very weights that are loaded.
using System.Globalization;
using System.Text;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Loading;

/// <summary>Converted weights of models that were loaded before.</summary>
/// <param name="folder">The folder of the files. It is created when the first one is written.</param>
sealed class QuantizedCache(string folder)
{
    /// <summary>Another number makes older files invalid: to be changed when the same weights are converted to other numbers.</summary>
    const string Version = "1";

    const string Source = "source", Fingerprint = "fingerprint", Ending = ".safetensors";
    const int Samples = 256, SampleBytes = 4096;

    /// <summary>The folder that <c>QWEN3TTS_CACHE</c> names, otherwise <c>qwen3tts</c> in the user's cache folder.</summary>
    public static string UsualFolder => Environment.GetEnvironmentVariable("QWEN3TTS_CACHE") is { Length: > 0 } named ? named
        : Path.Combine(Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
            : Path.Combine(UserFolder.Path, ".cache"), "qwen3tts");

    /// <summary>Why weights could not be kept, with a remedy; null if they are kept.</summary>
    public string? Problem { get; private set; }

    /// <summary>The file of the model, or null if there is none, or one of other weights.</summary>
    /// <param name="weights">The weights of the model.</param>
    /// <param name="type">Int8 or Int4.</param>
    /// <param name="fingerprint">That of the weights.</param>
    /// <param name="map">True to map large tensors.</param>
    public SafetensorsFile? Open(Weights weights, WeightType type, string fingerprint, bool map)
    {
        var path = PathOf(weights, type);
        if (!File.Exists(path))
            return null;
        try
        {
            var file = SafetensorsFile.Open(path, map);
            if (file.Metadata.GetValueOrDefault(Fingerprint) == fingerprint)
                return file;
            file.Dispose();
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            // A damaged file, or one that this user cannot read, is as good as none: the weights are converted again.
        }
        return null;
    }

    /// <summary>Keeps the weights that were converted now for the next time. Removes the files of models that are no longer
    /// there.</summary>
    /// <param name="weights">The weights of the model.</param>
    /// <param name="type">Int8 or Int4.</param>
    /// <param name="fingerprint">That of the weights before they were read: if they changed meanwhile, the file is not used.</param>
    public void Save(Weights weights, WeightType type, string fingerprint)
    {
        try
        {
            Directory.CreateDirectory(folder);
            RemoveOrphans();
            SafetensorsWriter.Write(PathOf(weights, type),
                [.. weights.ConvertedNow.SelectMany(t => QuantizedModel.Stored(t.Name, t.Type, t.Rows, t.Columns, () => t.Weights))],
                new Dictionary<string, string>
                {
                    [QuantizedModel.Scheme] = QuantizedModel.Group64,
                    [Source] = weights.Place,
                    [Fingerprint] = fingerprint,
                });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder cannot be written, or the disk is full: the model is ready all the same, and is converted again next time.
            Problem = $"The converted weights could not be kept for the next time in '{Printable.Text(folder)}': "
                + $"{(e.InnerException ?? e).Message.TrimEnd('.')}. Name a folder that can be written to with QWEN3TTS_CACHE, or write the "
                + "model once with 'qwen3tts quantize'.";
        }
    }

    string PathOf(Weights weights, WeightType type) =>
        Path.Combine(folder, $"{Hash(Encoding.UTF8.GetBytes(weights.Place))[..16]}-{type}".ToLowerInvariant() + Ending);

    void RemoveOrphans()
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*" + Ending))
            try
            {
                using (var file = SafetensorsFile.Open(path))
                    if (!file.Metadata.ContainsKey(Fingerprint) || file.Metadata.GetValueOrDefault(Source) is not { } source
                        || Directory.Exists(source))
                        continue;
                File.Delete(path);
            }
            catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
            {
                // not one of these files, or in use
            }
    }

    /// <summary>Tells weights apart: for each file its length, its time, its header, and samples of its numbers.</summary>
    public static string FingerprintOf(Weights weights)
    {
        var hash = new Sha256();
        hash.Add(Encoding.UTF8.GetBytes(Version));
        var block = new byte[SampleBytes];
        foreach (var path in weights.Paths)
        {
            using var stream = File.OpenHandle(path);
            var length = RandomAccess.GetLength(stream);
            hash.Add(Encoding.UTF8.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $" {length} {File.GetLastWriteTimeUtc(path).Ticks} ")));
            // The first sample has the beginning of the header.
            for (var i = 0; i < Samples; i++)
                hash.Add(block.AsSpan(0, RandomAccess.Read(stream, block, (long)((Int128)length * i / Samples))));
        }
        return Convert.ToHexStringLower(hash.Current());
    }

    static string Hash(byte[] bytes) => Convert.ToHexStringLower(Sha256.Of(bytes));
}
