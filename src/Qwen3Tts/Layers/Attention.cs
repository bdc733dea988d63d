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

    /// <summary>
    /// in: x [count, hidden], normalised · out: the attention's output, added to <paramref name="residual"/> [count, hidden] · overwrites:
    /// residual.
    /// </summary>
    public void Add(ReadOnlySpan<float> x, Span<float> residual, int count, KeyValueCache cache, RotaryTable rotary,
        TransformerScratch scratch, float[]? scale, Workers workers)
    {
        var (heads, shared, dim) = (_shape.Heads, _shape.KeyValueHeads, _shape.HeadDim);
        var q = scratch.Queries(count); // [count, heads * dim]
        var k = cache.NewKeys(_layer, count); // [count, kvHeads * dim]
        q_proj.Apply(x, q, count, workers);
        k_proj.Apply(x, k, count, workers);
        v_proj.Apply(x, cache.NewValues(_layer, count), count, workers);
        q_norm?.Apply(q, q, count * heads);
        k_norm?.Apply(k, k, count * shared);
        rotary.Apply(q, count, cache.Position, heads, cache.Sequence);
        rotary.Apply(k, count, cache.Position, shared, cache.Sequence);
        var rows = cache.Stored + count;
        var attended = scratch.Attended(count); // [count, heads * dim]
        CausalAttention.Apply(q, cache.Keys(_layer, rows), cache.Values(_layer, rows), attended, count, cache.Stored, heads, shared, dim,
            _shape.Window, cache.Sequence, _scale, workers);
        scratch.Add(o_proj, attended, residual, count, scale, workers);
    }
}
