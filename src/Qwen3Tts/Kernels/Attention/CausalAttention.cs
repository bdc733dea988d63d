using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>
/// Softmax attention of new positions over cached keys and values, with grouped queries and, where wanted, a window. A few positions and
/// the query heads of one key head go together, so that a key is read once for them all. A score is a <see cref="DotBlock"/> product; the
/// exponentials are added up in lanes from the first key that the query sees; a result is one chain over the keys. None of it depends on
/// what else is computed, nor on where in the cache the first visible key stands.
/// </summary>
static unsafe partial class CausalAttention
{
    const int TileRows = 48;

    [ThreadStatic] static float[]? _queries, _scores, _sums, _panel, _scaled, _results, _copy, _exponentials;

    /// <summary>
    /// The <paramref name="count"/> queries q [count, heads * dim] stand at the positions start .. start + count - 1 of keys and values
    /// [>= start + count, kvHeads * dim]; y [count, heads * dim]. Norms are not applied here.
    /// </summary>
    public static void Apply(ReadOnlySpan<float> q, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, Span<float> y, int count,
        int start, HeadShape shape, Workers workers)
    {
        if (count == 0)
            return;
        var (width, cached) = ((long)count * shape.Heads * shape.Dim, (start + (long)count) * shape.KvHeads * shape.Dim);
        if (shape.Heads % shape.KvHeads != 0 || q.Length < width || y.Length < width || keys.Length < cached || values.Length < cached)
            throw new ArgumentException(
                $"Positions {start}..{start + count - 1} of {shape} were asked for, but q has {q.Length}, y {y.Length}, keys " +
                $"{keys.Length} and values {values.Length} elements.");
        fixed (float* queries = q, k = keys, v = values, to = y)
        {
            var group = shape.Heads / shape.KvHeads;
            var tile = Math.Max(1, TileRows / group);
            var job = new Job
            {
                Q = queries,
                K = k,
                V = v,
                Y = to,
                Count = count,
                Start = start,
                Shape = shape,
                Group = group,
                Tile = tile,
                Padded = (shape.Dim + DotBlock.Lanes - 1) / DotBlock.Lanes * DotBlock.Lanes,
            };
            Simd.Run(ref job, (count + tile - 1) / tile * shape.KvHeads, workers);
        }
    }

    // Some positions, one head.
    [MethodImpl(Simd.Hot)]
    static void Tiles<T>(in Job job, int part) where T : struct, ILanes<T>
    {
        var head = part % job.Shape.KvHeads;
        var token = part / job.Shape.KvHeads * job.Tile;
        var tokens = Math.Min(job.Tile, job.Count - token);
        var (rows, padded, group) = (tokens * job.Group, job.Padded, job.Group);
        var firstKey = job.First(token);
        var keyCount = job.Start + token + tokens - firstKey;
        var k = Copy(job, firstKey, keyCount, head);
        var queries = Gather<T>(job, token, tokens, head);
        var scores = Scratch.Floats(ref _scores, checked(rows * keyCount));
        Scores<T>(queries, k, scores, rows, keyCount, padded);
        var results = Results(checked(rows * padded));
        var sums = Scratch.Floats(ref _exponentials, rows);
        for (var r = 0; r < rows; r++)
            sums[r] = Weights<T>(scores + (nint)r * keyCount, job.First(token + r / group) - firstKey,
                job.Start + token + r / group + 1 - firstKey, keyCount);
        OuterTile.Run<T>(scores, keyCount, k + (nint)keyCount * padded, padded, results, padded, keyCount, rows, padded);
        for (var r = 0; r < rows; r++)
            Scale<T>(results + r * padded, 1 / sums[r], job.Row(job.Y, token + r / group, head, r % group), job.Shape.Dim);
    }

    static float* Results(int count)
    {
        var results = Scratch.Floats(ref _results, count);
        new Span<float>(results, count).Clear();
        return results;
    }

