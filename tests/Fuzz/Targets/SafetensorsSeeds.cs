// Small valid safetensors files as inputs of the targets.
using Qwen3Tts.Checkpoint;

namespace Qwen3Tts.Fuzz;

static class SafetensorsSeeds
{
    public static byte[] Write(IReadOnlyList<TensorToWrite> tensors, Dictionary<string, string>? metadata = null)
    {
        var path = Path.GetTempFileName();
        try
        {
            SafetensorsWriter.Write(path, tensors, metadata);
            return File.ReadAllBytes(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    public static TensorToWrite Float32(string name, params int[] shape) =>
        TensorToWrite.FromArray(name, shape, [.. Enumerable.Range(0, Count(shape)).Select(i => (i % 7 - 3) / 10f)]);

    public static TensorToWrite BFloat16(string name, params int[] shape) =>
        TensorToWrite.FromArray(name, shape, [.. Enumerable.Range(0, Count(shape)).Select(i => (ushort)(0x3c00 + i % 99))]);

    public static TensorToWrite Raw(string name, ElementType type, params int[] shape) =>
        new(name, type, shape, stream => stream.Write(new byte[Count(shape) * SafetensorsFile.SizeOf(type)]));

    static int Count(int[] shape) => shape.Aggregate(1, (a, b) => a * b);
}
