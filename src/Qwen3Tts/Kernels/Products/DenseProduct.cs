using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>
/// A matrix of float32 or BF16 times tokens. Few tokens are bound by memory: every weight is read once, row after row. Many tokens are
/// bound by arithmetic: blocks of rows are widened once and meet blocks of tokens. Both add up in the order that <see cref="DotBlock"/>
/// fixes, so a result does not depend on how many tokens came along, on threads or on the processor.
/// </summary>
static unsafe class DenseProduct
{
    const int Stretch = 1024; // columns of a block: half the lanes of its rows fill a third of the first-level cache, tokens an eighth
    const int FewTokens = 4; // so few go over the rows one after the other: the second finds a row in the cache

    // A stretch of so many is half a megabyte, which the second-level cache holds beside their running sums.
    const int TokensInBlock = 120;

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
        var rowBlocks = (product.Rows + PackedTile.Rows - 1) / PackedTile.Rows;
        var tokenParts = (product.Count + TokensInBlock - 1) / TokensInBlock;
        job.TokensPerPart = PackedTile.WholeTiles((product.Count + tokenParts - 1) / tokenParts); // alike, and whole tiles
        tokenParts = (product.Count + job.TokensPerPart - 1) / job.TokensPerPart;
        var rowParts = (long)product.Rows * product.Columns * product.Count < WorthThreads ? 1
            : Math.Min(rowBlocks, Math.Max(1, workers.Threads * PartsPerThread / tokenParts));
        job.Streams = product.Count <= MostInOneGo && job.Padded == product.Columns;
        job.RowsPerPart = (rowBlocks + rowParts - 1) / rowParts * PackedTile.Rows;
        if (job.Streams && product.Count > FewTokens) // whole threes, but for the last part
            job.RowsPerPart = (job.RowsPerPart + EightTokens.Three - 1) / EightTokens.Three * EightTokens.Three;
        job.RowParts = (product.Rows + job.RowsPerPart - 1) / job.RowsPerPart;
        if (job.Streams)
        {
            job.Product.X = Align(product);
            job.Product.XStride = product.Columns;
        }
        else if (job.RowParts > 1) // tokens that all parts read are packed once for all
            job.Packed = Pack(job, workers);
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
        var r = job.Product.Count > FewTokens ? EightTokens.Run<T, TWeight>(job.Product, w, first, rows) : 0;
        w += (nint)r * job.Product.Columns;
        for (; r < rows; r++, w += job.Product.Columns)
            for (var t = 0; t < job.Product.Count; t++)
                job.Product.Put(t, first + r,
                    DotBlock.One<T, TWeight>(w, job.Product.X + t * job.Product.XStride, job.Product.Columns));
    }

    [MethodImpl(Simd.Hot)]
    static void Blocks<T>(in Job job, int first, int rows, int token, int count) where T : struct, ILanes<T>
    {
        var tiles = (count + PackedTile.Tokens - 1) / PackedTile.Tokens;
        var sums = Scratch.Floats(ref _sums, tiles * PackedTile.Sums);
        var panel = Scratch.Floats(ref _panel, PackedTile.Rows * Stretch / 2);
        var x = job.Packed != null ? job.Packed + (nint)token * job.Padded : Pack(job, token, count);
        for (var end = first + rows; first < end; first += PackedTile.Rows)
        {
            rows = Math.Min(PackedTile.Rows, end - first);
            for (var c = 0; c < job.Padded; c += Stretch)
                for (var half = 0; half < 2; half++)
                    Stretched<T>(job, first, rows, c, half, tiles, x, panel, sums, Next(job, first, end, c));
            for (var t = 0; t < tiles; t++)
                PackedTile.Put<T>(job.Product, token + t * PackedTile.Tokens, Math.Min(PackedTile.Tokens, count - t * PackedTile.Tokens),
                    first, rows, sums + t * PackedTile.Sums);
        }
    }

    // Half the lanes of a stretch of columns of eight rows, with all tokens of a part.
    [MethodImpl(Simd.Hot)]
    static void Stretched<T>(in Job job, int first, int rows, int column, int half, int tiles, float* x, float* panel, float* sums,
        Prefetch.Later next) where T : struct, ILanes<T>
    {
        var at = (nint)first * job.Product.Columns + column;
        var columns = Math.Min(Stretch, job.Product.Columns - column);
        if (job.Bits != null)
            PackedTile.PackRows<T, ushort>(job.Bits + at, job.Product.Columns, rows, columns, half, panel);
        else
            PackedTile.PackRows<T, float>(job.Floats + at, job.Product.Columns, rows, columns, half, panel);
        columns = Pad(columns);
        x += (nint)column * tiles * PackedTile.Tokens + half * columns / 2 * PackedTile.Tokens;
        var lines = next.Lines / tiles + 1;
        for (var t = 0; t < tiles; t++, x += columns * PackedTile.Tokens)
        {
            if (half == 0)
                next.Ask(lines);
            var to = sums + t * PackedTile.Sums + half * PackedTile.Sums / 2;
            PackedTile.Multiply<T>(panel, x, columns / DotBlock.Lanes, to, column == 0);
        }
    }

    // The weights that are widened after those of a stretch: its rows' next columns, or the first columns of the rows after them.
    static Prefetch.Later Next(in Job job, int first, int end, int column)
    {
        var size = job.Bits != null ? sizeof(ushort) : sizeof(float);
        column += Stretch;
        if (column >= job.Product.Columns)
            (first, column) = (first + PackedTile.Rows, 0);
        var start = job.Bits != null ? (byte*)job.Bits : (byte*)job.Floats;
        var row = (nint)job.Product.Columns * size;
        return new(start + first * row + column * size, row, Math.Min(Stretch, job.Product.Columns - column) * size,
            Math.Clamp(end - first, 0, PackedTile.Rows));
    }

    // Few tokens to a multiple of 64 bytes, because a load across two cache lines costs twice. Zeros up to eight, the width of a step.
    static float* Align(in Product product)
    {
        var columns = product.Columns;
        var tokens = Scratch.Floats(ref _tokens, checked((product.Count + 3) * columns));
        for (var t = 0; t < product.Count; t++)
            new ReadOnlySpan<float>(product.X + t * product.XStride, columns).CopyTo(new(tokens + (nint)t * columns, columns));
        new Span<float>(tokens + (nint)product.Count * columns, 3 * columns).Clear();
        return tokens;
    }

    // The tokens of each part: stretch after stretch, tile after tile.
    static float* Pack(in Job job, int token, int count)
    {
        var tokens = PackedTile.WholeTiles(count);
        var packed = Scratch.Floats(ref _tokens, checked(tokens * job.Padded));
        for (var t = 0; t < tokens; t += PackedTile.Tokens)
            PackTile(job, token, count, t, packed);
        return packed;
    }

    static float* Pack(in Job job, Workers workers)
    {
        var packing = new Packing
        {
            Job = job,
            To = Scratch.Floats(ref _tokens, checked(PackedTile.WholeTiles(job.Product.Count) * job.Padded)),
        };
        Simd.Run(ref packing, PackedTile.WholeTiles(job.Product.Count) / PackedTile.Tokens, workers);
        return packing.To;
    }

    static void PackTile(in Job job, int token, int count, int tile, float* packed)
    {
        var tokens = PackedTile.WholeTiles(count);
        for (var c = 0; c < job.Product.Columns; c += Stretch)
        {
            var columns = Math.Min(Stretch, job.Product.Columns - c);
            PackedTile.PackTokens(job.Product.X + (token + tile) * job.Product.XStride + c, job.Product.XStride,
                Math.Min(PackedTile.Tokens, count - tile), columns, packed + (nint)c * tokens + tile * Pad(columns));
        }
    }

    static int Pad(int columns) => (columns + DotBlock.Lanes - 1) / DotBlock.Lanes * DotBlock.Lanes;

    struct Job : IKernel
    {
        public Product Product;
        public ushort* Bits;
        public float* Floats, Packed;
        public bool Streams;
        public int Padded, RowsPerPart, RowParts, TokensPerPart;

        public readonly void Part<T>(int part) where T : struct, ILanes<T> => DenseProduct.Part<T>(this, part);
    }

    struct Packing : IKernel
    {
        public Job Job;
        public float* To;

        public readonly void Part<T>(int tile) where T : struct, ILanes<T>
        {
            var first = tile * PackedTile.Tokens / Job.TokensPerPart * Job.TokensPerPart;
            PackTile(Job, first, Math.Min(Job.TokensPerPart, Job.Product.Count - first), tile * PackedTile.Tokens - first,
                To + (nint)first * Job.Padded);
        }
    }
}
