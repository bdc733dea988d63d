using System.Runtime.CompilerServices;

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

    /// <summary>Sixteen weights as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T, TWeight>(TWeight* w) where T : struct, ILanes<T> where TWeight : unmanaged =>
        typeof(TWeight) == typeof(ushort) ? T.LoadBFloat16((ushort*)w) : T.Load((float*)w);
}
