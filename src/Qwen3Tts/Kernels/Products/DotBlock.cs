using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Qwen3Tts.Kernels;

/// <summary>
/// Dot products of rows with rows, for few tokens: the inner loop of the matrix product and of attention's scores. Column c of every
/// product goes into lane c mod 32 of a running sum, fused, in the order of c; the lanes are folded by halves at the end.
/// <see cref="PackedTile"/> keeps to it, so a token alone and a token in a batch come out the same. Columns are a multiple of 32 here:
/// callers pad with zeros.
/// </summary>
static unsafe class DotBlock
{
    /// <summary>Lanes of a running sum.</summary>
    public const int Lanes = 32;

    /// <summary>One row, float32 or BF16 weights, straight from memory.</summary>
    [MethodImpl(Simd.Hot)]
    public static float One<T, TWeight>(TWeight* w, float* x, int columns) where T : struct, ILanes<T> where TWeight : unmanaged
    {
        T a = T.Broadcast(0), b = a;
        for (var end = w + columns; w < end; w += 32, x += 32)
        {
            Prefetch.Ahead(w);
            if (sizeof(TWeight) > 2) // a cache line holds 32 numbers of BF16, and 16 of float32
                Prefetch.Ahead(w + 16);
            a = T.MultiplyAdd(Load<T, TWeight>(w), T.Load(x), a);
            b = T.MultiplyAdd(Load<T, TWeight>(w + 16), T.Load(x + 16), b);
        }
        return (a + b).Sum();
    }

    /// <summary>
    /// One row with eight tokens, straight from memory: a BF16 weight is widened once for all of them, and kept nowhere. out: sums [8].
    /// </summary>
    [MethodImpl(Simd.Hot)]
    public static void Eight<T, TWeight>(TWeight* w, float* x, nint xStride, int columns, float* sums) where T : struct, ILanes<T>
        where TWeight : unmanaged
    {
        float* x1 = x + xStride, x2 = x1 + xStride, x3 = x2 + xStride, x4 = x3 + xStride, x5 = x4 + xStride, x6 = x5 + xStride,
            x7 = x6 + xStride;
        T a0 = T.Broadcast(0), b0 = a0, a1 = a0, b1 = a0, a2 = a0, b2 = a0, a3 = a0, b3 = a0, a4 = a0, b4 = a0, a5 = a0, b5 = a0, a6 = a0,
            b6 = a0, a7 = a0, b7 = a0;
        for (nint i = 0; i < columns; i += Lanes)
        {
            Prefetch.Ahead(w + i);
            if (sizeof(TWeight) > 2)
                Prefetch.Ahead(w + i + 16);
            T v = Load<T, TWeight>(w + i), u = Load<T, TWeight>(w + i + 16);
            (a0, b0) = (T.MultiplyAdd(v, T.Load(x + i), a0), T.MultiplyAdd(u, T.Load(x + i + 16), b0));
            (a1, b1) = (T.MultiplyAdd(v, T.Load(x1 + i), a1), T.MultiplyAdd(u, T.Load(x1 + i + 16), b1));
            (a2, b2) = (T.MultiplyAdd(v, T.Load(x2 + i), a2), T.MultiplyAdd(u, T.Load(x2 + i + 16), b2));
            (a3, b3) = (T.MultiplyAdd(v, T.Load(x3 + i), a3), T.MultiplyAdd(u, T.Load(x3 + i + 16), b3));
            (a4, b4) = (T.MultiplyAdd(v, T.Load(x4 + i), a4), T.MultiplyAdd(u, T.Load(x4 + i + 16), b4));
            (a5, b5) = (T.MultiplyAdd(v, T.Load(x5 + i), a5), T.MultiplyAdd(u, T.Load(x5 + i + 16), b5));
            (a6, b6) = (T.MultiplyAdd(v, T.Load(x6 + i), a6), T.MultiplyAdd(u, T.Load(x6 + i + 16), b6));
            (a7, b7) = (T.MultiplyAdd(v, T.Load(x7 + i), a7), T.MultiplyAdd(u, T.Load(x7 + i + 16), b7));
        }
        (sums[0], sums[1], sums[2], sums[3]) = ((a0 + b0).Sum(), (a1 + b1).Sum(), (a2 + b2).Sum(), (a3 + b3).Sum());
        (sums[4], sums[5], sums[6], sums[7]) = ((a4 + b4).Sum(), (a5 + b5).Sum(), (a6 + b6).Sum(), (a7 + b7).Sum());
    }

    /// <summary>Rows of <see cref="ThreeWithEight"/>, and the floats of their running sums: two halves of the lanes, [3, 8, 16] each.
    /// </summary>
    public const int Three = 3, SumsOfThree = 2 * HalfOfThree;

    const int HalfOfThree = Three * 8 * 16;

    /// <summary>
    /// Some columns of three rows, with eight tokens: so many tokens fill a cache, and three rows read them once. Registers hold half the
    /// lanes; the second pass finds the weights in the cache. in: sums · out: sums · overwrites: sums.
    /// </summary>
    [MethodImpl(Simd.Hot)]
    public static void ThreeWithEight<T, TWeight>(TWeight* w, nint wStride, float* x, nint xStride, int columns, float* sums) where T
        : struct, ILanes<T> where TWeight : unmanaged
    {
        HalfWithEight<T, TWeight>(w, wStride, x, xStride, columns, sums, ahead: true);
        HalfWithEight<T, TWeight>(w + 16, wStride, x + 16, xStride, columns, sums + HalfOfThree, ahead: false);
    }

