using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>
/// The linear layer. One token is bound by memory: every weight is read once, row after row. Many tokens are bound by arithmetic: blocks of
/// rows are widened once and meet blocks of tokens. Both add up in the order that <see cref="DotBlock"/> fixes, so a result does not
/// depend on how many tokens came along, on threads or on the processor.
/// </summary>
static unsafe class MatrixProduct
{
    const int Stretch = 1024; // columns of a block: its rows fill half the first-level cache, and a tile of tokens a third
    const int FewTokens = 4; // so few go over the rows one after the other: the second finds a row in the cache
    const int PartsPerThread = 6;
    const long WorthThreads = 1 << 15; // multiplications

    [ThreadStatic] static float[]? _sums, _panel, _tokens;

    /// <summary>
    /// y[t, r] = (add ? y[t, r] : 0) + (bias[r] + sum over c of w[r, c] * x[t, c]), with x [count, Columns] and y [count, Rows].
    /// </summary>
    public static void Multiply(Matrix w, ReadOnlySpan<float> x, Span<float> y, int count, Workers workers,
        ReadOnlySpan<float> bias = default, bool add = false) =>
        Multiply(w, x, w.Columns, y, count, workers, bias, add);

    /// <summary>The same for rows of x that begin <paramref name="xStride"/> apart, and may overlap.</summary>
    internal static void Multiply(Matrix w, ReadOnlySpan<float> x, int xStride, Span<float> y, int count, Workers workers,
        ReadOnlySpan<float> bias, bool add)
    {
        if (count == 0)
            return;
        Check(x.Length >= (count - 1L) * xStride + w.Columns, nameof(x));
        Check(y.Length >= (long)count * w.Rows, nameof(y));
        Check(bias.IsEmpty || bias.Length == w.Rows, nameof(bias));
        fixed (ushort* bits = w.Bits)
        fixed (float* floats = w.Floats, from = x, to = y, biases = bias)
        {
            var job = new Job
            {
                Bits = bits,
                Floats = floats,
                X = from,
                Y = to,
                Bias = biases,
                Add = add,
                Rows = w.Rows,
                Columns = w.Columns,
                Padded = Pad(w.Columns),
                XStride = xStride,
                Count = count,
            };
            if (count <= FewTokens)
            {
                job.X = Align(job, 0, count);
                job.XStride = job.Padded;
            }
            Run(ref job, workers);
        }
    }

    static void Run(ref Job job, Workers workers)
    {
        var rowBlocks = (job.Rows + DotBlock.Rows - 1) / DotBlock.Rows;
        var tokenParts = (job.Count + DotBlock.Count - 1) / DotBlock.Count;
        job.TokensPerPart = ((job.Count + tokenParts - 1) / tokenParts + 2) / 3 * 3; // alike, and whole tiles
        tokenParts = (job.Count + job.TokensPerPart - 1) / job.TokensPerPart;
        var rowParts = (long)job.Rows * job.Columns * job.Count < WorthThreads ? 1
            : Math.Min(rowBlocks, Math.Max(1, workers.Threads * PartsPerThread / tokenParts));
        job.RowsPerPart = (rowBlocks + rowParts - 1) / rowParts * DotBlock.Rows;
        job.RowParts = (job.Rows + job.RowsPerPart - 1) / job.RowsPerPart;
        Simd.Run(ref job, job.RowParts * tokenParts, workers);
    }

    [MethodImpl(Simd.Hot)]
    static void Part<T>(in Job job, int part) where T : struct, ILanes<T>
    {
        var first = part % job.RowParts * job.RowsPerPart;
        var rows = Math.Min(job.RowsPerPart, job.Rows - first);
        var token = part / job.RowParts * job.TokensPerPart;
        var count = Math.Min(job.TokensPerPart, job.Count - token);
        if (job.Count > FewTokens || job.Padded != job.Columns)
            Blocks<T>(job, first, rows, token, count);
        else if (job.Bits != null)
            Stream<T, ushort>(job, job.Bits, first, rows);
        else
            Stream<T, float>(job, job.Floats, first, rows);
    }

