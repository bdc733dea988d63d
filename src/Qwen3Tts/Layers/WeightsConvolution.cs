// Convolutions of a checkpoint. Their memory is laid out when the network is made, and the weights are packed into it afterwards, on all
// processors.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Layers;

static class WeightsConvolution
{
    /// <summary><c>{name}.weight</c> [output, input, taps] and, unless <paramref name="bias"/> is false, <c>{name}.bias</c>.</summary>
    public static Convolution Convolution(this Weights weights, string name, int output, int input, int taps, int stride = 1,
        int dilation = 1, bool bias = true)
    {
        var biases = bias ? weights.Float32($"{name}.bias", output) : null;
        if (!weights.Has($"{name}.weight", output, input, taps))
            return Kernels.Convolution.WithoutWeights(output, input, taps, stride, dilation);
        var convolution = new Convolution(biases, output, input, taps, stride, dilation, weights.IsBFloat16($"{name}.weight"));
        weights.ReadLater($"{name}.weight", convolution.SetWeights);
        return convolution;
    }

    /// <summary>A linear layer that is stored as a convolution of one tap.</summary>
    public static Convolution Pointwise(this Weights weights, string name, int output, int input) =>
        weights.Convolution(name, output, input, taps: 1);

    /// <summary>A transposed convolution: <c>{name}.weight</c> [input, output, taps] and <c>{name}.bias</c>.</summary>
    public static Convolution TransposedConvolution(this Weights weights, string name, int output, int input, int taps, int rate)
    {
        var biases = weights.Float32($"{name}.bias", output);
        if (!weights.Has($"{name}.weight", input, output, taps))
            return Kernels.Convolution.WithoutWeights(rate * output, input, taps / rate);
        var convolution = Kernels.Convolution.Transposed(biases, input, output, taps, rate, weights.IsBFloat16($"{name}.weight"));
        weights.ReadLater($"{name}.weight", numbers => convolution.SetTransposedWeights(numbers, output));
        return convolution;
    }
}
