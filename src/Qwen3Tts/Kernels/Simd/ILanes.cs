using System.Runtime.Intrinsics;

namespace Qwen3Tts.Kernels;

/// <summary>
/// Sixteen float32 lanes. Every kernel is written once over this; the compiler makes one instance per tier. What keeps the tiers equal bit
/// for bit: a product is fused with its sum everywhere, and <see cref="Sum"/> folds halves (lane i with i+8, then i+4, i+2, i+1).
/// </summary>
unsafe interface ILanes<T> where T : struct, ILanes<T>
{
    static abstract T Load(float* from);
    static abstract T Broadcast(float value);

    /// <summary>Sixteen BF16 values, widened.</summary>
    static abstract T LoadBFloat16(ushort* from);

    void Store(float* to);

    /// <summary>a * b + c, rounded once.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    static abstract T operator +(T a, T b);
    static abstract T operator -(T a, T b);
    static abstract T operator *(T a, T b);
    static abstract T operator /(T a, T b);
    static abstract T Max(T a, T b);
    static abstract T Min(T a, T b);
    static abstract T Abs(T a);

    /// <summary>Nearest integer, ties to even.</summary>
    static abstract T Round(T a);

    /// <summary>2^n for whole n in [-127, 128]; the ends give 0 and infinity.</summary>
    static abstract T PowerOfTwo(T n);

    /// <summary>Per lane: x is negative ? a : b.</summary>
    static abstract T WhereNegative(T x, T a, T b);

    /// <summary>32 whole numbers of 16 bits, two in the bits of a lane, from a byte each.</summary>
    static abstract T LoadInt8(sbyte* from);

    /// <summary>The same from the lower halves of 32 bytes, which hold the number plus eight.</summary>
    static abstract T LoadLowInt4(byte* from);

    /// <summary>The same from their upper halves.</summary>
    static abstract T LoadHighInt4(byte* from);

    /// <summary>
    /// The sums of q · x over 64 columns of whole numbers of 16 bits, the first 32 in q: lane l has the columns c with
    /// (c mod 32) / 2 = l. The sum is exact for q within ±127; it is converted to float32 at the end.
    /// </summary>
    static abstract T DotInt16(T q, T qNext, short* x);

    /// <summary>Sixteen numbers within ±32767 to the nearest whole ones, ties to even.</summary>
    static abstract void StoreInt16(T a, short* to);

    float Sum();

    /// <summary>The sums of four, each as <see cref="Sum()"/> adds it up.</summary>
    static abstract Vector128<float> Sums(T a, T b, T c, T d);

    float Largest();
}
