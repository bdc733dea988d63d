// Grouped-query self-attention with a key-value cache. Keys and values are projected directly into the cache. A prompt of many rows and a
// single step run the same code.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Layers;

sealed class Attention
{
    readonly Linear q_proj, k_proj, v_proj, o_proj;
    readonly RmsNorm? q_norm, k_norm;
    readonly TransformerShape _shape;
    readonly int _layer;
    readonly float _scale;

    public Attention(Weights weights, string name, TransformerShape shape, int layer)
    {
        (_shape, _layer, _scale) = (shape, layer, 1 / MathF.Sqrt(shape.HeadDim));
        var (all, shared) = (shape.Heads * shape.HeadDim, shape.KeyValueHeads * shape.HeadDim);
        q_proj = Linear.Load(weights, $"{name}.q_proj", all, shape.Hidden);
        k_proj = Linear.Load(weights, $"{name}.k_proj", shared, shape.Hidden);
        v_proj = Linear.Load(weights, $"{name}.v_proj", shared, shape.Hidden);
        o_proj = Linear.Load(weights, $"{name}.o_proj", shape.Hidden, all);
        if (!shape.QueryKeyNorm)
            return;
        q_norm = new(weights, $"{name}.q_norm", shape.HeadDim, shape.NormEps);
        k_norm = new(weights, $"{name}.k_norm", shape.HeadDim, shape.NormEps);
    }

    public IEnumerable<Linear> Layers => [q_proj, k_proj, v_proj, o_proj];

    /// <summary>
    /// in: x [caches, count, hidden], normalised: the next rows of each cache's sequence · out: the attention's output, added to
    /// <paramref name="residual"/> [caches, count, hidden] · overwrites: residual.
    /// </summary>
    public void Add(ReadOnlySpan<float> x, Span<float> residual, int count, ReadOnlySpan<KeyValueCache> caches, RotaryTable rotary,
        TransformerScratch scratch, float[]? scale, Workers workers)
    {
        var (rows, dim) = (caches.Length * count, _shape.HeadDim);
        var q = scratch.Queries(rows); // [rows, heads * dim]
        scratch.Apply(q_proj, x, q, rows, workers);
        ProjectKeysAndValues(x, count, caches, scratch, workers);
        var attended = scratch.Attended(rows); // [rows, heads * dim]
        if (count == 1 && CausalAttention.TakesSteps(dim))
            Step(q, attended, caches, rotary, scratch, workers);
        else
            Attend(q, attended, count, caches, rotary, workers);
        scratch.Add(o_proj, attended, residual, rows, scale, workers);
    }

    // The next row of each sequence, all together.
    void Step(Span<float> q, Span<float> attended, ReadOnlySpan<KeyValueCache> caches, RotaryTable rotary, TransformerScratch scratch,
        Workers workers)
    {
        var steps = scratch.Steps(caches.Length);
        for (var i = 0; i < caches.Length; i++)
        {
            var cache = caches[i];
            steps[i] = new(cache.Keys(_layer, cache.Stored + 1), cache.Values(_layer, cache.Stored + 1),
                rotary.At(cache.Position, cache.Sequence), cache.Stored);
        }
        CausalAttention.ApplySteps(q, steps, attended, HeadShape(caches[0]), q_norm is null ? [] : q_norm.Weight,
            k_norm is null ? [] : k_norm.Weight, rotary.Cos, rotary.Sin, workers);
    }

    // Several rows, one sequence after the other.
    void Attend(Span<float> q, Span<float> attended, int count, ReadOnlySpan<KeyValueCache> caches, RotaryTable rotary, Workers workers)
    {
        var (heads, shared) = (_shape.Heads, _shape.KeyValueHeads);
        q_norm?.Apply(q, q, caches.Length * count * heads);
        var width = count * heads * _shape.HeadDim;
        for (var i = 0; i < caches.Length; i++)
        {
            var cache = caches[i];
            var mine = q.Slice(i * width, width); // [count, heads * dim]
            var k = cache.NewKeys(_layer, count); // [count, kvHeads * dim]
            k_norm?.Apply(k, k, count * shared);
            rotary.Apply(mine, count, cache.Position, heads, cache.Sequence);
            rotary.Apply(k, count, cache.Position, shared, cache.Sequence);
            var seen = cache.Stored + count;
            CausalAttention.Apply(mine, cache.Keys(_layer, seen), cache.Values(_layer, seen), attended.Slice(i * width, width), count,
                cache.Stored, HeadShape(cache), workers);
        }
    }

    HeadShape HeadShape(KeyValueCache cache) =>
        new(_shape.Heads, _shape.KeyValueHeads, _shape.HeadDim, _shape.Window, cache.Sequence, _scale, _shape.NormEps);

    // One sequence: straight into its cache. Several: their rows are computed together and then divided.
    void ProjectKeysAndValues(ReadOnlySpan<float> x, int count, ReadOnlySpan<KeyValueCache> caches, TransformerScratch scratch,
        Workers workers)
    {
        if (caches.Length == 1)
        {
            scratch.Apply(k_proj, x, caches[0].NewKeys(_layer, count), count, workers);
            scratch.Apply(v_proj, x, caches[0].NewValues(_layer, count), count, workers);
            return;
        }
        var (rows, width) = (caches.Length * count, count * k_proj.Output);
        var projected = scratch.KeysOrValues(rows); // [rows, kvHeads * dim]
        scratch.Apply(k_proj, x, projected, rows, workers);
        for (var i = 0; i < caches.Length; i++)
            projected.Slice(i * width, width).CopyTo(caches[i].NewKeys(_layer, count));
        scratch.Apply(v_proj, x, projected, rows, workers);
        for (var i = 0; i < caches.Length; i++)
            projected.Slice(i * width, width).CopyTo(caches[i].NewValues(_layer, count));
    }
}
