using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>
/// A matrix of float32 or BF16 times tokens. One token is bound by memory: every weight is read once, row after row. Many tokens are bound
/// by arithmetic: blocks of rows are widened once and meet blocks of tokens. Both add up in the order that <see cref="DotBlock"/> fixes, so
/// a result does not depend on how many tokens came along, on threads or on the processor.
/// </summary>
static unsafe class DenseProduct
{
    const int Stretch = 1024; // columns of a block: its rows fill half the first-level cache, and a tile of tokens a third
    const int FewTokens = 4; // so few go over the rows one after the other: the second finds a row in the cache

    // Five to eight go over the rows together: widening rows for them would take as long as the products. AVX2 has too few registers.
    static int MostInOneGo => Simd.Tier == Tier.Avx512 ? 8 : FewTokens;

    const int PartsPerThread = 6;
    const long WorthThreads = 1 << 15; // multiplications

    [ThreadStatic] static float[]? _sums, _panel, _tokens;

    /// <param name="product">The tokens, and where the sums go.</param>
    /// <param name="bits">The matrix in BF16, or null.</param>
    /// <param name="floats">The matrix in float32, or null.</param>
    /// <param name="workers">Who computes.</param>
    public static void Run(in Product product, ushort* bits, float* floats, Workers workers)
    {
        var job = new Job { Product = product, Bits = bits, Floats = floats, Padded = Pad(product.Columns) };
        var rowBlocks = (product.Rows + DotBlock.Rows - 1) / DotBlock.Rows;
        var tokenParts = (product.Count + DotBlock.Count - 1) / DotBlock.Count;
        job.TokensPerPart = ((product.Count + tokenParts - 1) / tokenParts + 2) / 3 * 3; // alike, and whole tiles
        tokenParts = (product.Count + job.TokensPerPart - 1) / job.TokensPerPart;
        var rowParts = (long)product.Rows * product.Columns * product.Count < WorthThreads ? 1
            : Math.Min(rowBlocks, Math.Max(1, workers.Threads * PartsPerThread / tokenParts));
        job.RowsPerPart = (rowBlocks + rowParts - 1) / rowParts * DotBlock.Rows;
        job.RowParts = (product.Rows + job.RowsPerPart - 1) / job.RowsPerPart;
        job.Streams = product.Count <= MostInOneGo && job.Padded == product.Columns;
        job.Aligned = product.Count <= FewTokens || job.Streams || job.RowParts > 1; // tokens that all parts read are copied once for all
        if (job.Aligned)
        {
            job.Product.X = Align(job, 0, product.Count);
            job.Product.XStride = job.Padded;
        }
        Simd.Run(ref job, job.RowParts * tokenParts, workers);
    }

    [MethodImpl(Simd.Hot)]
    static void Part<T>(in Job job, int part) where T : struct, ILanes<T>
    {
        var first = part % job.RowParts * job.RowsPerPart;
        var rows = Math.Min(job.RowsPerPart, job.Product.Rows - first);
        var token = part / job.RowParts * job.TokensPerPart;
        var count = Math.Min(job.TokensPerPart, job.Product.Count - token);
        if (!job.Streams)
            Blocks<T>(job, first, rows, token, count);
        else if (job.Bits != null)
            Stream<T, ushort>(job, job.Bits, first, rows);
        else
            Stream<T, float>(job, job.Floats, first, rows);
    }

    [MethodImpl(Simd.Hot)]
    static void Stream<T, TWeight>(in Job job, TWeight* w, int first, int rows) where T : struct, ILanes<T> where TWeight : unmanaged
    {
        w += (nint)first * job.Product.Columns;
        var sums = stackalloc float[8];
        for (var r = first; r < first + rows; r++, w += job.Product.Columns)
        {
            var t = 0;
            if (job.Product.Count > FewTokens)
            {
                DotBlock.Eight<T, TWeight>(w, job.Product.X, job.Product.XStride, job.Product.Columns, sums); // zeros follow the last
                for (; t < job.Product.Count; t++)
                    job.Product.Put(t, r, sums[t]);
            }
            for (; t < job.Product.Count; t++)
                job.Product.Put(t, r, DotBlock.One<T, TWeight>(w, job.Product.X + t * job.Product.XStride, job.Product.Columns));
        }
    }

