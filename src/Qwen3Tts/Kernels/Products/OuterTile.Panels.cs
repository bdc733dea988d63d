// Passes over whole panels of 48 lanes. The 32 registers of AVX-512 hold eight rows of c, others two. Those pay only where few rows are
// bound by the memory that holds b, which is then read in its order.
using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

static unsafe partial class OuterTile
{
    /// <summary>Rows up to which weights are read panel by panel on every tier, and BF16 is not widened before.</summary>
    public static int FewRows<T>() where T : struct, ILanes<T> => typeof(T) == typeof(Lanes512) ? 8 : 5;

    // What a pass over b reads. The first pass over weights reads memory, one line after the other, and asks for what comes.
    readonly struct Weights;
    readonly struct Cached;
    readonly struct BFloat16Weights; // two to a float of b and its stride
    readonly struct BFloat16Cached;

    /// <summary>The same for one panel of BF16 weights [k, <see cref="Panel"/>], and for few rows.</summary>
    [MethodImpl(Simd.Hot)]
    public static void RunBFloat16<T>(float* a, nint aStride, ushort* b, float* c, nint cStride, int k, int rows) where T
        : struct, ILanes<T>
    {
        const nint Stride = Panel * sizeof(ushort) / sizeof(float);
        var first = FirstRows<T, BFloat16Weights>(a, aStride, (float*)b, Stride, c, cStride, k, rows);
        Rows<T, BFloat16Cached>(a + first * aStride, aStride, (float*)b, Stride, c + first * cStride, cStride, k, rows - first);
    }

    [MethodImpl(Simd.Hot)]
    static void Panels<T>(float* a, nint aStride, float* b, nint bStride, float* c, nint cStride, int k, int rows) where T
        : struct, ILanes<T>
    {
        var first = bStride == Panel ? FirstRows<T, Weights>(a, aStride, b, bStride, c, cStride, k, rows) : 0;
        Rows<T, Cached>(a + first * aStride, aStride, b, bStride, c + first * cStride, cStride, k, rows - first);
    }

    // One pass over b, for as many rows as it can take. Returns their number.
    [MethodImpl(Simd.Hot)]
    static int FirstRows<T, TFrom>(float* a, nint aStride, float* b, nint bStride, float* c, nint cStride, int k, int rows) where T
        : struct, ILanes<T>
    {
        var first = typeof(T) != typeof(Lanes512) ? Math.Min(rows, 2) : rows >= 8 ? 8 : rows >= 4 ? 4 : Math.Min(rows, 2);
        Rows<T, TFrom>(a, aStride, b, bStride, c, cStride, k, first);
        return first;
    }

