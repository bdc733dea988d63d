using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Qwen3Tts.Kernels;

/// <summary>
/// The product of a quantised matrix with tokens. Tokens are quantised, too: to 16 bits, with a scale for each 64 numbers. The error of
/// that is a hundredth of the error of int8 weights. The sum of a group is exact, because 64 · 127 · 32767 fits into 32 bits. Then it is
/// converted to float32 and added to one of two running sums of sixteen lanes: even groups to the first, odd groups to the second. The
/// result does not depend on the number of tokens, on threads or on the processor.
/// </summary>
static unsafe class QuantizedProduct<TFormat> where TFormat : struct, IGroupFormat
{
    const int Group = Quantization.Group;
    const int FewTokens = 4; // with so few tokens, unpacking a row again for each of them costs less than storing it unpacked
    const int TokensPerPart = 64; // their whole numbers stay in the second-level cache
    const int PartsPerThread = 6;
    const long WorthThreads = 1 << 15; // multiplications

    public static void Run(in Product product, byte* groups, ushort* scales, Workers workers)
    {
        var tokens = QuantizedTokens.Quantize(product, workers);
        var tokenParts = (product.Count + TokensPerPart - 1) / TokensPerPart;
        var rowParts = (long)product.Rows * product.Columns * product.Count < WorthThreads ? 1
            : Math.Min(product.Rows, Math.Max(1, workers.Threads * PartsPerThread / tokenParts));
        var job = new Job
        {
            Product = product,
            Groups = groups,
            Scales = scales,
            X = tokens.Whole,
            XScales = tokens.Scales,
            GroupsPerRow = product.Columns / Group,
            RowsPerPart = (product.Rows + rowParts - 1) / rowParts,
        };
        job.RowParts = (product.Rows + job.RowsPerPart - 1) / job.RowsPerPart;
        Simd.Run(ref job, job.RowParts * tokenParts, workers);
    }

    // The row as it lies, for each token.
    [MethodImpl(Simd.Hot)]
    static void Few<T>(in Job job, int first, int rows) where T : struct, ILanes<T>
    {
        nint perRow = job.GroupsPerRow;
        var both = QuantizedTokens.RowScales((int)perRow);
        var scales = job.Scales + first * perRow;
        var row = job.Groups + first * perRow * TFormat.Bytes;
        for (var r = first; r < first + rows; r++, row += perRow * TFormat.Bytes, scales += perRow)
            for (var t = 0; t < job.Product.Count; t++)
            {
                Combine<T>(scales, job.XScales + t * perRow, both, (int)perRow);
                job.Product.Put(t, r, RowDot<T>(row, job.X + t * perRow * Group, both, perRow));
            }
    }

    [MethodImpl(Simd.Hot)]
    static float RowDot<T>(byte* w, short* x, float* both, nint groups) where T : struct, ILanes<T>
    {
        T even = T.Broadcast(0), odd = even;
        for (; groups >= 2; groups -= 2, w += 2 * TFormat.Bytes, x += 2 * Group, both += 2)
        {
            Prefetch.Ahead(w);
            if (TFormat.Bytes > 32) // two groups are two cache lines
                Prefetch.Ahead(w + TFormat.Bytes);
            even = T.MultiplyAdd(TFormat.Dot<T>(w, x), T.Broadcast(both[0]), even);
            odd = T.MultiplyAdd(TFormat.Dot<T>(w + TFormat.Bytes, x + Group), T.Broadcast(both[1]), odd);
        }
        if (groups > 0)
            even = T.MultiplyAdd(TFormat.Dot<T>(w, x), T.Broadcast(both[0]), even);
        return (even + odd).Sum();
    }

