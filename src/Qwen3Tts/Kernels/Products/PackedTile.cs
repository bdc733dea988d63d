using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Qwen3Tts.Kernels;

/// <summary>
/// Eight rows of weights times three tokens, both packed: what is multiplied together lies together. Sums are those of
/// <see cref="DotBlock"/>: column c in lane c mod 32, fused, in the order of c. The two halves of the lanes are packed and multiplied one
/// after the other: so a tile needs half the memory of the first-level cache, which two threads of a core share.
/// </summary>
static unsafe class PackedTile
{
    public const int Rows = 8, Tokens = 3;

    /// <summary>Floats of the running sums of a tile: for each half [Tokens][Rows][16].</summary>
    public const int Sums = Tokens * Rows * DotBlock.Lanes;

    const int Half = DotBlock.Lanes / 2;

    /// <summary>Tokens, rounded up to whole tiles.</summary>
    public static int WholeTiles(int tokens) => (tokens + Tokens - 1) / Tokens * Tokens;

    /// <summary>
    /// Packs one tile of tokens: x [count, columns], rows <paramref name="stride"/> apart, zeros for what is missing. out: to, for each
    /// half [columns / 32, rounded up][Tokens][16].
    /// </summary>
    public static void PackTokens(float* x, nint stride, int count, int columns, float* to)
    {
        var steps = (columns + DotBlock.Lanes - 1) / DotBlock.Lanes;
        var second = steps * Tokens * Half;
        for (var t = 0; t < Tokens; t++, x += stride, to += Half)
            for (var s = 0; s < steps; s++)
            {
                var real = t < count ? columns - s * DotBlock.Lanes : 0;
                Copy(x + s * DotBlock.Lanes, real, to + s * Tokens * Half);
                Copy(x + s * DotBlock.Lanes + Half, real - Half, to + second + s * Tokens * Half);
            }
    }

    /// <summary>
    /// Packs one half of the lanes of eight rows: w [rows, columns], rows <paramref name="stride"/> apart, float32 or BF16, zeros for what
    /// is missing. out: to [columns / 32, rounded up][Rows][16].
    /// </summary>
    [MethodImpl(Simd.Hot)]
    public static void PackRows<T, TWeight>(TWeight* w, nint stride, int rows, int columns, int half, float* to) where T
        : struct, ILanes<T> where TWeight : unmanaged
    {
        w += half * Half;
        columns -= half * Half;
        for (var r = 0; r < Rows; r++, w += stride, to += Half)
        {
            var at = to;
            var c = 0;
            for (var last = r < rows ? columns - Half : -1; c <= last; c += DotBlock.Lanes, at += Rows * Half)
                DotBlock.Load<T, TWeight>(w + c).Store(at);
            for (; c < columns + half * Half; c += DotBlock.Lanes, at += Rows * Half)
                for (var i = 0; i < Half; i++)
                    at[i] = r >= rows || c + i >= columns ? 0 : typeof(TWeight) == typeof(ushort) ? BFloat16.Widen(((ushort*)w)[c + i])
                        : ((float*)w)[c + i];
        }
    }

    /// <summary>
    /// Adds the products of one half of the lanes: w [steps][Rows][16] and x [steps][Tokens][16] to sums [Tokens][Rows][16], which begin at
    /// zero where <paramref name="fresh"/>.
    /// </summary>
    [MethodImpl(Simd.Hot)]
    public static void Multiply<T>(float* w, float* x, int steps, float* sums, bool fresh) where T : struct, ILanes<T>
    {
        if (typeof(T) == typeof(Lanes512))
            All<T>(w, x, steps, sums, fresh);
        else
            for (var r = 0; r < Rows; r += 2)
                TwoRows<T>(w + r * Half, x, steps, sums + r * Half, fresh);
    }