    [MethodImpl(Simd.Hot)]
    static void Blocks<T>(in Job job, int first, int rows, int token, int count) where T : struct, ILanes<T>
    {
        var sums = Scratch.Floats(ref _sums, DotBlock.Sums);
        var panel = Scratch.Floats(ref _panel, DotBlock.Rows * Stretch);
        var copy = !job.Aligned && (job.Padded != job.Product.Columns || rows >= DotBlock.Rows);
        var x = copy ? Align(job, token, count) : job.Product.X + token * job.Product.XStride;
        var xStride = copy ? job.Padded : job.Product.XStride;
        var together = copy || job.Aligned && count > FewTokens ? (count + 2) / 3 * 3 : count; // tiles are three tokens wide
        for (var end = first + rows; first < end; first += DotBlock.Rows)
        {
            rows = Math.Min(DotBlock.Rows, end - first);
            for (var c = 0; c < job.Padded; c += Stretch)
            {
                var columns = Math.Min(Stretch, job.Padded - c);
                Widen<T>(job, first, rows, c, columns, panel);
                DotBlock.Accumulate<T>(panel, Stretch, rows, x + c, xStride, together, columns, sums, c == 0, Next(job, first, end, c));
            }
            for (var t = 0; t < count; t++)
                for (var r = 0; r < rows; r++)
                    job.Product.Put(token + t, first + r, DotBlock.Fold<T>(sums + (t * DotBlock.Rows + r) * DotBlock.Lanes));
        }
    }

    // The weights that are widened after those of a stretch: its rows' next columns, or the first columns of the rows after them.
    static Prefetch.Later Next(in Job job, int first, int end, int column)
    {
        var size = job.Bits != null ? sizeof(ushort) : sizeof(float);
        column += Stretch;
        if (column >= job.Product.Columns)
            (first, column) = (first + DotBlock.Rows, 0);
        var start = job.Bits != null ? (byte*)job.Bits : (byte*)job.Floats;
        var row = (nint)job.Product.Columns * size;
        return new(start + first * row + column * size, row, Math.Min(Stretch, job.Product.Columns - column) * size,
            Math.Clamp(end - first, 0, DotBlock.Rows));
    }

    // A stretch of columns to float32 at a multiple of 64 bytes. Columns beyond the last are zeros.
    [MethodImpl(Simd.Hot)]
    static void Widen<T>(in Job job, int first, int rows, int column, int columns, float* panel) where T : struct, ILanes<T>
    {
        var real = Math.Min(columns, job.Product.Columns - column);
        for (var r = first; r < first + rows; r++, panel += Stretch)
        {
            var at = (nint)r * job.Product.Columns + column;
            var c = 0;
            if (job.Floats != null)
            {
                new ReadOnlySpan<float>(job.Floats + at, real).CopyTo(new(panel, real));
                c = real;
            }
            for (; c + 16 <= real; c += 16)
                T.LoadBFloat16(job.Bits + at + c).Store(panel + c);
            for (; c < real; c++)
                panel[c] = BFloat16.Widen(job.Bits[at + c]);
            for (; c < columns; c++)
                panel[c] = 0;
        }
    }

    // Tokens to a multiple of 64 bytes and padded with zeros: a load across two cache lines costs twice, and each is loaded for many rows.
    static float* Align(in Job job, int token, int count)
    {
        var padding = job.Streams ? 3 : 2; // tiles are three tokens wide, or eight of which at least five are real
        var tokens = Scratch.Floats(ref _tokens, checked((count + padding) * job.Padded));
        for (var t = 0; t < count; t++)
        {
            var to = tokens + (nint)t * job.Padded;
            var from = job.Product.X + (token + t) * job.Product.XStride;
            new ReadOnlySpan<float>(from, job.Product.Columns).CopyTo(new(to, job.Product.Columns));
            new Span<float>(to + job.Product.Columns, job.Padded - job.Product.Columns).Clear();
        }
        new Span<float>(tokens + (nint)count * job.Padded, padding * job.Padded).Clear();
        return tokens;
    }

    static int Pad(int columns) => (columns + DotBlock.Lanes - 1) / DotBlock.Lanes * DotBlock.Lanes;

    struct Job : IKernel
    {
        public Product Product;
        public ushort* Bits;
        public float* Floats;
        public bool Aligned, Streams;
        public int Padded, RowsPerPart, RowParts, TokensPerPart;

        public readonly void Part<T>(int part) where T : struct, ILanes<T> => DenseProduct.Part<T>(this, part);
    }
}
