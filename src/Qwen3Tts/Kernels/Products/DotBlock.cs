using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>
/// Dot products of rows with rows: the inner loop of the matrix product and of attention's scores. Column c of every product goes into lane
/// c mod 32 of a running sum, fused, in the order of c; the lanes are folded by halves at the end. This holds for one row as for a
/// thousand, so a token alone and a token in a batch come out the same. Columns are a multiple of 32 here: callers pad with zeros.
/// </summary>
static unsafe class DotBlock
{
    /// <summary>Lanes of a running sum.</summary>
    public const int Lanes = 32;

    /// <summary>Most rows of w in one block: the height of a tile.</summary>
    public const int Rows = 4;

    /// <summary>
    /// Most rows of x in one block: a stretch of them is half a megabyte, which the second-level cache holds beside the running sums.
    /// </summary>
    public const int Count = 120;

    /// <summary>Floats that the running sums of a full block need.</summary>
    public const int Sums = Count * Rows * Lanes;

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

    /// <summary>
    /// Adds a stretch of columns of w [rows, columns] and x [count, columns] to the running sums [count][Rows][Lanes], which begin at zero
    /// where <paramref name="fresh"/>. Meanwhile it asks for the memory that is needed next.
    /// </summary>
    [MethodImpl(Simd.Hot)]
    public static void Accumulate<T>(float* w, nint wStride, int rows, float* x, nint xStride, int count, int columns, float* sums,
        bool fresh, Prefetch.Later next = default) where T : struct, ILanes<T>
    {
        var lines = next.Lines / Math.Max(1, count / 3) + 1;
        for (; count >= 3; count -= 3, x += 3 * xStride, sums += 3 * Rows * Lanes)
        {
            next.Ask(lines);
            var r = 0;
            if (typeof(T) == typeof(Lanes512))
                for (; r + 4 <= rows; r += 4)
                    Tile4x3<T>(w + r * wStride, wStride, x, xStride, columns, sums + r * Lanes, fresh);
            else
                for (; r + 2 <= rows; r += 2)
                    for (var half = 0; half < Lanes; half += 16)
                        Half2x3<T>(w + r * wStride + half, wStride, x + half, xStride, columns, sums + r * Lanes + half, fresh);
            for (; r < rows; r++)
                Tile1x3<T>(w + r * wStride, x, xStride, columns, sums + r * Lanes, fresh);
        }
        for (; count > 0; count--, x += xStride, sums += Rows * Lanes)
            for (var r = 0; r < rows; r++)
                Tile1x1<T>(w + r * wStride, x, columns, sums + r * Lanes, fresh);
    }

    /// <summary>The result of one running sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Fold<T>(float* sums) where T : struct, ILanes<T> => (T.Load(sums) + T.Load(sums + 16)).Sum();

