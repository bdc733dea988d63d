using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Qwen3Tts.Kernels;

/// <summary>
/// Five to eight tokens, three rows at a time, with AVX-512: the rows read the tokens, which fill the first-level cache, once for all. The
/// weights come straight from memory, and are widened once. Each product is added up in the order of <see cref="DotBlock"/>.
/// </summary>
static unsafe class EightTokens
{
    /// <summary>Rows of a step.</summary>
    public const int Three = 3;

    const int Stretch = 1024; // columns of eight tokens: 32 KB, the first-level cache
    const int Half = Three * 8 * 16, Sums = 2 * Half; // running sums: two halves of the lanes, [3, 8, 16] each

    [ThreadStatic] static float[]? _sums;

    /// <summary>Multiplies the rows, as far as there are three.</summary>
    /// <param name="product">The tokens, eight of them readable, at multiples of 64 bytes.</param>
    /// <param name="w">The first row.</param>
    /// <param name="first">Its number.</param>
    /// <param name="rows">Number of rows.</param>
    /// <returns>The number of rows that are done.</returns>
    [MethodImpl(Simd.Hot)]
    public static int Run<T, TWeight>(in Product product, TWeight* w, int first, int rows) where T : struct, ILanes<T>
        where TWeight : unmanaged
    {
        var threes = rows / Three;
        // Long tokens are taken in stretches, each with some rows before the next: their running sums wait in the second-level cache.
        var together = product.Columns <= Stretch ? 1 : 16;
        var sums = Scratch.Floats(ref _sums, together * Sums);
        for (var i = 0; i < threes; i += together)
        {
            var some = Math.Min(together, threes - i);
            for (var c = 0; c < product.Columns; c += Stretch)
                for (var j = 0; j < some; j++)
                    Multiply<T, TWeight>(w + (nint)(i + j) * Three * product.Columns + c, product.Columns, product.X + c, product.XStride,
                        Math.Min(Stretch, product.Columns - c), sums + j * Sums, zero: c == 0);
            for (var j = 0; j < some; j++)
                Put<T>(product, first + (i + j) * Three, sums + j * Sums);
        }
        return threes * Three;
    }

    [MethodImpl(Simd.Hot)]
    static void Put<T>(in Product product, int row, float* sums) where T : struct, ILanes<T>
    {
        var results = stackalloc float[Three * 8]; // [3, 8]
        for (var i = 0; i < Three * 8; i += 4, sums += 4 * 16)
            T.Sums(T.Load(sums) + T.Load(sums + Half), T.Load(sums + 16) + T.Load(sums + 16 + Half), T.Load(sums + 32)
                + T.Load(sums + 32 + Half), T.Load(sums + 48) + T.Load(sums + 48 + Half)).Store(results + i);
        for (var i = 0; i < Three; i++)
            for (var t = 0; t < product.Count; t++)
                product.Put(t, row + i, results[i * 8 + t]);
    }

    // Some columns. The registers hold half of the lanes; the second pass finds the weights in the cache.
    [MethodImpl(Simd.Hot)]
    static void Multiply<T, TWeight>(TWeight* w, nint wStride, float* x, nint xStride, int columns, float* sums, bool zero) where T
        : struct, ILanes<T> where TWeight : unmanaged
    {
        MultiplyHalf<T, TWeight>(w, wStride, x, xStride, columns, sums, zero, ahead: true);
        MultiplyHalf<T, TWeight>(w + 16, wStride, x + 16, xStride, columns, sums + Half, zero, ahead: false);
    }

    // 16 of every 32 columns.
    [MethodImpl(Simd.Hot)]
    static void MultiplyHalf<T, TWeight>(TWeight* w, nint wStride, float* x, nint xStride, int columns, float* sums, bool zero,
        bool ahead) where T : struct, ILanes<T> where TWeight : unmanaged
    {
        float* x1 = x + xStride, x2 = x1 + xStride, x3 = x2 + xStride, x4 = x3 + xStride, x5 = x4 + xStride, x6 = x5 + xStride,
            x7 = x6 + xStride, second = sums + 128, third = sums + 256;
        TWeight* w1 = w + wStride, w2 = w1 + wStride;
        T a0 = From<T>(sums, zero), a1 = From<T>(sums + 16, zero), a2 = From<T>(sums + 32, zero), a3 = From<T>(sums + 48, zero);
        T a4 = From<T>(sums + 64, zero), a5 = From<T>(sums + 80, zero), a6 = From<T>(sums + 96, zero), a7 = From<T>(sums + 112, zero);
        T b0 = From<T>(second, zero), b1 = From<T>(second + 16, zero), b2 = From<T>(second + 32, zero), b3 = From<T>(second + 48, zero);
        T b4 = From<T>(second + 64, zero), b5 = From<T>(second + 80, zero), b6 = From<T>(second + 96, zero);
        T b7 = From<T>(second + 112, zero);
        T c0 = From<T>(third, zero), c1 = From<T>(third + 16, zero), c2 = From<T>(third + 32, zero), c3 = From<T>(third + 48, zero);
        T c4 = From<T>(third + 64, zero), c5 = From<T>(third + 80, zero), c6 = From<T>(third + 96, zero), c7 = From<T>(third + 112, zero);
        for (nint i = 0; i < columns; i += DotBlock.Lanes)
        {
            if (ahead)
                Ahead(w + i, wStride);
            T u = DotBlock.Load<T, TWeight>(w + i), v = DotBlock.Load<T, TWeight>(w1 + i), t = DotBlock.Load<T, TWeight>(w2 + i);
            var s = T.Load(x + i);
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

    // Zeros that were stored just before would have to be waited for.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T From<T>(float* sums, bool zero) where T : struct, ILanes<T> => zero ? T.Broadcast(0) : T.Load(sums);

    // The same place of the three rows that come next.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Ahead<TWeight>(TWeight* w, nint wStride) where TWeight : unmanaged
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
}
