using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>
/// The inner loop of convolution and of the weighted sum of values: c[r, lane] += sum over k of a[r, k] * b[k, lane], with c in registers.
/// Each element is one chain of fused steps in the order of k, so neither the shape of the tile nor where k was split changes a result.
/// </summary>
static unsafe partial class OuterTile
{
    /// <summary>Floats in a panel of b: three times sixteen lanes, the width at which AVX-512 reaches its peak.</summary>
    public const int Panel = 48;

    /// <summary>c [rows, lanes] += a [rows, k] * b [k, lanes], lanes a multiple of 16; the strides are in floats.</summary>
    [MethodImpl(Simd.Hot)]
    public static void Run<T>(float* a, nint aStride, float* b, nint bStride, float* c, nint cStride, int k, int rows, int lanes) where T
        : struct, ILanes<T>
    {
        for (; lanes >= 64 && rows <= 2; lanes -= 64, b += 64, c += 64) // so few rows are bound by memory: wide pieces of b
            for (var r = 0; r < rows; r++)
                Row1x4<T>(a + r * aStride, b, bStride, c + r * cStride, k);
        for (; lanes > 0; lanes -= Panel, b += Panel, c += Panel)
            if (lanes >= Panel && (typeof(T) == typeof(Lanes512) || bStride == Panel && rows <= FewRows<T>()))
                Panels<T>(a, aStride, b, bStride, c, cStride, k, rows);
            else if (lanes >= Panel && bStride == Panel)
            {
                var first = FirstRows<T, Weights>(a, aStride, b, bStride, c, cStride, k, rows);
                Sixteens<T>(a + first * aStride, aStride, b, bStride, c + first * cStride, cStride, k, rows - first, Panel);
            }
            else
                Sixteens<T>(a, aStride, b, bStride, c, cStride, k, rows, Math.Min(lanes, Panel));
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