    // 24 accumulators, 3 of x and one of w: 28 of the 32 registers; 14 loads for 24 products.
    [MethodImpl(Simd.Hot)]
    static void Tile4x3<T>(float* w, nint wStride, float* x, nint xStride, int columns, float* sums, bool fresh) where T : struct, ILanes<T>
    {
        const int Next = Rows * Lanes;
        float* w1 = w + wStride, w2 = w1 + wStride, w3 = w2 + wStride, x1 = x + xStride, x2 = x1 + xStride, s1 = sums + Next,
            s2 = s1 + Next;
        T a00 = Begin<T>(sums, fresh), b00 = Begin<T>(sums + 16, fresh), a01 = Begin<T>(s1, fresh), b01 = Begin<T>(s1 + 16, fresh),
            a02 = Begin<T>(s2, fresh), b02 = Begin<T>(s2 + 16, fresh);
        T a10 = Begin<T>(sums + 32, fresh), b10 = Begin<T>(sums + 48, fresh), a11 = Begin<T>(s1 + 32, fresh),
            b11 = Begin<T>(s1 + 48, fresh), a12 = Begin<T>(s2 + 32, fresh), b12 = Begin<T>(s2 + 48, fresh);
        T a20 = Begin<T>(sums + 64, fresh), b20 = Begin<T>(sums + 80, fresh), a21 = Begin<T>(s1 + 64, fresh),
            b21 = Begin<T>(s1 + 80, fresh), a22 = Begin<T>(s2 + 64, fresh), b22 = Begin<T>(s2 + 80, fresh);
        T a30 = Begin<T>(sums + 96, fresh), b30 = Begin<T>(sums + 112, fresh), a31 = Begin<T>(s1 + 96, fresh),
            b31 = Begin<T>(s1 + 112, fresh), a32 = Begin<T>(s2 + 96, fresh), b32 = Begin<T>(s2 + 112, fresh);
        for (nint i = 0; i < columns; i += 32)
        {
            T p0 = T.Load(x + i), p1 = T.Load(x1 + i), p2 = T.Load(x2 + i), v = T.Load(w + i);
            (a00, a01, a02) = (T.MultiplyAdd(v, p0, a00), T.MultiplyAdd(v, p1, a01), T.MultiplyAdd(v, p2, a02));
            v = T.Load(w1 + i);
            (a10, a11, a12) = (T.MultiplyAdd(v, p0, a10), T.MultiplyAdd(v, p1, a11), T.MultiplyAdd(v, p2, a12));
            v = T.Load(w2 + i);
            (a20, a21, a22) = (T.MultiplyAdd(v, p0, a20), T.MultiplyAdd(v, p1, a21), T.MultiplyAdd(v, p2, a22));
            v = T.Load(w3 + i);
            (a30, a31, a32) = (T.MultiplyAdd(v, p0, a30), T.MultiplyAdd(v, p1, a31), T.MultiplyAdd(v, p2, a32));
            (p0, p1, p2, v) = (T.Load(x + i + 16), T.Load(x1 + i + 16), T.Load(x2 + i + 16), T.Load(w + i + 16));
            (b00, b01, b02) = (T.MultiplyAdd(v, p0, b00), T.MultiplyAdd(v, p1, b01), T.MultiplyAdd(v, p2, b02));
            v = T.Load(w1 + i + 16);
            (b10, b11, b12) = (T.MultiplyAdd(v, p0, b10), T.MultiplyAdd(v, p1, b11), T.MultiplyAdd(v, p2, b12));
            v = T.Load(w2 + i + 16);
            (b20, b21, b22) = (T.MultiplyAdd(v, p0, b20), T.MultiplyAdd(v, p1, b21), T.MultiplyAdd(v, p2, b22));
            v = T.Load(w3 + i + 16);
            (b30, b31, b32) = (T.MultiplyAdd(v, p0, b30), T.MultiplyAdd(v, p1, b31), T.MultiplyAdd(v, p2, b32));
        }
        Store4(sums, a00, b00, a10, b10);
        Store4(sums + 64, a20, b20, a30, b30);
        Store4(s1, a01, b01, a11, b11);
        Store4(s1 + 64, a21, b21, a31, b31);
        Store4(s2, a02, b02, a12, b12);
        Store4(s2 + 64, a22, b22, a32, b32);
    }

