using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>
/// The inner loop of convolution and of the weighted sum of values: c[r, lane] += sum over k of a[r, k] * b[k, lane], with c in registers.
/// Each element is one chain of fused steps in the order of k, so neither the shape of the tile nor where k was split changes a result.
/// </summary>
static unsafe class OuterTile
{
    /// <summary>Floats in a panel of b: three times sixteen lanes, the width at which AVX-512 reaches its peak.</summary>
    public const int Panel = 48;

    // Where a pass over b reads it from. The first pass over weights reads memory, one line after the other, and asks for what comes.
    readonly struct Weights;
    readonly struct Cached;

    /// <summary>c [rows, lanes] += a [rows, k] * b [k, lanes], lanes a multiple of 16; the strides are in floats.</summary>
    [MethodImpl(Simd.Hot)]
    public static void Run<T>(float* a, nint aStride, float* b, nint bStride, float* c, nint cStride, int k, int rows, int lanes) where T
        : struct, ILanes<T>
    {
        for (; lanes >= 64 && rows <= 2; lanes -= 64, b += 64, c += 64) // so few rows are bound by memory: wide pieces of b
            for (var r = 0; r < rows; r++)
                Row1x4<T>(a + r * aStride, b, bStride, c + r * cStride, k);
        for (; lanes > 0; lanes -= Panel, b += Panel, c += Panel)
            if (typeof(T) == typeof(Lanes512) && lanes >= Panel)
                Panels<T>(a, aStride, b, bStride, c, cStride, k, rows);
            else
                Sixteens<T>(a, aStride, b, bStride, c, cStride, k, rows, Math.Min(lanes, Panel));
    }

