using Qwen3Tts.Kernels;

namespace Qwen3Tts.Tests.Kernels;

[Collection("kernels")]
public sealed class CausalAttentionTests
{
    // count, start, heads, kvHeads, dim, window
    public static TheoryData<int, int, int, int, int, int> Shapes => new()
    {
        { 1, 0, 1, 1, 1, 0 }, { 1, 40, 4, 2, 64, 0 }, { 37, 0, 4, 2, 32, 0 }, { 30, 13, 6, 2, 16, 0 }, { 5, 3, 3, 3, 20, 0 },
            { 0, 4, 2, 1, 32, 0 },
        { 60, 0, 4, 4, 64, 24 }, { 19, 31, 2, 1, 48, 7 }, { 9, 5, 2, 2, 128, 1 }, { 3, 200, 16, 8, 128, 72 }, { 26, 0, 30, 1, 32, 0 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EqualsThePlainLoop(int count, int start, int heads, int kvHeads, int dim, int window)
    {
        var (q, keys, values, scale) = Data(count, start, heads, kvHeads, dim);
        var expected = Plain.Attention(q, keys, values, count, start, heads, kvHeads, dim, window, scale);
        foreach (var team in KernelTest.Teams)
            KernelTest.Near(expected, KernelTest.OnEveryTier(
                () => Apply(q, keys, values, count, start, heads, kvHeads, dim, window, scale, team)), 3e-6, 0, $"{team.Threads} threads");
    }

    [Theory]
    [InlineData(4, 2, 32, 0)]
    [InlineData(3, 1, 20, 9)]
    [InlineData(8, 2, 64, 30)]
    public void StepByStepEqualsAllAtOnceBitForBit(int heads, int kvHeads, int dim, int window)
    {
        const int Count = 80;
        var (q, keys, values, scale) = Data(Count, 0, heads, kvHeads, dim);
        var whole = Apply(q, keys, values, Count, 0, heads, kvHeads, dim, window, scale, KernelTest.Teams[1]);
        var (row, cached) = (heads * dim, kvHeads * dim);
        for (var t = 0; t < Count; t++)
        {
            var expected = whole.AsSpan(t * row, row);
            KernelTest.Same(expected, Apply(q[(t * row)..], keys, values, 1, t, heads, kvHeads, dim, window, scale, KernelTest.Teams[0]),
                $"step {t}");
            if (window > 0 && t >= window) // and where only the window was kept
                KernelTest.Same(expected, Apply(q[(t * row)..], keys[((t - window + 1) * cached)..], values[((t - window + 1) * cached)..],
                    1, window - 1, heads, kvHeads, dim, window, scale, KernelTest.Teams[0]), $"window {t}");
        }
    }

    /// <summary>The next position of each sequence, with norms and rotary embedding, against one operation after the other.</summary>
    [Theory]
    [InlineData(16, 8, 128, 0, 0, true, new[] { 85, 0, 3, 84, 40, 17, 1, 200 })]
    [InlineData(4, 2, 64, 9, 0, false, new[] { 30, 8, 9 })]
    [InlineData(4, 1, 32, 0, 7, false, new[] { 20, 6, 7 })]
    [InlineData(3, 3, 32, 0, 0, true, new[] { 12 })]
    public void StepsOfSequencesEqualEachAloneBitForBit(int heads, int kvHeads, int dim, int window, int sequence, bool norms, int[] stored)
    {
        const float Eps = 1e-6f;
        var random = new Random(dim);
        var shape = new HeadShape(heads, kvHeads, dim, window, sequence, 1 / MathF.Sqrt(dim), Eps);
        var (cos, sin) = (KernelTest.Numbers(random, 400 * dim / 2), KernelTest.Numbers(random, 400 * dim / 2));
        float[] qNorm = norms ? KernelTest.Numbers(random, dim) : [], kNorm = norms ? KernelTest.Numbers(random, dim) : [];
        var q = KernelTest.Numbers(random, stored.Length * heads * dim, 2);
        var caches = stored.Select(s => (K: Pinned(random, (s + 1) * kvHeads * dim), V: Pinned(random, (s + 1) * kvHeads * dim))).ToArray();
        var expected = stored.SelectMany((s, i) =>
        {
            var (mine, keys) = (q[(i * heads * dim)..((i + 1) * heads * dim)], (float[])caches[i].K.Clone());
            var key = keys.AsSpan(s * kvHeads * dim);
            if (norms)
            {
                Norms.RmsNorm(mine, qNorm, Eps, mine, heads, dim);
                Norms.RmsNorm(key, kNorm, Eps, key, kvHeads, dim);
            }
            Rotary.Apply(mine, cos, sin, 1, s + 5, heads, dim);
            Rotary.Apply(key, cos, sin, 1, s + 5, kvHeads, dim);
            return Apply(mine, keys, caches[i].V, 1, s, heads, kvHeads, dim, window, shape.Scale, KernelTest.Teams[0], sequence);
        }).ToArray();
        foreach (var team in KernelTest.Teams)
            KernelTest.Same(expected, KernelTest.OnEveryTier(() =>
            {
                var y = new float[q.Length];
                var keys = caches.Select(c => Pinned(c.K)).ToArray(); // they are overwritten
                var steps = caches.Select((c, i) => new SequenceStep(keys[i], c.V, stored[i] + 5, stored[i])).ToArray();
                CausalAttention.ApplySteps([.. q], steps, y, shape, qNorm, kNorm, cos, sin, team);
                GC.KeepAlive(keys);
                return y;
            }), $"{team.Threads} threads");
    }

    [Theory]
    [InlineData(4, 2, 32, 16, 5)]
    [InlineData(3, 1, 20, 7, 9)]
    [InlineData(2, 2, 64, 60, 2)]
    public void SequencesTogetherEqualEachAloneBitForBit(int heads, int kvHeads, int dim, int sequence, int sequences)
    {
        var (q, keys, values, scale) = Data(sequence * sequences, 0, heads, kvHeads, dim);
        var (row, cached) = (sequence * heads * dim, sequence * kvHeads * dim);
        foreach (var team in KernelTest.Teams)
        {
            var together = Apply(q, keys, values, sequence * sequences, 0, heads, kvHeads, dim, 0, scale, team, sequence);
            for (var s = 0; s < sequences; s++)
                KernelTest.Same(together.AsSpan(s * row, row),
                    Apply(q[(s * row)..], keys[(s * cached)..], values[(s * cached)..], sequence, 0, heads, kvHeads, dim, 0, scale, team),
                    $"sequence {s}");
        }
    }

    [Fact]
    public void LargeScoresDoNotOverflow()
    {
        var (q, keys, values, _) = Data(3, 20, 2, 1, 32);
        var expected = Plain.Attention(q, keys, values, 3, 20, 2, 1, 32, 0, 300);
        KernelTest.Near(expected, Apply(q, keys, values, 3, 20, 2, 1, 32, 0, 300, KernelTest.Teams[0]), 2e-3, 0, "result");
    }

    [Fact]
    public void AllocatesNothing()
    {
        var (q, keys, values, scale) = Data(10, 50, 4, 2, 40);
        var y = new float[10 * 4 * 40];
        Assert.Equal(0, KernelTest.Allocated(
            () => CausalAttention.Apply(q, keys, values, y, 10, 50, new(4, 2, 40, 0, 0, scale, 0), KernelTest.Teams[0])));

        var (cache, angles, shape) = (Pinned(new Random(1), 60 * 64), new float[60 * 16], new HeadShape(4, 2, 32, 0, 0, scale, 1e-6f));
        SequenceStep[] steps = [new(cache, cache, 59, 59), new(cache, cache, 40, 40)];
        Assert.Equal(0, KernelTest.Allocated(
            () => CausalAttention.ApplySteps(q, steps, y, shape, angles.AsSpan(0, 32), default, angles, angles, KernelTest.Teams[0])));
        GC.KeepAlive(cache);
    }

    [Fact]
    public void ATooShortCacheIsRefused()
    {
        var (q, keys, values, scale) = Data(2, 5, 2, 2, 32);
        Assert.Throws<ArgumentException>(() => Apply(q, keys, values, 2, 6, 2, 2, 32, 0, scale, KernelTest.Teams[0]));
        var shape = new HeadShape(2, 2, 32, 0, 0, scale, 0);
        var angles = new float[8 * 16];
        void Step(int position, int stored) => CausalAttention.ApplySteps(q, [new(keys, values, position, stored)], new float[64], shape,
            [], [], angles, angles, KernelTest.Teams[0]);
        Assert.Throws<ArgumentException>(() => Step(position: 7, stored: 7)); // there are seven keys
        Assert.Throws<ArgumentException>(() => Step(position: 8, stored: 6)); // there are angles for eight positions
        Step(position: 7, stored: 6);
    }

    static float[] Pinned(Random random, int count) => Pinned(KernelTest.Numbers(random, count, 2));

    static float[] Pinned(float[] numbers)
    {
        var pinned = GC.AllocateUninitializedArray<float>(numbers.Length, pinned: true);
        numbers.CopyTo(pinned, 0);
        return pinned;
    }

    static (float[] Q, float[] Keys, float[] Values, float Scale) Data(int count, int start, int heads, int kvHeads, int dim)
    {
        var random = new Random(count * 3 + start * 5 + heads * 7 + dim);
        return (KernelTest.Numbers(random, count * heads * dim, 2), KernelTest.Numbers(random, (start + count) * kvHeads * dim, 2),
            KernelTest.Numbers(random, (start + count) * kvHeads * dim), 1 / MathF.Sqrt(dim));
    }

    static float[] Apply(ReadOnlySpan<float> q, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, int count, int start, int heads,
        int kvHeads, int dim, int window, float scale, Workers team, int sequence = 0)
    {
        var y = new float[count * heads * dim];
        CausalAttention.Apply(q, keys, values, y, count, start, new(heads, kvHeads, dim, window, sequence, scale, 0), team);
        return y;
    }
}