    // Sixteen of the 32 lanes, the two halves one after the other. In 256-bit vectors: 12 accumulators, 2 of w and 2 of x, of 16 registers;
    // 10 loads for 12 products, where all lanes at once would need 16 loads for 12.
    [MethodImpl(Simd.Hot)]
    static void Half2x3<T>(float* w, nint wStride, float* x, nint xStride, int columns, float* sums, bool fresh) where T : struct, ILanes<T>
    {
        float* w1 = w + wStride, x1 = x + xStride, x2 = x1 + xStride, s1 = sums + Rows * Lanes, s2 = s1 + Rows * Lanes;
        T a0 = Begin<T>(sums, fresh), b0 = Begin<T>(sums + Lanes, fresh), a1 = Begin<T>(s1, fresh), b1 = Begin<T>(s1 + Lanes, fresh),
            a2 = Begin<T>(s2, fresh), b2 = Begin<T>(s2 + Lanes, fresh);
        for (nint i = 0; i < columns; i += Lanes)
        {
            T v = T.Load(w + i), v1 = T.Load(w1 + i), p = T.Load(x + i);
            (a0, b0) = (T.MultiplyAdd(v, p, a0), T.MultiplyAdd(v1, p, b0));
            p = T.Load(x1 + i);
            (a1, b1) = (T.MultiplyAdd(v, p, a1), T.MultiplyAdd(v1, p, b1));
            p = T.Load(x2 + i);
            (a2, b2) = (T.MultiplyAdd(v, p, a2), T.MultiplyAdd(v1, p, b2));
        }
        a0.Store(sums);
        b0.Store(sums + Lanes);
        a1.Store(s1);
        b1.Store(s1 + Lanes);
        a2.Store(s2);
        b2.Store(s2 + Lanes);
    }

    // In 256-bit vectors: 12 accumulators and 4 of w, of 16 registers; x comes from memory operands.
    [MethodImpl(Simd.Hot)]
    static void Tile1x3<T>(float* w, float* x, nint xStride, int columns, float* sums, bool fresh) where T : struct, ILanes<T>
    {
        float* x1 = x + xStride, x2 = x1 + xStride, s1 = sums + Rows * Lanes, s2 = s1 + Rows * Lanes;
        T a0 = Begin<T>(sums, fresh), b0 = Begin<T>(sums + 16, fresh), a1 = Begin<T>(s1, fresh), b1 = Begin<T>(s1 + 16, fresh),
            a2 = Begin<T>(s2, fresh), b2 = Begin<T>(s2 + 16, fresh);
        for (nint i = 0; i < columns; i += 32)
        {
            var v = T.Load(w + i);
            (a0, a1, a2) = (T.MultiplyAdd(v, T.Load(x + i), a0), T.MultiplyAdd(v, T.Load(x1 + i), a1),
                T.MultiplyAdd(v, T.Load(x2 + i), a2));
            v = T.Load(w + i + 16);
            (b0, b1, b2) = (T.MultiplyAdd(v, T.Load(x + i + 16), b0), T.MultiplyAdd(v, T.Load(x1 + i + 16), b1),
                T.MultiplyAdd(v, T.Load(x2 + i + 16), b2));
        }
        a0.Store(sums);
        b0.Store(sums + 16);
        a1.Store(s1);
        b1.Store(s1 + 16);
        a2.Store(s2);
        b2.Store(s2 + 16);
    }

    [MethodImpl(Simd.Hot)]
    static void Tile1x1<T>(float* w, float* x, int columns, float* sums, bool fresh) where T : struct, ILanes<T>
    {
        T a = Begin<T>(sums, fresh), b = Begin<T>(sums + 16, fresh);
        for (nint i = 0; i < columns; i += 32)
        {
            a = T.MultiplyAdd(T.Load(w + i), T.Load(x + i), a);
            b = T.MultiplyAdd(T.Load(w + i + 16), T.Load(x + i + 16), b);
        }
        a.Store(sums);
        b.Store(sums + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T Begin<T>(float* sums, bool fresh) where T : struct, ILanes<T> => fresh ? T.Broadcast(0) : T.Load(sums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T Load<T, TWeight>(TWeight* w) where T : struct, ILanes<T> where TWeight : unmanaged =>
        typeof(TWeight) == typeof(ushort) ? T.LoadBFloat16((ushort*)w) : T.Load((float*)w);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store4<T>(float* to, T a, T b, T c, T d) where T : struct, ILanes<T>
    {
        a.Store(to);
        b.Store(to + 16);
        c.Store(to + 32);
        d.Store(to + 48);
    }
}
