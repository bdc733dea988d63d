// A model folder of a released model's shapes with random weights, for measuring without a download. It is written to disk, because
// loading is measured too.
using System.Runtime.InteropServices;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;
using Qwen3Tts.Kernels;
using Qwen3Tts.Talker;

namespace Qwen3Tts.Cli.Bench;

static class RandomModel
{
    const int Noise = 1 << 20; // drawn once and repeated: half a billion draws would take longer than what is measured

    /// <summary>Writes config.json and weights of talker and codec; a tokenizer is not there.</summary>
    /// <param name="folder">An empty folder.</param>
    /// <param name="size">One of <see cref="ReleasedShapes.Names"/>.</param>
    /// <param name="tell">Told what is being done.</param>
    public static void Write(string folder, string size, Action<string> tell)
    {
        var codec = Directory.CreateDirectory(Path.Combine(folder, "speech_tokenizer")).FullName;
        File.WriteAllBytes(Path.Combine(folder, "config.json"), ReleasedShapes.Json(size));
        File.WriteAllBytes(Path.Combine(codec, "config.json"), ReleasedShapes.Json("codec"));
        var config = ReleasedShapes.Model(size).TalkerConfig;
        var codecConfig = CodecConfig.Read(Path.Combine(codec, "config.json"));
        var noise = Draw();
        tell($"writing random weights of the {size} shape");
        Write(folder, ElementType.BF16, Weights.ListRequests(w => _ = new TalkerModel(w, config, Workers.Shared)), noise);
        Write(codec, ElementType.F32, Weights.ListRequests(w => _ = SpeechCodec.Request(w, codecConfig)), noise);
    }

    static float[] Draw()
    {
        var random = new Statistics.Pcg32(seed: 1);
        var noise = new float[Noise];
        for (var i = 0; i < noise.Length; i++)
            noise[i] = (float)(random.NextUnit() - 0.5) / 16;
        return noise;
    }

    static void Write(string folder, ElementType type, IReadOnlyList<(string Name, int[] Shape)> tensors, float[] noise)
    {
        // Vectors are norms, usages of codebooks and biases: ones keep the numbers of the networks in an everyday range.
        var (matrices, ones, zeros) = (Bytes(noise, type), Bytes([.. Enumerable.Repeat(1f, Noise)], type), Bytes(new float[Noise], type));
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. tensors.DistinctBy(t => t.Name).Select(t =>
            new TensorToWrite(t.Name, type, t.Shape, stream => Repeat(t.Shape.Length > 1 ? matrices : IsBias(t.Name) ? zeros : ones, stream,
                t.Shape.Aggregate((long)SafetensorsFile.SizeOf(type), (a, b) => a * b))))]);
    }

    static bool IsBias(string name) => name.EndsWith("bias", StringComparison.Ordinal) || name.EndsWith("alpha", StringComparison.Ordinal)
        || name.EndsWith("beta", StringComparison.Ordinal);

    static byte[] Bytes(float[] values, ElementType type)
    {
        if (type == ElementType.F32)
            return MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
        var bits = new ushort[values.Length];
        BFloat16.Round(values, bits);
        return MemoryMarshal.AsBytes(bits.AsSpan()).ToArray();
    }

    static void Repeat(byte[] bytes, Stream stream, long length)
    {
        for (; length > 0; length -= bytes.Length)
            stream.Write(bytes.AsSpan(0, (int)Math.Min(bytes.Length, length)));
    }
}
