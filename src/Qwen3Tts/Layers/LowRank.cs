// The changes of an adapter (LoRA) that are computed beside the weights: y = W x + B (A x). So utterances with different adapters share one
// step and one copy of the weights. The sums are those of MatrixProduct, whose order depends on no count: an utterance has the same bits
// alone and among others. They are not the bits of merged weights, which are rounded to the stored type.
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Layers;

/// <summary>The pair of one matrix.</summary>
/// <param name="down">A [rank, input].</param>
/// <param name="up">B [output, rank], with the scale of the adapter.</param>
sealed class LowRankPair(Matrix down, Matrix up)
{
    public int Rank => down.Rows;

    /// <summary>in: x [count, input] · out: y [count, output] plus B (A x) · overwrites: y, inner [count, rank].</summary>
    public void AddTo(ReadOnlySpan<float> x, Span<float> y, Span<float> inner, int count, Workers workers)
    {
        MatrixProduct.Multiply(down, x, inner, count, workers);
        MatrixProduct.Multiply(up, inner, y, count, workers, add: true);
    }
}

/// <summary>The pairs of an adapter by the names of their layers, such as <c>talker.model.layers.0.mlp.up_proj</c>.</summary>
sealed class LowRank(IReadOnlyDictionary<string, LowRankPair> pairs)
{
    public LowRankPair? Find(string layer) => pairs.GetValueOrDefault(layer);
}