    /// <summary>Puts what a tile came to in its place, for the real ones of its rows and tokens.</summary>
    [MethodImpl(Simd.Hot)]
    public static void Put<T>(in Product product, int token, int tokens, int row, int rows, float* sums) where T : struct, ILanes<T>
    {
        for (var t = token; t < token + tokens; t++)
            for (var r = row; r < row + Rows; r += 4, sums += 4 * Half)
                if (r < row + rows)
                    product.Put(t, r, Math.Min(4, row + rows - r),
                        T.Sums(Sum<T>(sums), Sum<T>(sums + Half), Sum<T>(sums + 2 * Half), Sum<T>(sums + 3 * Half)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T Sum<T>(float* sums) where T : struct, ILanes<T> => T.Load(sums) + T.Load(sums + Sums / 2);

    // 24 sums, three of x and one of w: 28 of the 32 registers; 11 loads for 24 products.
    [MethodImpl(Simd.Hot)]
    static void All<T>(float* w, float* x, int steps, float* sums, bool fresh) where T : struct, ILanes<T>
    {
        float* second = sums + Rows * Half, third = second + Rows * Half;
        T a0 = Begin<T>(sums, fresh), a1 = Begin<T>(sums + 16, fresh), a2 = Begin<T>(sums + 32, fresh), a3 = Begin<T>(sums + 48, fresh),
            a4 = Begin<T>(sums + 64, fresh), a5 = Begin<T>(sums + 80, fresh), a6 = Begin<T>(sums + 96, fresh),
            a7 = Begin<T>(sums + 112, fresh);
        T b0 = Begin<T>(second, fresh), b1 = Begin<T>(second + 16, fresh), b2 = Begin<T>(second + 32, fresh),
            b3 = Begin<T>(second + 48, fresh), b4 = Begin<T>(second + 64, fresh), b5 = Begin<T>(second + 80, fresh),
            b6 = Begin<T>(second + 96, fresh), b7 = Begin<T>(second + 112, fresh);
        T c0 = Begin<T>(third, fresh), c1 = Begin<T>(third + 16, fresh), c2 = Begin<T>(third + 32, fresh),
            c3 = Begin<T>(third + 48, fresh), c4 = Begin<T>(third + 64, fresh), c5 = Begin<T>(third + 80, fresh),
            c6 = Begin<T>(third + 96, fresh), c7 = Begin<T>(third + 112, fresh);
        for (var end = x + (nint)steps * Tokens * Half; x < end; x += Tokens * Half, w += Rows * Half)
        {
            T p = T.Load(x), q = T.Load(x + 16), s = T.Load(x + 32), v = T.Load(w);
            (a0, b0, c0) = (T.MultiplyAdd(v, p, a0), T.MultiplyAdd(v, q, b0), T.MultiplyAdd(v, s, c0));
            v = T.Load(w + 16);
            (a1, b1, c1) = (T.MultiplyAdd(v, p, a1), T.MultiplyAdd(v, q, b1), T.MultiplyAdd(v, s, c1));
            v = T.Load(w + 32);
            (a2, b2, c2) = (T.MultiplyAdd(v, p, a2), T.MultiplyAdd(v, q, b2), T.MultiplyAdd(v, s, c2));
            v = T.Load(w + 48);
            (a3, b3, c3) = (T.MultiplyAdd(v, p, a3), T.MultiplyAdd(v, q, b3), T.MultiplyAdd(v, s, c3));
            v = T.Load(w + 64);
            (a4, b4, c4) = (T.MultiplyAdd(v, p, a4), T.MultiplyAdd(v, q, b4), T.MultiplyAdd(v, s, c4));
            v = T.Load(w + 80);
            (a5, b5, c5) = (T.MultiplyAdd(v, p, a5), T.MultiplyAdd(v, q, b5), T.MultiplyAdd(v, s, c5));
            v = T.Load(w + 96);
            (a6, b6, c6) = (T.MultiplyAdd(v, p, a6), T.MultiplyAdd(v, q, b6), T.MultiplyAdd(v, s, c6));
            v = T.Load(w + 112);
            (a7, b7, c7) = (T.MultiplyAdd(v, p, a7), T.MultiplyAdd(v, q, b7), T.MultiplyAdd(v, s, c7));
        }
        Store(sums, a0, a1, a2, a3);
        Store(sums + 64, a4, a5, a6, a7);
        Store(second, b0, b1, b2, b3);
        Store(second + 64, b4, b5, b6, b7);
        Store(third, c0, c1, c2, c3);
        Store(third + 64, c4, c5, c6, c7);
    }

    // In 256-bit vectors: 12 for the sums, two of w and two of x, of 16 registers; 10 loads for 12 products.
    [MethodImpl(Simd.Hot)]
    static void TwoRows<T>(float* w, float* x, int steps, float* sums, bool fresh) where T : struct, ILanes<T>
    {
        float* second = sums + Rows * Half, third = second + Rows * Half;
        T a0 = Begin<T>(sums, fresh), a1 = Begin<T>(sums + Half, fresh), b0 = Begin<T>(second, fresh), b1 = Begin<T>(second + Half, fresh),
            c0 = Begin<T>(third, fresh), c1 = Begin<T>(third + Half, fresh);
        for (var end = x + (nint)steps * Tokens * Half; x < end; x += Tokens * Half, w += Rows * Half)
        {
            T v0 = T.Load(w), v1 = T.Load(w + Half), p = T.Load(x);
            (a0, a1) = (T.MultiplyAdd(v0, p, a0), T.MultiplyAdd(v1, p, a1));
            p = T.Load(x + Half);
            (b0, b1) = (T.MultiplyAdd(v0, p, b0), T.MultiplyAdd(v1, p, b1));
            p = T.Load(x + 2 * Half);
            (c0, c1) = (T.MultiplyAdd(v0, p, c0), T.MultiplyAdd(v1, p, c1));
        }
        a0.Store(sums);
        a1.Store(sums + Half);
        b0.Store(second);
        b1.Store(second + Half);
        c0.Store(third);
        c1.Store(third + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T Begin<T>(float* sums, bool fresh) where T : struct, ILanes<T> => fresh ? T.Broadcast(0) : T.Load(sums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store<T>(float* to, T a, T b, T c, T d) where T : struct, ILanes<T>
    {
        a.Store(to);
        b.Store(to + 16);
        c.Store(to + 32);
        d.Store(to + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Copy(float* from, int real, float* to)
    {
        if (real >= Half)
            Vector512.Load(from).Store(to);
        else
            for (var i = 0; i < Half; i++)
                to[i] = i < real ? from[i] : 0;
    }
}
