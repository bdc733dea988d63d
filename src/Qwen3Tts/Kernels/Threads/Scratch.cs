using System.Runtime.InteropServices;

namespace Qwen3Tts.Kernels;

/// <summary>
/// Working memory of one thread for one purpose. It grows when it is first used and is kept, so that later calls allocate nothing.
/// </summary>
static unsafe class Scratch
{
    /// <summary>Floats that an array needs beyond its content to be <see cref="Aligned"/>.</summary>
    public const int Slack = Alignment / sizeof(float);

    const int Alignment = 64; // a cache line and an AVX-512 vector

    /// <summary>
    /// At least <paramref name="count"/> floats at a multiple of 64 bytes; <paramref name="mine"/> is a [ThreadStatic] field.
    /// </summary>
    public static float* Floats(ref float[]? mine, int count)
    {
        if (mine is null || mine.Length < count + (long)Slack)
            mine = GC.AllocateUninitializedArray<float>((int)Math
                .Max(count + (long)Slack, Math.Min(2L * (mine?.Length ?? 0), Array.MaxLength)), pinned: true);
        return Aligned(mine);
    }

    /// <summary>The first multiple of 64 bytes in a pinned array.</summary>
    public static float* Aligned(float[] pinned)
    {
        var address = (nuint)(void*)Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0);
        return (float*)(address + (Alignment - 1) & ~(nuint)(Alignment - 1));
    }
}
