// Residual vector quantizers. Encoder and decoder have one semantic codebook and, beside it, a chain of acoustic codebooks. The acoustic
// chain starts from the frame itself, not from the residual of the semantic codebook.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Layers;

namespace Qwen3Tts.Codec;

/// <summary>The vectors of one codebook. The checkpoint stores the sum over the frames that used a vector, and their number.</summary>
sealed class Codebook
{
    const float LeastUsage = 1e-5f;

    readonly float[] _vectors; // [size, dim]
    readonly int _dim;

    public Codebook(Weights weights, string sum, string usage, int size, int dim)
    {
        (_vectors, _dim) = (weights.Float32(sum, size, dim), dim);
        var uses = weights.Float32(usage, size);
        if (weights.HoldNothing)
            return;
        for (var i = 0; i < _vectors.Length; i++)
            _vectors[i] /= Math.Max(uses[i / dim], LeastUsage);
    }

    public ReadOnlySpan<float> this[int code] => _vectors.AsSpan(code * _dim, _dim);

    /// <summary>in: x [count, dim] · out: for each the code whose vector is nearest, of equally near ones the first.</summary>
    public void FindNearest(ReadOnlySpan<float> x, Span<int> codes, Workers workers) =>
        NearestRow.Find(_vectors, x, _dim, codes, workers);
}

/// <summary>Codes to vectors: <c>rvq_first</c> for code 0, <c>rvq_rest</c> for the others.</summary>
sealed class DecoderQuantizer
{
    readonly Codebook[] rvq_first, rvq_rest;
    readonly Linear first_output_proj, rest_output_proj; // half of codebook_dim to codebook_dim
    readonly CodecDecoderConfig _config;

    public DecoderQuantizer(Weights weights, string name, CodecDecoderConfig c)
    {
        _config = c;
        rvq_first = Books("rvq_first", c.NumSemanticQuantizers);
        rvq_rest = Books("rvq_rest", c.NumQuantizers - c.NumSemanticQuantizers);
        first_output_proj = Linear.LoadPointwise(weights, $"{name}.rvq_first.output_proj", c.CodebookDim, c.CodebookDim / 2);
        rest_output_proj = Linear.LoadPointwise(weights, $"{name}.rvq_rest.output_proj", c.CodebookDim, c.CodebookDim / 2);

        Codebook[] Books(string rvq, int count)
        {
            weights.Expect($"{name}.{rvq}.vq.layers", count);
            return [.. Enumerable.Range(0, count).Select(i => $"{name}.{rvq}.vq.layers.{i}._codebook").Select(book =>
            new Codebook(weights, $"{book}.embedding_sum", $"{book}.cluster_usage", c.CodebookSize, c.CodebookDim / 2))];
        }
    }

    /// <summary>Tensors that are in the checkpoint but that decoding does not need.</summary>
    public static IEnumerable<string> Unused(string name) => [$"{name}.rvq_first.input_proj.weight", $"{name}.rvq_rest.input_proj.weight"];

    /// <summary>in: frames [count][quantizers] · out: the sum of their vectors, y [count, codebook_dim].</summary>
    public void Decode(ReadOnlySpan<int[]> frames, Rows y, Rows scratch, Workers workers)
    {
        var to = y.Resize(frames.Length, _config.CodebookDim);
        first_output_proj.Apply(Sum(frames, rvq_first, 0, scratch), to, frames.Length, workers);
        rest_output_proj.Apply(Sum(frames, rvq_rest, rvq_first.Length, scratch), to, frames.Length, workers, add: true);
    }

    Span<float> Sum(ReadOnlySpan<int[]> frames, Codebook[] books, int from, Rows scratch)
    {
        var dim = _config.CodebookDim / 2;
        var sums = scratch.Resize(frames.Length, dim);
        sums.Clear();
        for (var t = 0; t < frames.Length; t++)
            for (var q = 0; q < books.Length; q++)
                Activations.AddScaled(sums.Slice(t * dim, dim), books[q][frames[t][from + q]], 1);
        return sums;
    }
}

/// <summary>Vectors to codes. Only the first of the encoder's quantizers are used: 16 of 32 in the released codec.</summary>
sealed class EncoderQuantizer
{
    readonly Chain semantic_residual_vector_quantizer, acoustic_residual_vector_quantizer;

    public EncoderQuantizer(Weights weights, string name, CodecEncoderConfig c, int used)
    {
        var semantic = Math.Min(used, c.NumSemanticQuantizers);
        semantic_residual_vector_quantizer = new(weights, $"{name}.semantic_residual_vector_quantizer", c, semantic);
        acoustic_residual_vector_quantizer = new(weights, $"{name}.acoustic_residual_vector_quantizer", c, used - semantic);
    }

    /// <summary>Tensors that are in the checkpoint but that encoding does not need.</summary>
    public static IEnumerable<string> Unused(string name, CodecEncoderConfig c, int used)
    {
        foreach (var (kind, first, count) in new[] { ("semantic", 0, c.NumSemanticQuantizers),
            ("acoustic", c.NumSemanticQuantizers, c.NumQuantizers - c.NumSemanticQuantizers) })
        {
            var chain = $"{name}.{kind}_residual_vector_quantizer";
            yield return $"{chain}.output_proj.weight";
            for (var i = 0; i < count; i++)
            {
                yield return $"{chain}.layers.{i}.codebook.initialized";
                if (first + i < used)
                    continue;
                yield return $"{chain}.layers.{i}.codebook.embed_sum";
                yield return $"{chain}.layers.{i}.codebook.cluster_usage";
            }
        }
    }

    /// <summary>in: x [count, hidden] · out: codes [count][used quantizers].</summary>
    public int[][] Encode(Rows x, Rows scratch, Workers workers, CodecTrace? trace)
    {
        var semantic = semantic_residual_vector_quantizer.Codes(x, scratch, workers, "semantic_in", trace);
        var acoustic = acoustic_residual_vector_quantizer.Codes(x, scratch, workers, "acoustic_in", trace);
        return [.. semantic.Zip(acoustic, (s, a) => (int[])[.. s, .. a])];
    }

    sealed class Chain
    {
        readonly Linear? input_proj; // absent if the vectors are as long as the rows
        readonly Codebook[] layers;
        readonly int _dim;

        public Chain(Weights weights, string name, CodecEncoderConfig c, int count)
        {
            _dim = c.CodebookDim;
            input_proj = _dim == c.HiddenSize ? null : Linear.LoadPointwise(weights, $"{name}.input_proj", _dim, c.HiddenSize);
            layers = [.. Enumerable.Range(0, count).Select(i => $"{name}.layers.{i}.codebook").Select(book =>
                new Codebook(weights, $"{book}.embed_sum", $"{book}.cluster_usage", c.CodebookSize, _dim))];
        }

        public int[][] Codes(Rows x, Rows scratch, Workers workers, string stage, CodecTrace? trace)
        {
            var rest = scratch.Resize(x.Count, _dim);
            if (input_proj is null)
                x.Span.CopyTo(rest);
            else
                input_proj.Apply(x.Span, rest, x.Count, workers);
            trace?.Invoke(stage, rest);
            int[][] codes = [.. Enumerable.Range(0, x.Count).Select(_ => new int[layers.Length])];
            var nearest = new int[x.Count];
            for (var q = 0; q < layers.Length; q++)
            {
                layers[q].FindNearest(rest, nearest, workers);
                for (var t = 0; t < nearest.Length; t++)
                    Activations.AddScaled(rest.Slice(t * _dim, _dim), layers[q][codes[t][q] = nearest[t]], -1);
            }
            return codes;
        }
    }
}