    // Two rows unpacked once, for many tokens, two at a time: each number that is loaded is used twice.
    [MethodImpl(Simd.Hot)]
    static void Many<T>(in Job job, int first, int rows, int token, int count) where T : struct, ILanes<T>
    {
        nint perRow = job.GroupsPerRow, columns = job.Product.Columns;
        var both = QuantizedTokens.RowScales(4 * (int)perRow);
        var unpacked = QuantizedTokens.Rows(2 * (int)columns);
        var sums = stackalloc float[4];
        for (var (r, end) = (first, first + rows); r < end; r += 2)
        {
            var pair = Math.Min(2, end - r); // the last row may be alone; its place is computed and thrown away
            for (nint g = 0; g < pair * perRow; g++)
                TFormat.Unpack(job.Groups + (r * perRow + g) * TFormat.Bytes, unpacked + g * Group);
            var next = new Prefetch.Later(job.Groups + (r + pair) * perRow * TFormat.Bytes, 0, 2 * (int)perRow * TFormat.Bytes, 1);
            for (var (t, last) = (token, token + count); t < last; t += 2)
            {
                next.Ask(2 * next.Lines / count + 1);
                var tokens = Math.Min(2, last - t);
                for (var i = 0; i < 4; i++)
                    Combine<T>(job.Scales + (r + Math.Min(i / 2, pair - 1)) * perRow,
                        job.XScales + (t + Math.Min(i % 2, tokens - 1)) * perRow, both + i * perRow, (int)perRow);
                var x = job.X + t * columns;
                Tile<T>(unpacked, unpacked + columns, x, x + (tokens - 1) * columns, both, perRow, sums);
                for (var i = 0; i < pair; i++)
                    for (var k = 0; k < tokens; k++)
                        job.Product.Put(t + k, r + i, sums[2 * i + k]);
            }
        }
    }

    // Rows v, w and tokens x, y: v·x, v·y, w·x, w·y, each in the order of RowDot.
    [MethodImpl(Simd.Hot)]
    static void Tile<T>(short* v, short* w, short* x, short* y, float* both, nint groups, float* sums) where T : struct, ILanes<T>
    {
        T a = T.Broadcast(0), b = a, c = a, d = a, a1 = a, b1 = a, c1 = a, d1 = a;
        float* of1 = both + groups, of2 = of1 + groups, of3 = of2 + groups;
        nint g = 0;
        for (; g + 2 <= groups; g += 2, v += 2 * Group, w += 2 * Group, x += 2 * Group, y += 2 * Group)
        {
            a = T.MultiplyAdd(T.DotInt16(v, x), T.Broadcast(both[g]), a);
            b = T.MultiplyAdd(T.DotInt16(v, y), T.Broadcast(of1[g]), b);
            c = T.MultiplyAdd(T.DotInt16(w, x), T.Broadcast(of2[g]), c);
            d = T.MultiplyAdd(T.DotInt16(w, y), T.Broadcast(of3[g]), d);
            a1 = T.MultiplyAdd(T.DotInt16(v + Group, x + Group), T.Broadcast(both[g + 1]), a1);
            b1 = T.MultiplyAdd(T.DotInt16(v + Group, y + Group), T.Broadcast(of1[g + 1]), b1);
            c1 = T.MultiplyAdd(T.DotInt16(w + Group, x + Group), T.Broadcast(of2[g + 1]), c1);
            d1 = T.MultiplyAdd(T.DotInt16(w + Group, y + Group), T.Broadcast(of3[g + 1]), d1);
        }
        if (g < groups)
        {
            a = T.MultiplyAdd(T.DotInt16(v, x), T.Broadcast(both[g]), a);
            b = T.MultiplyAdd(T.DotInt16(v, y), T.Broadcast(of1[g]), b);
            c = T.MultiplyAdd(T.DotInt16(w, x), T.Broadcast(of2[g]), c);
            d = T.MultiplyAdd(T.DotInt16(w, y), T.Broadcast(of3[g]), d);
        }
        T.Sums(a + a1, b + b1, c + c1, d + d1).Store(sums);
    }

