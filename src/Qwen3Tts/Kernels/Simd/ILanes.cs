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

    /// <summary>
    /// The sum of q · x over 64 columns of whole numbers, with q in one byte each: lane l has the columns c with (c mod 32) / 2 = l. The
    /// sum is exact; it is converted to float32 at the end.
    /// </summary>
    static abstract T DotInt8(sbyte* q, short* x);

    /// <summary>The same; byte i holds q + 8 of column i in its lower half and that of column i + 32 in its upper half.</summary>
    static abstract T DotInt4(byte* q, short* x);

    /// <summary>The same, q in 16 bits each and within ±127.</summary>
    static abstract T DotInt16(short* q, short* x);

    /// <summary>Sixteen numbers within ±32767 to the nearest whole ones, ties to even.</summary>
    static abstract void StoreInt16(T a, short* to);

    float Sum();

    /// <summary>The sums of four, each as <see cref="Sum()"/> adds it up.</summary>
    static abstract Vector128<float> Sums(T a, T b, T c, T d);

    float Largest();
}