    [MethodImpl(Simd.Hot)]
    static void Stream<T, TWeight>(in Job job, TWeight* w, int first, int rows) where T : struct, ILanes<T> where TWeight : unmanaged
    {
        w += (nint)first * job.Columns;
        for (var r = first; r < first + rows; r++, w += job.Columns)
            for (var t = 0; t < job.Count; t++)
                job.Put(t, r, DotBlock.One<T, TWeight>(w, job.X + t * job.XStride, job.Columns));
    }

    [MethodImpl(Simd.Hot)]
    static void Blocks<T>(in Job job, int first, int rows, int token, int count) where T : struct, ILanes<T>
    {
        var sums = Scratch.Floats(ref _sums, DotBlock.Sums);
        var panel = Scratch.Floats(ref _panel, DotBlock.Rows * Stretch);
        var aligned = job.Count > FewTokens && (job.Padded != job.Columns || rows >= DotBlock.Rows);
        var together = aligned ? (count + 2) / 3 * 3 : count; // tiles are three tokens wide
        var x = aligned ? Align(job, token, count) : job.X + token * job.XStride;
        var xStride = aligned ? job.Padded : job.XStride;
        for (var end = first + rows; first < end; first += DotBlock.Rows)
        {
            rows = Math.Min(DotBlock.Rows, end - first);
            for (var c = 0; c < job.Padded; c += Stretch)
            {
                var columns = Math.Min(Stretch, job.Padded - c);
                Widen<T>(job, first, rows, c, columns, panel);
                DotBlock.Accumulate<T>(panel, Stretch, rows, x + c, xStride, together, columns, sums, c == 0);
            }
            for (var t = 0; t < count; t++)
                for (var r = 0; r < rows; r++)
                    job.Put(token + t, first + r, DotBlock.Fold<T>(sums + (t * DotBlock.Rows + r) * DotBlock.Lanes));
        }
    }

    // A stretch of columns to float32 at a multiple of 64 bytes. Columns beyond the last are zeros.
    [MethodImpl(Simd.Hot)]
    static void Widen<T>(in Job job, int first, int rows, int column, int columns, float* panel) where T : struct, ILanes<T>
    {
        var real = Math.Min(columns, job.Columns - column);
        for (var r = first; r < first + rows; r++, panel += Stretch)
        {
            var at = (nint)r * job.Columns + column;
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
        var tokens = Scratch.Floats(ref _tokens, checked((count + 2) * job.Padded));
        for (var t = 0; t < count; t++)
        {
            var to = tokens + (nint)t * job.Padded;
            new ReadOnlySpan<float>(job.X + (token + t) * job.XStride, job.Columns).CopyTo(new(to, job.Columns));
            new Span<float>(to + job.Columns, job.Padded - job.Columns).Clear();
        }
        new Span<float>(tokens + (nint)count * job.Padded, 2 * job.Padded).Clear(); // up to a multiple of three
        return tokens;
    }

    static int Pad(int columns) => (columns + DotBlock.Lanes - 1) / DotBlock.Lanes * DotBlock.Lanes;

    static void Check(bool enough, string name)
    {
        if (!enough)
            throw new ArgumentException($"'{name}' has not the length that matrix and count ask for.", name);
    }

    struct Job : IKernel
    {
        public ushort* Bits;
        public float* Floats, X, Y, Bias;
        public nint XStride;
        public int Rows, Columns, Padded, Count, RowsPerPart, RowParts, TokensPerPart;
        public bool Add;

        public readonly void Part<T>(int part) where T : struct, ILanes<T> => MatrixProduct.Part<T>(this, part);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Put(int token, int row, float sum)
        {
            var at = Y + (nint)token * Rows + row;
            if (Bias != null)
                sum = Bias[row] + sum;
            *at = Add ? *at + sum : sum;
        }
    }
}