    // The scale of a group of weights times that of the token's.
    [MethodImpl(Simd.Hot)]
    static void Combine<T>(ushort* scales, float* xScales, float* both, int count) where T : struct, ILanes<T>
    {
        var g = 0;
        for (; g + 16 <= count; g += 16)
            (T.LoadBFloat16(scales + g) * T.Load(xScales + g)).Store(both + g);
        for (; g < count; g++)
            both[g] = BFloat16.Widen(scales[g]) * xScales[g];
    }

    struct Job : IKernel
    {
        public Product Product;
        public byte* Groups;
        public ushort* Scales;
        public short* X;
        public float* XScales;
        public int GroupsPerRow, RowsPerPart, RowParts;

        public readonly void Part<T>(int part) where T : struct, ILanes<T>
        {
            var first = part % RowParts * RowsPerPart;
            var rows = Math.Min(RowsPerPart, Product.Rows - first);
            if (Product.Count <= FewTokens)
            {
                Few<T>(this, first, rows);
                return;
            }
            var token = part / RowParts * TokensPerPart;
            Many<T>(this, first, rows, token, Math.Min(TokensPerPart, Product.Count - token));
        }
    }
}

/// <summary>Tokens as whole numbers of 16 bits: [count, columns], and a scale for each 64: [count, columns / 64].</summary>
readonly unsafe struct QuantizedTokens(short* whole, float* scales)
{
    const int Group = Quantization.Group;
    const int TokensPerPart = 8; // fewer take less time than waking a thread

    [ThreadStatic] static float[]? _whole, _scales, _row, _rowScales;

    public short* Whole => whole;
    public float* Scales => scales;

    /// <summary>In working memory of this thread, valid until its next product.</summary>
    public static QuantizedTokens Quantize(in Product product, Workers workers)
    {
        var (columns, perRow) = (product.Columns, product.Columns / Group);
        var whole = (short*)Scratch.Floats(ref _whole, checked(product.Count * columns / 2));
        var scales = Scratch.Floats(ref _scales, checked(product.Count * perRow));
        var job = new Job
        {
            X = product.X,
            XStride = product.XStride,
            Whole = whole,
            Scales = scales,
            Columns = columns,
            Count = product.Count
        };
        Simd.Run(ref job, (product.Count + TokensPerPart - 1) / TokensPerPart, workers);
        return new(whole, scales);
    }

    /// <summary>Room for unpacked rows of so many numbers together.</summary>
    public static short* Rows(int numbers) => (short*)Scratch.Floats(ref _row, numbers / 2);

    /// <summary>Room for the scales of rows with tokens.</summary>
    public static float* RowScales(int groups) => Scratch.Floats(ref _rowScales, groups);

    struct Job : IKernel
    {
        public float* X, Scales;
        public short* Whole;
        public nint XStride;
        public int Columns, Count;

        public readonly void Part<T>(int part) where T : struct, ILanes<T>
        {
            var first = part * TokensPerPart;
            var scale = Scales + (nint)first * Columns / Group;
            var to = Whole + (nint)first * Columns;
            for (var t = first; t < Math.Min(first + TokensPerPart, Count); t++)
                for (var c = 0; c < Columns; c += Group, to += Group)
                    *scale++ = Pack<T>(X + t * XStride + c, to);
        }

        [MethodImpl(Simd.Hot)]
        static float Pack<T>(float* x, short* to) where T : struct, ILanes<T>
        {
            var scale = GroupScale.LargestMagnitude<T>(x) / short.MaxValue;
            var inverse = 1 / scale;
            if (!float.IsFinite(inverse)) // all are zero, or so small that they may be; or one is not finite, and so is the sum
            {
                new Span<short>(to, Group).Clear();
                return float.IsNaN(scale) ? scale : 0;
            }
            var all = T.Broadcast(inverse);
            for (var i = 0; i < Group; i += 16)
                T.StoreInt16(T.Load(x + i) * all, to + i);
            return scale;
        }
    }
}
