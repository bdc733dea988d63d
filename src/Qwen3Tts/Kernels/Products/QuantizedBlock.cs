using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Qwen3Tts.Kernels;

/// <summary>
/// The product of some rows of a quantised matrix with eight tokens. A group of weights is unpacked into registers and meets all tokens.
/// The running sums of the even groups are computed for all rows, then those of the odd groups: that halves both the registers for sums
/// and the part of the tokens that has to stay in the first-level cache.
/// </summary>
static unsafe class QuantizedBlock<TFormat> where TFormat : struct, IGroupFormat
{
    /// <summary>Rows of a block.</summary>
    public const int Rows = 16;

    const int Group = Quantization.Group, Tokens = QuantizedTokens.Together, Lanes = 16;

    [ThreadStatic] static float[]? _sums, _scales;

    /// <param name="product">Where the results go.</param>
    /// <param name="row">Number of the first row.</param>
    /// <param name="rows">Number of rows, up to <see cref="Rows"/>.</param>
    /// <param name="token">Number of the first token.</param>
    /// <param name="w">The first row.</param>
    /// <param name="wScales">Its scales.</param>
    /// <param name="x">Eight tokens: [groups, 8, 64].</param>
    /// <param name="xScales">Their scales: [groups, 8].</param>
    [MethodImpl(Simd.Hot)]
    public static void Multiply<T>(in Product product, int row, int rows, int token, byte* w, ushort* wScales, short* x, float* xScales)
        where T : struct, ILanes<T>
    {
        nint groups = product.Columns / Group;
        var sums = Scratch.Floats(ref _sums, Rows * Tokens * Lanes); // [Rows, Tokens, Lanes]
        var scales = Scratch.Floats(ref _scales, (int)(groups + 1) * Tokens); // [2, groups / 2, Tokens]
        for (var odd = 0; odd < Math.Min(2, groups); odd++)
            for (var r = 0; r < rows; r += 2)
            {
                var second = r + 1 < rows ? groups : 0; // the last row may be alone; it is computed twice
                var first = r * groups + odd;
                nint even = (groups + 1) / 2, before = odd * even, count = odd == 0 ? even : groups / 2;
                Combine(wScales + first, second, xScales + before * Tokens, scales, count);
                var to = sums + r * Tokens * Lanes;
                if (typeof(T) == typeof(Lanes512))
                    TwoRows<T>(w + first * TFormat.Bytes, second * TFormat.Bytes, x + before * Tokens * Group, scales, count, to, odd == 1);
                else
                    for (var i = 0; i < 4; i++)
                        FourTokens<T>(w + (first + i / 2 * second) * TFormat.Bytes, x + (before * Tokens + i % 2 * 4) * Group,
                            scales + i / 2 * count * Tokens + i % 2 * 4, count, to + i * 4 * Lanes, odd == 1);
            }
        Put<T>(product, row, rows, token, sums);
    }

    // The scales of every second group of two rows times those of the tokens. out: to [2, count, 8].
    [MethodImpl(Simd.Hot)]
    static void Combine(ushort* scales, nint second, float* xScales, float* to, nint count)
    {
        for (nint g = 0; g < count; g++)
        {
            var x = Vector256.Load(xScales + Tokens * g);
            (Vector256.Create(BFloat16.Widen(scales[2 * g])) * x).Store(to + Tokens * g);
            (Vector256.Create(BFloat16.Widen(scales[2 * g + second])) * x).Store(to + Tokens * (g + count));
        }
    }

    [MethodImpl(Simd.Hot)]
    static void Put<T>(in Product product, int row, int rows, int token, float* sums) where T : struct, ILanes<T>
    {
        const int Next = Tokens * Lanes;
        var tokens = Math.Min(Tokens, product.Count - token);
        for (var r = 0; r < rows; r += 4)
            for (var t = 0; t < tokens; t++)
            {
                var at = sums + (r * Tokens + t) * Lanes;
                product.Put(token + t, row + r, Math.Min(4, rows - r),
                    T.Sums(T.Load(at), T.Load(at + Next), T.Load(at + 2 * Next), T.Load(at + 3 * Next)));
            }
    }

