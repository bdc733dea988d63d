using System.Runtime.CompilerServices;

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
    const int FewTokens = 4; // so few read a row one after the other: the second finds it in the cache
    const int PartsPerThread = 6;
    const long WorthThreads = 1 << 15; // multiplications

    [ThreadStatic] static float[]? _scales;

    public static void Run(in Product product, byte* groups, ushort* scales, Workers workers)
    {
        var tokens = QuantizedTokens.Quantize(product, product.Count <= FewTokens, workers);
        var parts = (long)product.Rows * product.Columns * product.Count < WorthThreads ? 1
            : workers.Threads * PartsPerThread;
        var job = new Job
        {
            Product = product,
            Groups = groups,
            Scales = scales,
            X = tokens.Whole,
            XScales = tokens.Scales,
            GroupsPerRow = product.Columns / Group,
            RowsPerPart = (product.Rows + 4 * parts - 1) / (4 * parts) * 4, // results are put in place by fours
        };
        Simd.Run(ref job, (product.Rows + job.RowsPerPart - 1) / job.RowsPerPart, workers);
    }

    // The row as it lies, for each token.
    [MethodImpl(Simd.Hot)]
    static void Few<T>(in Job job, int first, int rows) where T : struct, ILanes<T>
    {
        nint perRow = job.GroupsPerRow;
        var both = Scratch.Floats(ref _scales, (int)perRow);
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
            even = T.MultiplyAdd(Dot<T>(w, x), T.Broadcast(both[0]), even);
            odd = T.MultiplyAdd(Dot<T>(w + TFormat.Bytes, x + Group), T.Broadcast(both[1]), odd);
        }
        if (groups > 0)
            even = T.MultiplyAdd(Dot<T>(w, x), T.Broadcast(both[0]), even);
        return (even + odd).Sum();
    }

    // A group.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T Dot<T>(byte* w, short* x) where T : struct, ILanes<T> =>
        T.DotInt16(TFormat.First<T>(w), TFormat.Second<T>(w), x);

    // Rows that meet eight tokens, and then the next eight: the tokens stay in the first-level cache, the rows in the second.
    [MethodImpl(Simd.Hot)]
    static void Many<T>(in Job job, int first, int rows) where T : struct, ILanes<T>
    {
        for (var (r, end) = (first, first + rows); r < end; r += QuantizedBlock<TFormat>.Rows)
        {
            nint at = (nint)r * job.GroupsPerRow;
            for (var t = 0; t < job.Product.Count; t += QuantizedTokens.Together)
                QuantizedBlock<TFormat>.Multiply<T>(job.Product, r, Math.Min(QuantizedBlock<TFormat>.Rows, end - r), t,
                    job.Groups + at * TFormat.Bytes, job.Scales + at, job.X + (nint)t * job.Product.Columns,
                    job.XScales + (nint)t * job.GroupsPerRow);
        }
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
        public int GroupsPerRow, RowsPerPart;

        public readonly void Part<T>(int part) where T : struct, ILanes<T>
        {
            var first = part * RowsPerPart;
            var rows = Math.Min(RowsPerPart, Product.Rows - first);
            if (Product.Count <= FewTokens)
                Few<T>(this, first, rows);
            else
                Many<T>(this, first, rows);
        }
    }
}