    [MethodImpl(Simd.Hot)]
    static void Rows<T, TFrom>(float* a, nint aStride, float* b, nint bStride, float* c, nint cStride, int k, int rows) where T
        : struct, ILanes<T>
    {
        for (; typeof(T) == typeof(Lanes512) && rows >= 8; rows -= 8, a += 8 * aStride, c += 8 * cStride)
            Rows8x3<T, TFrom>(a, aStride, b, bStride, c, cStride, k);
        for (; typeof(T) == typeof(Lanes512) && rows >= 4; rows -= 4, a += 4 * aStride, c += 4 * cStride)
            Rows4x3<T, TFrom>(a, aStride, b, bStride, c, cStride, k);
        for (; rows >= 2; rows -= 2, a += 2 * aStride, c += 2 * cStride)
            Rows2x3<T, TFrom>(a, aStride, b, bStride, c, cStride, k);
        if (rows > 0)
            Row1x3<T, TFrom>(a, b, bStride, c, k);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Ahead<TFrom>(float* b)
    {
        if (typeof(TFrom) != typeof(Weights) && typeof(TFrom) != typeof(BFloat16Weights))
            return;
        Prefetch.Ahead(b);
        Prefetch.Ahead(b + 16);
        if (typeof(TFrom) == typeof(Weights))
            Prefetch.Ahead(b + 32);
    }

    // Sixteen numbers of b.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T Load<T, TFrom>(float* b, int lane) where T : struct, ILanes<T> =>
        typeof(TFrom) == typeof(BFloat16Weights) || typeof(TFrom) == typeof(BFloat16Cached) ? T.LoadBFloat16((ushort*)b + lane)
            : T.Load(b + lane);

    // 24 accumulators, 3 of b and one of a: 28 of the 32 registers.
    [MethodImpl(Simd.Hot)]
    static void Rows8x3<T, TFrom>(float* a, nint aStride, float* b, nint bStride, float* c, nint cStride, int k) where T : struct, ILanes<T>
    {
        float* a1 = a + aStride, a2 = a1 + aStride, a3 = a2 + aStride, a4 = a3 + aStride, a5 = a4 + aStride, a6 = a5 + aStride,
            a7 = a6 + aStride, c1 = c + cStride, c2 = c1 + cStride, c3 = c2 + cStride, c4 = c3 + cStride, c5 = c4 + cStride,
            c6 = c5 + cStride, c7 = c6 + cStride;
        T c00 = T.Load(c), c01 = T.Load(c + 16), c02 = T.Load(c + 32), c10 = T.Load(c1), c11 = T.Load(c1 + 16), c12 = T.Load(c1 + 32);
        T c20 = T.Load(c2), c21 = T.Load(c2 + 16), c22 = T.Load(c2 + 32), c30 = T.Load(c3), c31 = T.Load(c3 + 16), c32 = T.Load(c3 + 32);
        T c40 = T.Load(c4), c41 = T.Load(c4 + 16), c42 = T.Load(c4 + 32), c50 = T.Load(c5), c51 = T.Load(c5 + 16), c52 = T.Load(c5 + 32);
        T c60 = T.Load(c6), c61 = T.Load(c6 + 16), c62 = T.Load(c6 + 32), c70 = T.Load(c7), c71 = T.Load(c7 + 16), c72 = T.Load(c7 + 32);
        for (nint i = 0; i < k; i++, b += bStride)
        {
            Ahead<TFrom>(b);
            T b0 = Load<T, TFrom>(b, 0), b1 = Load<T, TFrom>(b, 16), b2 = Load<T, TFrom>(b, 32);
            var v = T.Broadcast(a[i]);
            (c00, c01, c02) = (T.MultiplyAdd(v, b0, c00), T.MultiplyAdd(v, b1, c01), T.MultiplyAdd(v, b2, c02));
            v = T.Broadcast(a1[i]);
            (c10, c11, c12) = (T.MultiplyAdd(v, b0, c10), T.MultiplyAdd(v, b1, c11), T.MultiplyAdd(v, b2, c12));
            v = T.Broadcast(a2[i]);
            (c20, c21, c22) = (T.MultiplyAdd(v, b0, c20), T.MultiplyAdd(v, b1, c21), T.MultiplyAdd(v, b2, c22));
            v = T.Broadcast(a3[i]);
            (c30, c31, c32) = (T.MultiplyAdd(v, b0, c30), T.MultiplyAdd(v, b1, c31), T.MultiplyAdd(v, b2, c32));
            v = T.Broadcast(a4[i]);
            (c40, c41, c42) = (T.MultiplyAdd(v, b0, c40), T.MultiplyAdd(v, b1, c41), T.MultiplyAdd(v, b2, c42));
            v = T.Broadcast(a5[i]);
            (c50, c51, c52) = (T.MultiplyAdd(v, b0, c50), T.MultiplyAdd(v, b1, c51), T.MultiplyAdd(v, b2, c52));
            v = T.Broadcast(a6[i]);
            (c60, c61, c62) = (T.MultiplyAdd(v, b0, c60), T.MultiplyAdd(v, b1, c61), T.MultiplyAdd(v, b2, c62));
            v = T.Broadcast(a7[i]);
            (c70, c71, c72) = (T.MultiplyAdd(v, b0, c70), T.MultiplyAdd(v, b1, c71), T.MultiplyAdd(v, b2, c72));
        }
        Store3(c, c00, c01, c02);
        Store3(c1, c10, c11, c12);
        Store3(c2, c20, c21, c22);
        Store3(c3, c30, c31, c32);
        Store3(c4, c40, c41, c42);
        Store3(c5, c50, c51, c52);
        Store3(c6, c60, c61, c62);
        Store3(c7, c70, c71, c72);
    }

    [MethodImpl(Simd.Hot)]
    static void Rows4x3<T, TFrom>(float* a, nint aStride, float* b, nint bStride, float* c, nint cStride, int k) where T : struct, ILanes<T>
    {
        float* a1 = a + aStride, a2 = a1 + aStride, a3 = a2 + aStride, c1 = c + cStride, c2 = c1 + cStride, c3 = c2 + cStride;
        T c00 = T.Load(c), c01 = T.Load(c + 16), c02 = T.Load(c + 32), c10 = T.Load(c1), c11 = T.Load(c1 + 16), c12 = T.Load(c1 + 32);
        T c20 = T.Load(c2), c21 = T.Load(c2 + 16), c22 = T.Load(c2 + 32), c30 = T.Load(c3), c31 = T.Load(c3 + 16), c32 = T.Load(c3 + 32);
        for (nint i = 0; i < k; i++, b += bStride)
        {
            Ahead<TFrom>(b);
            T b0 = Load<T, TFrom>(b, 0), b1 = Load<T, TFrom>(b, 16), b2 = Load<T, TFrom>(b, 32);
            T v = T.Broadcast(a[i]), v1 = T.Broadcast(a1[i]), v2 = T.Broadcast(a2[i]), v3 = T.Broadcast(a3[i]);
            (c00, c01, c02) = (T.MultiplyAdd(v, b0, c00), T.MultiplyAdd(v, b1, c01), T.MultiplyAdd(v, b2, c02));
            (c10, c11, c12) = (T.MultiplyAdd(v1, b0, c10), T.MultiplyAdd(v1, b1, c11), T.MultiplyAdd(v1, b2, c12));
            (c20, c21, c22) = (T.MultiplyAdd(v2, b0, c20), T.MultiplyAdd(v2, b1, c21), T.MultiplyAdd(v2, b2, c22));
            (c30, c31, c32) = (T.MultiplyAdd(v3, b0, c30), T.MultiplyAdd(v3, b1, c31), T.MultiplyAdd(v3, b2, c32));
        }
        Store3(c, c00, c01, c02);
        Store3(c1, c10, c11, c12);
        Store3(c2, c20, c21, c22);
        Store3(c3, c30, c31, c32);
    }

    [MethodImpl(Simd.Hot)]
    static void Rows2x3<T, TFrom>(float* a, nint aStride, float* b, nint bStride, float* c, nint cStride, int k) where T : struct, ILanes<T>
    {
        float* a1 = a + aStride, c1 = c + cStride;
        T c00 = T.Load(c), c01 = T.Load(c + 16), c02 = T.Load(c + 32), c10 = T.Load(c1), c11 = T.Load(c1 + 16), c12 = T.Load(c1 + 32);
        for (nint i = 0; i < k; i++, b += bStride)
        {
            Ahead<TFrom>(b);
            T b0 = Load<T, TFrom>(b, 0), b1 = Load<T, TFrom>(b, 16), b2 = Load<T, TFrom>(b, 32);
            T v = T.Broadcast(a[i]), v1 = T.Broadcast(a1[i]);
            (c00, c01, c02) = (T.MultiplyAdd(v, b0, c00), T.MultiplyAdd(v, b1, c01), T.MultiplyAdd(v, b2, c02));
            (c10, c11, c12) = (T.MultiplyAdd(v1, b0, c10), T.MultiplyAdd(v1, b1, c11), T.MultiplyAdd(v1, b2, c12));
        }
        Store3(c, c00, c01, c02);
        Store3(c1, c10, c11, c12);
    }

    [MethodImpl(Simd.Hot)]
    static void Row1x3<T, TFrom>(float* a, float* b, nint bStride, float* c, int k) where T : struct, ILanes<T>
    {
        T c0 = T.Load(c), c1 = T.Load(c + 16), c2 = T.Load(c + 32);
        for (nint i = 0; i < k; i++, b += bStride)
        {
            Ahead<TFrom>(b);
            var v = T.Broadcast(a[i]);
            T b0 = Load<T, TFrom>(b, 0), b1 = Load<T, TFrom>(b, 16), b2 = Load<T, TFrom>(b, 32);
            (c0, c1, c2) = (T.MultiplyAdd(v, b0, c0), T.MultiplyAdd(v, b1, c1), T.MultiplyAdd(v, b2, c2));
        }
        Store3(c, c0, c1, c2);
    }
}