    // Every second group of two rows with eight tokens. 16 sums and four of w: 20 of the 32 registers.
    [MethodImpl(Simd.Hot)]
    static void TwoRows<T>(byte* w, nint wStride, short* x, float* scales, nint count, float* sums, bool add)
        where T : struct, ILanes<T>
    {
        T a0 = T.Broadcast(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        T b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0, b6 = a0, b7 = a0;
        var next = scales + count * Tokens;
        for (; count > 0; count--, w += 2 * TFormat.Bytes, x += Tokens * Group, scales += Tokens, next += Tokens)
        {
            T u = TFormat.First<T>(w), u1 = TFormat.Second<T>(w), v = TFormat.First<T>(w + wStride), v1 = TFormat.Second<T>(w + wStride);
            if (!add)
            {
                Ahead(w);
                Ahead(w + wStride);
            }
            a0 = T.MultiplyAdd(T.DotInt16(u, u1, x), T.Broadcast(scales[0]), a0);
            b0 = T.MultiplyAdd(T.DotInt16(v, v1, x), T.Broadcast(next[0]), b0);
            a1 = T.MultiplyAdd(T.DotInt16(u, u1, x + Group), T.Broadcast(scales[1]), a1);
            b1 = T.MultiplyAdd(T.DotInt16(v, v1, x + Group), T.Broadcast(next[1]), b1);
            a2 = T.MultiplyAdd(T.DotInt16(u, u1, x + 2 * Group), T.Broadcast(scales[2]), a2);
            b2 = T.MultiplyAdd(T.DotInt16(v, v1, x + 2 * Group), T.Broadcast(next[2]), b2);
            a3 = T.MultiplyAdd(T.DotInt16(u, u1, x + 3 * Group), T.Broadcast(scales[3]), a3);
            b3 = T.MultiplyAdd(T.DotInt16(v, v1, x + 3 * Group), T.Broadcast(next[3]), b3);
            a4 = T.MultiplyAdd(T.DotInt16(u, u1, x + 4 * Group), T.Broadcast(scales[4]), a4);
            b4 = T.MultiplyAdd(T.DotInt16(v, v1, x + 4 * Group), T.Broadcast(next[4]), b4);
            a5 = T.MultiplyAdd(T.DotInt16(u, u1, x + 5 * Group), T.Broadcast(scales[5]), a5);
            b5 = T.MultiplyAdd(T.DotInt16(v, v1, x + 5 * Group), T.Broadcast(next[5]), b5);
            a6 = T.MultiplyAdd(T.DotInt16(u, u1, x + 6 * Group), T.Broadcast(scales[6]), a6);
            b6 = T.MultiplyAdd(T.DotInt16(v, v1, x + 6 * Group), T.Broadcast(next[6]), b6);
            a7 = T.MultiplyAdd(T.DotInt16(u, u1, x + 7 * Group), T.Broadcast(scales[7]), a7);
            b7 = T.MultiplyAdd(T.DotInt16(v, v1, x + 7 * Group), T.Broadcast(next[7]), b7);
        }
        Store4(sums, a0, a1, a2, a3, add);
        Store4(sums + 4 * Lanes, a4, a5, a6, a7, add);
        Store4(sums + 8 * Lanes, b0, b1, b2, b3, add);
        Store4(sums + 12 * Lanes, b4, b5, b6, b7, add);
    }

    // Every second group of a row with four tokens. In 256-bit vectors: eight for the sums and four of w, of 16 registers.
    [MethodImpl(Simd.Hot)]
    static void FourTokens<T>(byte* w, short* x, float* scales, nint count, float* sums, bool add) where T : struct, ILanes<T>
    {
        T a0 = T.Broadcast(0), a1 = a0, a2 = a0, a3 = a0;
        for (; count > 0; count--, w += 2 * TFormat.Bytes, x += Tokens * Group, scales += Tokens)
        {
            T u = TFormat.First<T>(w), u1 = TFormat.Second<T>(w);
            if (!add)
                Ahead(w);
            a0 = T.MultiplyAdd(T.DotInt16(u, u1, x), T.Broadcast(scales[0]), a0);
            a1 = T.MultiplyAdd(T.DotInt16(u, u1, x + Group), T.Broadcast(scales[1]), a1);
            a2 = T.MultiplyAdd(T.DotInt16(u, u1, x + 2 * Group), T.Broadcast(scales[2]), a2);
            a3 = T.MultiplyAdd(T.DotInt16(u, u1, x + 3 * Group), T.Broadcast(scales[3]), a3);
        }
        Store4(sums, a0, a1, a2, a3, add);
    }

    // An even group and the odd one after it: the odd groups' turn comes when these are in the cache.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Ahead(byte* w)
    {
        Prefetch.Ahead(w);
        if (TFormat.Bytes > 32) // two groups are two cache lines
            Prefetch.Ahead(w + TFormat.Bytes);
    }

    // The sums of the odd groups are added to those of the even ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store4<T>(float* to, T a, T b, T c, T d, bool add) where T : struct, ILanes<T>
    {
        if (add)
            (a, b, c, d) = (T.Load(to) + a, T.Load(to + Lanes) + b, T.Load(to + 2 * Lanes) + c, T.Load(to + 3 * Lanes) + d);
        a.Store(to);
        b.Store(to + Lanes);
        c.Store(to + 2 * Lanes);
        d.Store(to + 3 * Lanes);
    }
}
