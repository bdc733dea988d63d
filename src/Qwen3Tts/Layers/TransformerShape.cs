// The differences between the four transformers of a Qwen3-TTS model. The rest of the code is the same for all of them.
using Qwen3Tts.Checkpoint;

namespace Qwen3Tts.Layers;

/// <summary>
/// Sizes and kinds of a stack of decoder layers. The defaults are those of talker and code predictor, except that these also normalise q
/// and k.
/// </summary>
sealed record TransformerShape(int Layers, int Hidden, int Intermediate, int Heads, int KeyValueHeads, int HeadDim, double RopeTheta,
    float NormEps)
{
    /// <summary>Number of positions that a row sees, including itself; 0: all positions up to itself.</summary>
    public int Window { get; init; }

    /// <summary>q and k are normalised per head before they are rotated.</summary>
    public bool QueryKeyNorm { get; init; }

    /// <summary>The output of attention and of the feed-forward network is scaled per channel before it is added.</summary>
    public bool LayerScale { get; init; }

    /// <summary>LayerNorm and a two-layer GELU network (the codec's encoder) instead of RMSNorm and a gated SiLU network.</summary>
    public bool Classic { get; init; }

    /// <summary>There is a norm after the last layer.</summary>
    public bool FinalNorm { get; init; } = true;

    /// <summary>The shape of the talker, or of its code predictor.</summary>
    public static TransformerShape FromConfig(DecoderConfig c) =>
        new(c.NumHiddenLayers, c.HiddenSize, c.IntermediateSize, c.NumAttentionHeads, c.NumKeyValueHeads, c.HeadDim, c.RopeTheta,
            (float)c.RmsNormEps)
        {
            QueryKeyNorm = true,
        };

    public Norm LoadNorm(Weights weights, string name) =>
        Classic ? new LayerNorm(weights, name, Hidden, NormEps) : new RmsNorm(weights, name, Hidden, NormEps);
}
