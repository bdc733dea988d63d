// The next position of several sequences. One job does all that the sequences do not share: the norms of queries and keys, the rotary
// embedding and the attention. So a small batch uses all processors, and waits for them once.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Qwen3Tts.Kernels;

/// <summary>The next position of one sequence.</summary>
readonly unsafe struct SequenceStep
{
    /// <param name="keys">Of pinned memory: [stored + 1, kvHeads * dim], with the new one before its norm.</param>
    /// <param name="values">Of pinned memory: the same shape.</param>
    /// <param name="position">Of the new one, for the rotary embedding.</param>
    /// <param name="stored">Keys before the new one.</param>
    public SequenceStep(ReadOnlySpan<float> keys, ReadOnlySpan<float> values, int position, int stored)
    {
        Keys = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(keys));
        Values = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(values));
        (Length, Position, Stored) = (Math.Min(keys.Length, values.Length), position, stored);
    }

    public float* Keys { get; }
    public float* Values { get; }
    public int Length { get; }
    public int Position { get; }
    public int Stored { get; }
}

/// <summary>What the heads of a layer have in common.</summary>
/// <param name="Heads">Of the queries.</param>
/// <param name="KvHeads">Of keys and values.</param>
/// <param name="Dim">Width of a head, a multiple of 32.</param>
/// <param name="Window">Positions that a row sees, itself included; 0: all.</param>
/// <param name="Sequence">Length of each of many short sequences; 0: there is one.</param>
/// <param name="Scale">Of the scores.</param>
/// <param name="Eps">Of the norms.</param>
readonly record struct HeadShape(int Heads, int KvHeads, int Dim, int Window, int Sequence, float Scale, float Eps);

static unsafe partial class CausalAttention
{
    /// <summary>Whether <see cref="ApplySteps"/> can take heads of this width.</summary>
    public static bool TakesSteps(int dim) => dim % DotBlock.Lanes == 0;

    /// <summary>
    /// in: q [steps, heads * dim] before norm and rotary embedding, qNorm and kNorm [dim] or empty, cos and sin [position, dim / 2] · out:
    /// y [steps, heads * dim] · overwrites: q, y, and the new keys, which get norm and rotary embedding. Each result is that of its
    /// sequence alone, bit for bit.
    /// </summary>
    public static void ApplySteps(Span<float> q, ReadOnlySpan<SequenceStep> steps, Span<float> y, HeadShape shape,
        ReadOnlySpan<float> qNorm, ReadOnlySpan<float> kNorm, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, Workers workers)
    {
        CheckSteps(q, steps, y, shape, Math.Min(cos.Length, sin.Length));
        fixed (float* queries = q, to = y, ofQueries = qNorm, ofKeys = kNorm, c = cos, s = sin)
        fixed (SequenceStep* each = steps)
        {
            var job = new StepsJob
            {
                Queries = queries,
                Results = to,
                Each = each,
                Shape = shape,
                QNorm = ofQueries,
                KNorm = ofKeys,
                Cos = c,
                Sin = s,
                // A sequence goes to one thread where there are enough of them for all.
                PartsOfSequence = steps.Length >= workers.Threads ? 1 : Math.Min(shape.KvHeads, workers.Threads),
            };
            Simd.Run(ref job, steps.Length * job.PartsOfSequence, workers);
        }
    }

    static void CheckSteps(Span<float> q, ReadOnlySpan<SequenceStep> steps, Span<float> y, HeadShape shape, int angles)
    {
        var width = (long)shape.Heads * shape.Dim;
        if (shape.Heads % shape.KvHeads != 0 || !TakesSteps(shape.Dim) || q.Length < steps.Length * width
            || y.Length < steps.Length * width)
            throw new ArgumentException(
                $"{steps.Length} positions of {shape} were asked for, but q has {q.Length} and y {y.Length} elements.");
        foreach (var step in steps)
            if (step.Length < (step.Stored + 1L) * shape.KvHeads * shape.Dim || angles < (step.Position + 1L) * (shape.Dim / 2))
                throw new ArgumentException(
                    $"Position {step.Position} after {step.Stored} keys of {shape} was asked for, but there are {step.Length} elements " +
                    $"of keys and {angles} angles.");
    }

