namespace Qwen3Tts.Kernels;

/// <summary>
/// Softmax attention of new positions over cached keys and values, with grouped queries and, where wanted, a window. A few positions and the
/// query heads of one key head go together, so that a key is read once for them all. A score is a <see cref="DotBlock"/> product; the
/// exponentials are added up in lanes from the first key that the query sees; a result is one chain over the keys. None of it depends on
/// what else is computed, nor on where in the cache the first visible key stands.
/// </summary>
static unsafe class CausalAttention
{
    const int TileRows = 24;

    [ThreadStatic] static float[]? _queries, _scores, _sums, _results, _padded;

    /// <summary>
    /// The <paramref name="count"/> queries q [count, heads*dim] stand at the positions start .. start+count-1 of keys and values
    /// [>= start+count, kvHeads*dim]; y [count, heads*dim]. Window 0: a row sees everything up to itself; else itself and window-1 before it.
    /// </summary>
    public static void Apply(ReadOnlySpan<float> q, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, Span<float> y, int count, int start, int heads, int kvHeads, int dim, int window, float scale, Workers workers)
    {
        if (count == 0)
            return;
        var cached = (start + (long)count) * kvHeads * dim;
        if (heads % kvHeads != 0 || q.Length < (long)count * heads * dim || y.Length < (long)count * heads * dim || keys.Length < cached || values.Length < cached)
            throw new ArgumentException($"Positions {start}..{start + count - 1} of {heads} heads over {kvHeads} of {dim} were asked for, but q has {q.Length}, y {y.Length}, keys {keys.Length} and values {values.Length} elements.");
        fixed (float* queries = q, k = keys, v = values, to = y)
        {
            var group = heads / kvHeads;
            var tile = Math.Max(1, TileRows / group);
            var job = new Job
            {
                Q = queries,
                K = k,
                V = v,
                Y = to,
                Count = count,
                Start = start,
                Heads = heads,
                KvHeads = kvHeads,
                Dim = dim,
                Window = window,
                Scale = scale,
                Group = group,
                Tile = tile,
                Padded = (dim + DotBlock.Lanes - 1) / DotBlock.Lanes * DotBlock.Lanes,
            };
            delegate*<void*, int, void> body = Simd.Tier switch
            {
                Tier.Avx512 => &Part<Lanes512>,
                Tier.Avx2 => &Part<Lanes256>,
                _ => &Part<Lanes128>,
            };
            workers.Run((count + tile - 1) / tile * kvHeads, &job, body);
        }
    }

    static void Part<T>(void* state, int part) where T : struct, ILanes<T>
    {
        ref var job = ref *(Job*)state;
        var head = part % job.KvHeads;
        var token = part / job.KvHeads * job.Tile;
        var tokens = Math.Min(job.Tile, job.Count - token);
        var rows = tokens * job.Group;
        var firstKey = job.First(token);
        var keyCount = job.Start + token + tokens - firstKey;

        var kStride = (nint)job.KvHeads * job.Dim;
        var k = job.K + firstKey * kStride + head * job.Dim;
        var v = job.V + firstKey * kStride + head * job.Dim;
        if (job.Padded != job.Dim)
        {
            k = Pad(job, k, v, keyCount);
            v = k + (nint)keyCount * job.Padded;
            kStride = job.Padded;
        }

        var queries = Gather(job, token, tokens, head);
        var scores = Scratch.Floats(ref _scores, rows * keyCount);
        Scores<T>(queries, k, kStride, scores, rows, keyCount, job.Padded);

        var results = Scratch.Floats(ref _results, rows * job.Padded);
        new Span<float>(results, rows * job.Padded).Clear();
        var sums = stackalloc float[rows];
        for (var r = 0; r < rows; r++)
            sums[r] = Weights<T>(scores + (nint)r * keyCount, job.First(token + r / job.Group) - firstKey, job.Start + token + r / job.Group + 1 - firstKey, keyCount);
        for (var d = 0; d < job.Padded; d += OuterTile.Panel)
            OuterTile.Run<T>(scores, keyCount, v + d, kStride, results + d, job.Padded, keyCount, rows, Math.Min(OuterTile.Panel, job.Padded - d));

        for (var r = 0; r < rows; r++)
        {
            var to = job.Row(job.Y, token + r / job.Group, head, r % job.Group);
            for (var d = 0; d < job.Dim; d++)
                to[d] = results[r * job.Padded + d] / sums[r];
        }
    }

    // Rows (token, head of the group), scaled and padded.
    static float* Gather(in Job job, int token, int tokens, int head)
    {
        var rows = tokens * job.Group;
        var queries = Scratch.Floats(ref _queries, rows * job.Padded);
        for (var r = 0; r < rows; r++)
        {
            var from = job.Row(job.Q, token + r / job.Group, head, r % job.Group);
            var to = queries + r * job.Padded;
            for (var d = 0; d < job.Dim; d++)
                to[d] = from[d] * job.Scale;
            new Span<float>(to + job.Dim, job.Padded - job.Dim).Clear();
        }
        return queries;
    }

    static void Scores<T>(float* queries, float* k, nint kStride, float* scores, int rows, int keyCount, int padded) where T : struct, ILanes<T>
    {
        var sums = Scratch.Floats(ref _sums, rows * DotBlock.Rows * DotBlock.Lanes);
        for (var key = 0; key < keyCount; key += DotBlock.Rows)
        {
            var keys = Math.Min(DotBlock.Rows, keyCount - key);
            DotBlock.Accumulate<T>(k + key * kStride, kStride, keys, queries, padded, rows, padded, sums, fresh: true);
            for (var r = 0; r < rows; r++)
                for (var i = 0; i < keys; i++)
                    scores[(nint)r * keyCount + key + i] = DotBlock.Fold<T>(sums + (r * DotBlock.Rows + i) * DotBlock.Lanes);
        }
    }

    // Scores to e^(score - max) within [first, end), and to nothing outside; returns the sum.
    static float Weights<T>(float* scores, int first, int end, int keyCount) where T : struct, ILanes<T>
    {
        new Span<float>(scores, first).Clear();
        new Span<float>(scores + end, keyCount - end).Clear();
        return SoftmaxRow.Exponentials<T>(scores + first, end - first);
    }

    // Only models with heads of other than a multiple of 32 come here. Keys first, values behind them.
    static float* Pad(in Job job, float* k, float* v, int keyCount)
    {
        var stride = (nint)job.KvHeads * job.Dim;
        var padded = Scratch.Floats(ref _padded, 2 * keyCount * job.Padded);
        for (var i = 0; i < 2 * keyCount; i++)
        {
            var to = padded + (nint)i * job.Padded;
            new ReadOnlySpan<float>(i < keyCount ? k + i * stride : v + (i - keyCount) * stride, job.Dim).CopyTo(new(to, job.Dim));
            new Span<float>(to + job.Dim, job.Padded - job.Dim).Clear();
        }
        return padded;
    }

    struct Job
    {
        public float* Q, K, V, Y;
        public float Scale;
        public int Count, Start, Heads, KvHeads, Dim, Window, Group, Tile, Padded;

        /// <summary>The first key that a token sees.</summary>
        public readonly int First(int token) => Window == 0 ? 0 : Math.Max(0, Start + token - Window + 1);

        public readonly float* Row(float* x, int token, int kvHead, int inGroup) => x + ((nint)token * Heads + kvHead * Group + inGroup) * Dim;
    }
}
