// Direct access to the memory of tensors on the CPU, for the kernels of this project, and the threads that run them.
using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;
using BFloat16 = Qwen3Tts.Kernels.BFloat16;

namespace Qwen3Tts.Training.Memory;

/// <summary>A contiguous tensor on the CPU, float32 or BF16, read and written as float32. Lives as long as the tensor.</summary>
readonly unsafe struct TensorMemory
{
    readonly byte* _at; // memory of libtorch, which the garbage collector does not move
    readonly bool _isBFloat16;

    public TensorMemory(Tensor tensor)
    {
        _at = Address(tensor);
        _isBFloat16 = tensor.dtype == ScalarType.BFloat16;
    }

    /// <summary>Whether a tensor has a type and a device that this struct can read; it must also be contiguous.</summary>
    public static bool Supports(Tensor tensor) =>
        tensor.device_type == DeviceType.CPU && tensor.dtype is ScalarType.Float32 or ScalarType.BFloat16;

    public static byte* Address(Tensor tensor)
    {
        if (!tensor.is_contiguous() || tensor.device_type != DeviceType.CPU)
            throw new ArgumentException($"A contiguous tensor on the CPU was expected; this one is on {tensor.device}.");
        return (byte*)Unsafe.AsPointer(ref tensor.bytes[0]);
    }

    public void Load(long index, Span<float> to)
    {
        if (_isBFloat16)
            BFloat16.Widen(new ReadOnlySpan<ushort>((ushort*)_at + index, to.Length), to);
        else
            new ReadOnlySpan<float>((float*)_at + index, to.Length).CopyTo(to);
    }

    public void Store(long index, ReadOnlySpan<float> from)
    {
        if (_isBFloat16)
            BFloat16.Round(from, new Span<ushort>((ushort*)_at + index, from.Length));
        else
            from.CopyTo(new((float*)_at + index, from.Length));
    }

    public float[] ToArray(long length)
    {
        var values = new float[length];
        Load(0, values);
        return values;
    }

    /// <summary>
    /// Runs <paramref name="body"/>(first, count) for blocks of <paramref name="block"/> elements, on as many threads as libtorch uses.
    /// </summary>
    public static void ForBlocks(long all, int block, Action<int, int> body)
    {
        var count = checked((int)all);
        Parallel.For(0, (count + block - 1) / block, new() { MaxDegreeOfParallelism = get_num_threads() }, i =>
            body(i * block, Math.Min(block, count - i * block)));
    }
}