    // Rows (token, head of the group), scaled, padded and packed.
    [MethodImpl(Simd.Hot)]
    static float* Gather<T>(in Job job, int token, int tokens, int head) where T : struct, ILanes<T>
    {
        var (rows, dim, scale) = (tokens * job.Group, job.Shape.Dim, job.Shape.Scale);
        var queries = Scratch.Floats(ref _queries, checked(PackedTile.WholeTiles(rows) * job.Padded));
        var scaled = Scratch.Floats(ref _scaled, PackedTile.Tokens * dim);
        for (var tile = 0; tile < rows; tile += PackedTile.Tokens)
        {
            var real = Math.Min(PackedTile.Tokens, rows - tile);
            for (var r = tile; r < tile + real; r++)
                Scale<T>(job.Row(job.Q, token + r / job.Group, head, r % job.Group), scale, scaled + (r - tile) * dim, dim);
            PackedTile.PackTokens(scaled, dim, real, dim, queries + (nint)tile * job.Padded);
        }
        return queries;
    }

    [MethodImpl(Simd.Hot)]
    static void Scores<T>(float* queries, float* k, float* scores, int rows, int keyCount, int padded) where T : struct, ILanes<T>
    {
        var product = new Product { Y = scores, Rows = keyCount, Columns = padded, Count = rows };
        var (steps, half) = (padded / DotBlock.Lanes, PackedTile.Rows * padded / 2);
        var panel = Scratch.Floats(ref _panel, 2 * half);
        var sums = Scratch.Floats(ref _sums, PackedTile.Sums);
        for (var key = 0; key < keyCount; key += PackedTile.Rows)
        {
            var keys = Math.Min(PackedTile.Rows, keyCount - key);
            for (var h = 0; h < 2; h++)
                PackedTile.PackRows<T, float>(k + (nint)key * padded, padded, keys, padded, h, panel + h * half);
            for (var r = 0; r < rows; r += PackedTile.Tokens)
            {
                var tile = queries + (nint)r * padded;
                PackedTile.Multiply<T>(panel, tile, steps, sums, fresh: true);
                PackedTile.Multiply<T>(panel + half, tile + PackedTile.Tokens * padded / 2, steps, sums + PackedTile.Sums / 2, fresh: true);
                PackedTile.Put<T>(product, r, Math.Min(PackedTile.Tokens, rows - r), key, keys, sums);
            }
        }
    }

    // Scores to e^(score - max) within [first, end), and to nothing outside; returns the sum.
    [MethodImpl(Simd.Hot)]
    static float Weights<T>(float* scores, int first, int end, int keyCount) where T : struct, ILanes<T>
    {
        new Span<float>(scores, first).Clear();
        new Span<float>(scores + end, keyCount - end).Clear();
        return SoftmaxRow.Exponentials<T>(scores + first, end - first);
    }

    [MethodImpl(Simd.Hot)]
    static void Scale<T>(float* from, float factor, float* to, int length) where T : struct, ILanes<T>
    {
        var all = T.Broadcast(factor);
        var i = 0;
        for (; i + 16 <= length; i += 16)
            (T.Load(from + i) * all).Store(to + i);
        for (; i < length; i++)
            to[i] = from[i] * factor;
    }

    // One head's keys and behind them its values, padded with zeros. In the cache they lie a power of two apart, which is the same few
    // cache sets for all of them.
    static float* Copy(in Job job, int firstKey, int keyCount, int head)
    {
        var dim = job.Shape.Dim;
        var stride = (nint)job.Shape.KvHeads * dim;
        var copy = Scratch.Floats(ref _copy, checked(2 * keyCount * job.Padded));
        for (var i = 0; i < 2 * keyCount; i++)
        {
            var from = i < keyCount ? job.K + (firstKey + i) * stride : job.V + (firstKey + i - keyCount) * stride;
            var to = copy + (nint)i * job.Padded;
            new ReadOnlySpan<float>(from + head * dim, dim).CopyTo(new(to, dim));
            new Span<float>(to + dim, job.Padded - dim).Clear();
        }
        return copy;
    }

    struct Job : IKernel
    {
        public float* Q, K, V, Y;
        public HeadShape Shape;
        public int Count, Start, Group, Tile, Padded;

        public readonly void Part<T>(int part) where T : struct, ILanes<T> => Tiles<T>(this, part);

        /// <summary>The first key that a token sees.</summary>
        public readonly int First(int token) =>
            Math.Max(Shape.Window == 0 ? 0 : Start + token - Shape.Window + 1,
                Shape.Sequence == 0 ? 0 : (Start + token) / Shape.Sequence * Shape.Sequence);

        public readonly float* Row(float* x, int token, int kvHead, int inGroup) =>
            x + ((nint)token * Shape.Heads + kvHead * Group + inGroup) * Shape.Dim;
    }
}