    struct StepsJob : IKernel
    {
        public float* Queries, Results, QNorm, KNorm, Cos, Sin;
        public SequenceStep* Each;
        public HeadShape Shape;
        public int PartsOfSequence;

        public readonly void Part<T>(int part) where T : struct, ILanes<T>
        {
            var (sequence, share) = (part / PartsOfSequence, part % PartsOfSequence);
            var step = Each[sequence];
            var width = (nint)Shape.Heads * Shape.Dim;
            var job = new Job
            {
                Q = Queries + sequence * width,
                Y = Results + sequence * width,
                K = step.Keys,
                V = step.Values,
                Start = step.Stored,
                Shape = Shape,
                Group = Shape.Heads / Shape.KvHeads,
            };
            var (first, end) = (Shape.KvHeads * share / PartsOfSequence, Shape.KvHeads * (share + 1) / PartsOfSequence);
            Prepare<T>(job.Q + first * job.Group * Shape.Dim, QNorm, (end - first) * job.Group, step.Position);
            Prepare<T>(job.K + ((nint)step.Stored * Shape.KvHeads + first) * Shape.Dim, KNorm, end - first, step.Position);
            Step<T>(job, first, end - first);
        }

        // Norm, where there is one, and rotary embedding.
        readonly void Prepare<T>(float* x, float* norm, int heads, int position) where T : struct, ILanes<T>
        {
            if (norm != null)
                Norms.RmsNorm<T>(x, norm, Shape.Eps, x, heads, Shape.Dim);
            Rotary.Apply<T>(x, Cos, Sin, 1, position, heads, Shape.Dim / 2);
        }
    }

    // One position, some heads: key after key for all of them, so that memory is read in long pieces.
    [MethodImpl(Simd.Hot)]
    static void Step<T>(in Job job, int head, int heads) where T : struct, ILanes<T>
    {
        var (rows, dim, group) = (heads * job.Group, job.Shape.Dim, job.Group);
        var firstKey = job.First(0);
        var keyCount = job.Start + 1 - firstKey;
        var stride = (nint)job.Shape.KvHeads * dim;
        var k = job.K + firstKey * stride + head * dim;
        var v = job.V + firstKey * stride + head * dim;
        var queries = Scratch.Floats(ref _queries, checked(rows * dim));
        Scale<T>(job.Q + (nint)head * group * dim, job.Shape.Scale, queries, rows * dim);
        var scores = Scratch.Floats(ref _scores, checked(rows * keyCount));
        for (var key = 0; key < keyCount; key++)
        {
            if (key + Prefetch.RowsAhead < keyCount)
                Prefetch.Row(k + (key + Prefetch.RowsAhead) * stride, heads * dim);
            for (var r = 0; r < rows; r++)
                scores[(nint)r * keyCount + key] = DotBlock.One<T, float>(k + key * stride + r / group * dim, queries + r * dim, dim);
        }
        var results = Results(checked(rows * dim));
        var sums = Scratch.Floats(ref _exponentials, rows);
        for (var r = 0; r < rows; r++)
            sums[r] = SoftmaxRow.Exponentials<T>(scores + (nint)r * keyCount, keyCount);
        for (var key = 0; key < keyCount; key += Prefetch.RowsAhead)
        {
            var keys = Math.Min(Prefetch.RowsAhead, keyCount - key);
            for (var ahead = key + Prefetch.RowsAhead; ahead < Math.Min(key + 2 * Prefetch.RowsAhead, keyCount); ahead++)
                Prefetch.Row(v + ahead * stride, heads * dim);
            for (var h = 0; h < heads; h++)
                OuterTile.Run<T>(scores + (nint)h * group * keyCount + key, keyCount, v + key * stride + h * dim, stride,
                    results + h * group * dim, dim, keys, group, dim);
        }
        for (var r = 0; r < rows; r++)
            Scale<T>(results + r * dim, 1 / sums[r], job.Y + (nint)(head * group + r) * dim, dim);
    }
}
