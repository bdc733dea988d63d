// A stack of decoder layers: the talker, the code predictor and the two transformers of the codec. A prompt of many rows and a step of one
// row run the same code, and the result does not depend, bit for bit, on how a sequence is divided into calls. The buffers belong to the
// stack and are reused, so only one caller at a time may use it. Everything that belongs to one sequence is in its KeyValueCache.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Layers;

/// <summary>Receives the rows after layer <paramref name="layer"/>, for one part of the sequence at a time.</summary>
delegate void TransformerTrace(int layer, ReadOnlySpan<float> rows);

sealed class Transformer
{
    const int LargestPiece = 256; // most rows that are computed together; limits the size of the buffers

    readonly TransformerLayer[] layers;
    readonly Norm? norm;
    readonly RotaryTable _rotary;
    readonly TransformerScratch _scratch;

    /// <summary>Loads <c>{name}.layers.{i}</c> and, where the shape has one, <c>{name}.norm</c>.</summary>
    public Transformer(Weights weights, string name, TransformerShape shape)
    {
        Shape = shape;
        weights.Expect($"{name}.layers", shape.Layers);
        layers = [.. Enumerable.Range(0, shape.Layers).Select(i => new TransformerLayer(weights, $"{name}.layers.{i}", shape, i))];
        norm = shape.FinalNorm ? shape.LoadNorm(weights, $"{name}.norm") : null;
        _rotary = new(shape.HeadDim, shape.RopeTheta);
        _scratch = new(shape);
    }

    public TransformerShape Shape { get; }

    /// <summary>True if a linear layer has this name.</summary>
    public bool IsLayer(string name) => layers.Any(l => l.IsLayer(name));

    /// <param name="sequence">Length of each of many short sequences; 0: there is one sequence.</param>
    public KeyValueCache CreateCache(int sequence = 0) => new(Shape.Layers, Shape.KeyValueHeads * Shape.HeadDim, Shape.Window, sequence);

    /// <summary>in: x [count, hidden], the next rows of the cache's sequence · out: x after all layers · overwrites: x.</summary>
    public void Forward(Span<float> x, int count, KeyValueCache cache, Workers workers, TransformerTrace? trace = null)
    {
        for (var from = 0; from < count; from += LargestPiece)
        {
            var rows = Math.Min(LargestPiece, count - from);
            var piece = x.Slice(from * Shape.Hidden, rows * Shape.Hidden);
            cache.Reserve(rows);
            _scratch.SetAdapters(new(in cache));
            for (var i = 0; i < layers.Length; i++)
            {
                layers[i].Forward(piece, rows, new(in cache), _rotary, _scratch, workers);
                trace?.Invoke(i, piece);
            }
            cache.Advance(rows);
            norm?.Apply(piece, piece, rows);
        }
    }

    /// <summary>
    /// The same for several sequences at once: weights are read once for all. Each result is that of the sequence alone, bit for bit. in: x
    /// [caches, count, hidden], the next rows of each cache's sequence · out: x after all layers · overwrites: x.
    /// </summary>
    public void ForwardEach(Span<float> x, int count, ReadOnlySpan<KeyValueCache> caches, Workers workers)
    {
        foreach (var cache in caches)
            cache.Reserve(count);
        _scratch.SetAdapters(caches);
        foreach (var layer in layers)
            layer.Forward(x, count, caches, _rotary, _scratch, workers);
        foreach (var cache in caches)
            cache.Advance(count);
        norm?.Apply(x, x, caches.Length * count);
    }
}

sealed class TransformerLayer
{
    readonly Norm input_layernorm, post_attention_layernorm;
    readonly Attention self_attn;
    readonly Mlp mlp;
    readonly float[]? self_attn_layer_scale, mlp_layer_scale;

    public TransformerLayer(Weights weights, string name, TransformerShape shape, int layer)
    {
        input_layernorm = shape.LoadNorm(weights, $"{name}.input_layernorm");
        self_attn = new(weights, $"{name}.self_attn", shape, layer);
        post_attention_layernorm = shape.LoadNorm(weights, $"{name}.post_attention_layernorm");
        mlp = shape.Classic ? new GeluMlp(weights, $"{name}.mlp", shape.Hidden, shape.Intermediate)
            : new GatedMlp(weights, $"{name}.mlp", shape.Hidden, shape.Intermediate);
        if (!shape.LayerScale)
            return;
        self_attn_layer_scale = weights.Float32($"{name}.self_attn_layer_scale.scale", shape.Hidden);
        mlp_layer_scale = weights.Float32($"{name}.mlp_layer_scale.scale", shape.Hidden);
    }

    public bool IsLayer(string name) => self_attn.Layers.Concat(mlp.Layers).Any(l => l.Name == name);

    /// <summary>in: x [caches, count, hidden] · out: x after the layer · overwrites: x.</summary>
    public void Forward(Span<float> x, int count, ReadOnlySpan<KeyValueCache> caches, RotaryTable rotary, TransformerScratch scratch,
        Workers workers)
    {
        var rows = caches.Length * count;
        var normed = scratch.Normed(rows); // [rows, hidden]
        input_layernorm.Apply(x, normed, rows);
        self_attn.Add(normed, x, count, caches, rotary, scratch, self_attn_layer_scale, workers);
        post_attention_layernorm.Apply(x, normed, rows);
        mlp.Add(normed, x, rows, scratch, mlp_layer_scale, workers);
    }
}
