namespace Qwen3Tts.Kernels;

/// <summary>Working memory of one thread for one purpose: it grows on first use and stays, so that a call allocates nothing.</summary>
static unsafe class Scratch
{
    const int Alignment = 64;

    /// <summary>At least <paramref name="count"/> floats at a multiple of 64 bytes; <paramref name="mine"/> is a [ThreadStatic] field.</summary>
    public static float* Floats(ref float[]? mine, int count)
    {
        var needed = count + Alignment / sizeof(float);
        if (mine is null || mine.Length < needed)
            mine = GC.AllocateUninitializedArray<float>(Math.Max(needed, mine?.Length * 2 ?? 0), pinned: true);
        var address = (nuint)(void*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(mine, 0);
        return (float*)(address + (Alignment - 1) & ~(nuint)(Alignment - 1));
    }
}
