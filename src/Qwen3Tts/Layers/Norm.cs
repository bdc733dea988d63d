// The two normalisations of the three networks: RMSNorm in the talker, the code predictor and the codec's decoder; LayerNorm in the codec's
// encoder.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Layers;

/// <summary>Normalises rows.</summary>
abstract class Norm
{
    /// <summary>in: x [rows, width] · out: y [rows, width] · overwrites: y, which may be x.</summary>
    public abstract void Apply(ReadOnlySpan<float> x, Span<float> y, int rows);
}

sealed class RmsNorm(Weights weights, string name, int width, float eps) : Norm
{
    readonly float[] weight = weights.Float32($"{name}.weight", width);

    public ReadOnlySpan<float> Weight => weight;

    public override void Apply(ReadOnlySpan<float> x, Span<float> y, int rows) => Norms.RmsNorm(x, weight, eps, y, rows, weight.Length);
}

sealed class LayerNorm(Weights weights, string name, int width, float eps) : Norm
{
    readonly float[] weight = weights.Float32($"{name}.weight", width);
    readonly float[] bias = weights.Float32($"{name}.bias", width);

    public override void Apply(ReadOnlySpan<float> x, Span<float> y, int rows) =>
        Norms.LayerNorm(x, weight, bias, eps, y, rows, weight.Length);
}