    [MethodImpl(Simd.Hot)]
    static void Panels<T>(float* a, nint aStride, float* b, nint bStride, float* c, nint cStride, int k, int rows) where T
        : struct, ILanes<T>
    {
        if (bStride == Panel) // weights
        {
            var first = rows >= 8 ? 8 : Math.Min(rows, 2);
            if (first == 8)
                Rows8x3<T, Weights>(a, aStride, b, bStride, c, cStride, k);
            else if (first == 2)
                Rows2x3<T, Weights>(a, aStride, b, bStride, c, cStride, k);
            else
                Row1x3<T, Weights>(a, b, bStride, c, k);
            rows -= first;
            a += first * aStride;
            c += first * cStride;
        }
        for (; rows >= 8; rows -= 8, a += 8 * aStride, c += 8 * cStride)
            Rows8x3<T, Cached>(a, aStride, b, bStride, c, cStride, k);
        for (; rows >= 2; rows -= 2, a += 2 * aStride, c += 2 * cStride)
            Rows2x3<T, Cached>(a, aStride, b, bStride, c, cStride, k);
        if (rows > 0)
            Row1x3<T, Cached>(a, b, bStride, c, k);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Ahead<TFrom>(float* b)
    {
        if (typeof(TFrom) != typeof(Weights))
            return;
        Prefetch.Ahead(b);
        Prefetch.Ahead(b + 16);
        Prefetch.Ahead(b + 32);
    }

    [MethodImpl(Simd.Hot)]
    static void Sixteens<T>(float* a, nint aStride, float* b, nint bStride, float* c, nint cStride, int k, int rows, int lanes) where T
        : struct, ILanes<T>
    {
        for (; rows >= 6; rows -= 6, a += 6 * aStride, c += 6 * cStride)
            for (var lane = 0; lane < lanes; lane += 16)
                Rows6<T>(a, aStride, b + lane, bStride, c + lane, cStride, k);
        for (; rows >= 2; rows -= 2, a += 2 * aStride, c += 2 * cStride)
            for (var lane = 0; lane < lanes; lane += 16)
                Rows2<T>(a, aStride, b + lane, bStride, c + lane, cStride, k);
        for (var lane = 0; lane < lanes && rows > 0; lane += 16)
            Row1<T>(a, b + lane, bStride, c + lane, k);
    }

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
            T b0 = T.Load(b), b1 = T.Load(b + 16), b2 = T.Load(b + 32);
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
    static void Rows2x3<T, TFrom>(float* a, nint aStride, float* b, nint bStride, float* c, nint cStride, int k) where T : struct, ILanes<T>
    {
        float* a1 = a + aStride, c1 = c + cStride;
        T c00 = T.Load(c), c01 = T.Load(c + 16), c02 = T.Load(c + 32), c10 = T.Load(c1), c11 = T.Load(c1 + 16), c12 = T.Load(c1 + 32);
        for (nint i = 0; i < k; i++, b += bStride)
        {
            Ahead<TFrom>(b);
            T b0 = T.Load(b), b1 = T.Load(b + 16), b2 = T.Load(b + 32), v = T.Broadcast(a[i]), v1 = T.Broadcast(a1[i]);
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
            (c0, c1, c2) = (T.MultiplyAdd(v, T.Load(b), c0), T.MultiplyAdd(v, T.Load(b + 16), c1), T.MultiplyAdd(v, T.Load(b + 32), c2));
        }
        Store3(c, c0, c1, c2);
    }

    [MethodImpl(Simd.Hot)]
    static void Row1x4<T>(float* a, float* b, nint bStride, float* c, int k) where T : struct, ILanes<T>
    {
        T c0 = T.Load(c), c1 = T.Load(c + 16), c2 = T.Load(c + 32), c3 = T.Load(c + 48);
        for (nint i = 0; i < k; i++, b += bStride)
        {
            var v = T.Broadcast(a[i]);
            (c0, c1) = (T.MultiplyAdd(v, T.Load(b), c0), T.MultiplyAdd(v, T.Load(b + 16), c1));
            (c2, c3) = (T.MultiplyAdd(v, T.Load(b + 32), c2), T.MultiplyAdd(v, T.Load(b + 48), c3));
        }
        Store3(c, c0, c1, c2);
        c3.Store(c + 48);
    }

    // In 256-bit vectors: 12 accumulators, 2 of b and one of a, of 16 registers.
    [MethodImpl(Simd.Hot)]
    static void Rows6<T>(float* a, nint aStride, float* b, nint bStride, float* c, nint cStride, int k) where T : struct, ILanes<T>
    {
        float* a1 = a + aStride, a2 = a1 + aStride, a3 = a2 + aStride, a4 = a3 + aStride, a5 = a4 + aStride;
        float* c1 = c + cStride, c2 = c1 + cStride, c3 = c2 + cStride, c4 = c3 + cStride, c5 = c4 + cStride;
        T s0 = T.Load(c), s1 = T.Load(c1), s2 = T.Load(c2), s3 = T.Load(c3), s4 = T.Load(c4), s5 = T.Load(c5);
        for (nint i = 0; i < k; i++, b += bStride)
        {
            var v = T.Load(b);
            s0 = T.MultiplyAdd(T.Broadcast(a[i]), v, s0);
            s1 = T.MultiplyAdd(T.Broadcast(a1[i]), v, s1);
            s2 = T.MultiplyAdd(T.Broadcast(a2[i]), v, s2);
            s3 = T.MultiplyAdd(T.Broadcast(a3[i]), v, s3);
            s4 = T.MultiplyAdd(T.Broadcast(a4[i]), v, s4);
            s5 = T.MultiplyAdd(T.Broadcast(a5[i]), v, s5);
        }
        s0.Store(c);
        s1.Store(c1);
        s2.Store(c2);
        s3.Store(c3);
        s4.Store(c4);
        s5.Store(c5);
    }

    [MethodImpl(Simd.Hot)]
    static void Rows2<T>(float* a, nint aStride, float* b, nint bStride, float* c, nint cStride, int k) where T : struct, ILanes<T>
    {
        float* a1 = a + aStride, c1 = c + cStride;
        T s0 = T.Load(c), s1 = T.Load(c1);
        for (nint i = 0; i < k; i++, b += bStride)
        {
            var v = T.Load(b);
            s0 = T.MultiplyAdd(T.Broadcast(a[i]), v, s0);
            s1 = T.MultiplyAdd(T.Broadcast(a1[i]), v, s1);
        }
        s0.Store(c);
        s1.Store(c1);
    }

    [MethodImpl(Simd.Hot)]
    static void Row1<T>(float* a, float* b, nint bStride, float* c, int k) where T : struct, ILanes<T>
    {
        var s = T.Load(c);
        for (nint i = 0; i < k; i++, b += bStride)
            s = T.MultiplyAdd(T.Broadcast(a[i]), T.Load(b), s);
        s.Store(c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store3<T>(float* to, T a, T b, T c) where T : struct, ILanes<T>
    {
        a.Store(to);
        b.Store(to + 16);
        c.Store(to + 32);
    }
}
