using System.Runtime.InteropServices;

namespace Qwen3Tts.Checkpoint;

/// <summary>
/// The elements of one tensor: BF16 bits if the file stores BF16, otherwise float32 (F16 is converted). The memory may be mapped from the
/// file, and must not be written to.
/// </summary>
readonly record struct TensorData(ReadOnlyMemory<float>? Float32, ReadOnlyMemory<ushort>? BFloat16)
{
    /// <summary>Stands for a tensor that is not read.</summary>
    public static readonly TensorData None;

    /// <summary>True if there are no numbers, because only shapes are checked and the network is thrown away.</summary>
    public bool IsNone => Float32 is null && BFloat16 is null;

    /// <summary>The elements as float32: those of the file where it stores them so.</summary>
    public ReadOnlyMemory<float> Widen() => Float32 ?? (BFloat16 is { } bits ? Widen(bits.Span) : []);

    /// <summary>The same in an array that the caller may write to.</summary>
    public float[] ToArray() => !MemoryMarshal.TryGetArray(Widen(), out var array) || array.Count != array.Array!.Length
        ? Widen().ToArray() : array.Array;

    static float[] Widen(ReadOnlySpan<ushort> bits)
    {
        var result = GC.AllocateUninitializedArray<float>(bits.Length);
        Kernels.BFloat16.Widen(bits, result);
        return result;
    }
}