    /// <summary>Folds the lanes. out: results [3, 8].</summary>
    [MethodImpl(Simd.Hot)]
    public static void FoldThree<T>(float* sums, float* results) where T : struct, ILanes<T>
    {
        for (var i = 0; i < Three * 8; i += 4, sums += 4 * 16)
            T.Sums(T.Load(sums) + T.Load(sums + HalfOfThree), T.Load(sums + 16) + T.Load(sums + 16 + HalfOfThree),
                T.Load(sums + 32) + T.Load(sums + 32 + HalfOfThree), T.Load(sums + 48) + T.Load(sums + 48 + HalfOfThree))
                .Store(results + i);
    }

    // 16 of every 32 columns.
    [MethodImpl(Simd.Hot)]
    static void HalfWithEight<T, TWeight>(TWeight* w, nint wStride, float* x, nint xStride, int columns, float* sums, bool ahead)
        where T : struct, ILanes<T> where TWeight : unmanaged
    {
        float* x1 = x + xStride, x2 = x1 + xStride, x3 = x2 + xStride, x4 = x3 + xStride, x5 = x4 + xStride, x6 = x5 + xStride,
            x7 = x6 + xStride, second = sums + 128, third = sums + 256;
        TWeight* w1 = w + wStride, w2 = w1 + wStride;
        Load8(sums, out T a0, out T a1, out T a2, out T a3, out T a4, out T a5, out T a6, out T a7);
        Load8(second, out T b0, out T b1, out T b2, out T b3, out T b4, out T b5, out T b6, out T b7);
        Load8(third, out T c0, out T c1, out T c2, out T c3, out T c4, out T c5, out T c6, out T c7);
        for (nint i = 0; i < columns; i += Lanes)
        {
            if (ahead)
                AheadOfThree(w + i, wStride);
            T u = Load<T, TWeight>(w + i), v = Load<T, TWeight>(w1 + i), t = Load<T, TWeight>(w2 + i), s = T.Load(x + i);
            (a0, b0, c0) = (T.MultiplyAdd(u, s, a0), T.MultiplyAdd(v, s, b0), T.MultiplyAdd(t, s, c0));
            s = T.Load(x1 + i);
            (a1, b1, c1) = (T.MultiplyAdd(u, s, a1), T.MultiplyAdd(v, s, b1), T.MultiplyAdd(t, s, c1));
            s = T.Load(x2 + i);
            (a2, b2, c2) = (T.MultiplyAdd(u, s, a2), T.MultiplyAdd(v, s, b2), T.MultiplyAdd(t, s, c2));
            s = T.Load(x3 + i);
            (a3, b3, c3) = (T.MultiplyAdd(u, s, a3), T.MultiplyAdd(v, s, b3), T.MultiplyAdd(t, s, c3));
            s = T.Load(x4 + i);
            (a4, b4, c4) = (T.MultiplyAdd(u, s, a4), T.MultiplyAdd(v, s, b4), T.MultiplyAdd(t, s, c4));
            s = T.Load(x5 + i);
            (a5, b5, c5) = (T.MultiplyAdd(u, s, a5), T.MultiplyAdd(v, s, b5), T.MultiplyAdd(t, s, c5));
            s = T.Load(x6 + i);
            (a6, b6, c6) = (T.MultiplyAdd(u, s, a6), T.MultiplyAdd(v, s, b6), T.MultiplyAdd(t, s, c6));
            s = T.Load(x7 + i);
            (a7, b7, c7) = (T.MultiplyAdd(u, s, a7), T.MultiplyAdd(v, s, b7), T.MultiplyAdd(t, s, c7));
        }
        Store8(sums, a0, a1, a2, a3, a4, a5, a6, a7);
        Store8(second, b0, b1, b2, b3, b4, b5, b6, b7);
        Store8(third, c0, c1, c2, c3, c4, c5, c6, c7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Load8<T>(float* from, out T a, out T b, out T c, out T d, out T e, out T f, out T g, out T h) where T : struct, ILanes<T>
    {
        (a, b, c, d) = (T.Load(from), T.Load(from + 16), T.Load(from + 32), T.Load(from + 48));
        (e, f, g, h) = (T.Load(from + 64), T.Load(from + 80), T.Load(from + 96), T.Load(from + 112));
    }

    // The same place of the three rows that come next.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void AheadOfThree<TWeight>(TWeight* w, nint wStride) where TWeight : unmanaged
    {
        for (var row = Three; row < 2 * Three; row++)
        {
            Prefetch.At(w + row * wStride);
            if (sizeof(TWeight) > 2)
                Prefetch.At(w + row * wStride + 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store8<T>(float* to, T a, T b, T c, T d, T e, T f, T g, T h) where T : struct, ILanes<T>
    {
        a.Store(to);
        b.Store(to + 16);
        c.Store(to + 32);
        d.Store(to + 48);
        e.Store(to + 64);
        f.Store(to + 80);
        g.Store(to + 96);
        h.Store(to + 112);
    }

    /// <summary>Sixteen weights as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T, TWeight>(TWeight* w) where T : struct, ILanes<T> where TWeight : unmanaged =>
        typeof(TWeight) == typeof(ushort) ? T.LoadBFloat16((ushort*)w) : T.Load((float*)w);
}
