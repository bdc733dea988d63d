namespace Qwen3Tts.Kernels;

/// <summary>Softmax attention of new positions over cached keys and values, with grouped queries and, where wanted, a window.</summary>
static class CausalAttention
{
    /// <summary>
    /// The <paramref name="count"/> queries q [count, heads*dim] stand at the positions start .. start+count-1 of keys and values
    /// [>= start+count, kvHeads*dim]; y [count, heads*dim]. Window 0: a row sees everything up to itself; else itself and window-1 before it.
    /// </summary>
    public static void Apply(ReadOnlySpan<float> q, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, Span<float> y, int count, int start, int heads, int kvHeads, int dim, int window, float scale, Workers workers)
    {
        for (var t = 0; t < count; t++)
            for (var h = 0; h < heads; h++)
            {
                var last = start + t;
                var first = window == 0 ? 0 : Math.Max(0, last - window + 1);
                var offset = h / (heads / kvHeads) * dim;
                var query = q.Slice((t * heads + h) * dim, dim);
                var scores = new float[last - first + 1];
                for (var p = first; p <= last; p++)
                    for (var d = 0; d < dim; d++)
                        scores[p - first] += query[d] * scale * keys[p * kvHeads * dim + offset + d];
                Activations.Softmax(scores);
                var to = y.Slice((t * heads + h) * dim, dim);
                to.Clear();
                for (var p = first; p <= last; p++)
                    for (var d = 0; d < dim; d++)
                        to[d] += scores[p - first] * values[p * kvHeads * dim + offset + d];
            }
    }
}
