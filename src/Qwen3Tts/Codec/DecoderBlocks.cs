// The blocks between the decoder's transformer and the waveform: ConvNeXt at the low rates; above them upsampling, followed by three
// dilated residual units with Snake activations. The latter take nearly all of the codec's time.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Layers;

namespace Qwen3Tts.Codec;

/// <summary>x + gamma * pwconv2(gelu(pwconv1(norm(dwconv(x))))).</summary>
sealed class ConvNextBlock
{
    const int Taps = 7;
    const int Expansion = 4;
    const float NormEps = 1e-6f;

    readonly float[] dwconv_weight, dwconv_bias; // [dim, taps], [dim]
    readonly LayerNorm norm;
    readonly Linear pwconv1, pwconv2;
    readonly float[] gamma; // [dim]

    public ConvNextBlock(Weights weights, string name, int dim)
    {
        dwconv_weight = weights.Float32($"{name}.dwconv.conv.weight", dim, 1, Taps);
        dwconv_bias = weights.Float32($"{name}.dwconv.conv.bias", dim);
        norm = new(weights, $"{name}.norm", dim, NormEps);
        pwconv1 = Linear.Load(weights, $"{name}.pwconv1", Expansion * dim, dim, bias: true);
        pwconv2 = Linear.Load(weights, $"{name}.pwconv2", dim, Expansion * dim, bias: true);
        gamma = weights.Float32($"{name}.gamma", dim);
    }

    /// <summary>in: b.Hidden [count, dim] · out: b.Hidden after the block · overwrites: b.Hidden, b.Spare, b.Inner.</summary>
    public void Apply(Buffers b, CausalState state, Workers workers)
    {
        var (count, dim) = (b.Hidden.Count, gamma.Length);
        var branch = b.Spare.Resize(count, dim);
        DepthwiseConvolution.Apply(state.Window(this, b.Hidden, Taps - 1), dwconv_weight, dwconv_bias, branch, count, dim, Taps, workers);
        norm.Apply(branch, branch, count);
        var wide = b.Inner.Resize(count, Expansion * dim);
        pwconv1.Apply(branch, wide, count, workers);
        Activations.Gelu(wide, workers);
        pwconv2.Apply(wide, branch, count, workers);
        Activations.AddScaled(b.Hidden.Span, branch, gamma);
    }
}

/// <summary>Snake, a transposed convolution, three residual units.</summary>
sealed class DecoderBlock
{
    static readonly int[] Dilations = [1, 3, 9];

    readonly SnakeBeta snake;
    readonly CausalConvolution transposed;
    readonly ResidualUnit[] units;

    public DecoderBlock(Weights weights, string name, int input, int output, int rate)
    {
        snake = new(weights, $"{name}.0", input);
        transposed = CausalConvolution.LoadTransposed(weights, $"{name}.1.conv", output, input, 2 * rate, rate);
        units = [.. Dilations.Select((dilation, i) => new ResidualUnit(weights, $"{name}.{i + 2}", output, dilation))];
    }

    /// <summary>in: b.Hidden [count, input] · out: b.Hidden [count * rate, output] · overwrites: b.Hidden, b.Spare, b.Inner.</summary>
    public void Apply(Buffers b, CausalState state, Workers workers)
    {
        snake.Apply(b.Hidden, b.Hidden, workers);
        transposed.Apply(b.Hidden, b.Spare, state, workers);
        b.Swap();
        foreach (var unit in units)
            unit.Apply(b, state, workers);
    }
}

/// <summary>x + conv2(act2(conv1(act1(x)))), with a dilated conv1 and a pointwise conv2.</summary>
sealed class ResidualUnit(Weights weights, string name, int dim, int dilation)
{
    const int Taps = 7;

    readonly SnakeBeta act1 = new(weights, $"{name}.act1", dim);
    readonly CausalConvolution conv1 = CausalConvolution.Load(weights, $"{name}.conv1.conv", dim, dim, Taps, dilation: dilation);
    readonly SnakeBeta act2 = new(weights, $"{name}.act2", dim);
    readonly Convolution conv2 = weights.Pointwise($"{name}.conv2.conv", dim, dim);

    /// <summary>in: b.Hidden [count, dim] · out: b.Hidden after the unit · overwrites: b.Hidden, b.Spare, b.Inner.</summary>
    public void Apply(Buffers b, CausalState state, Workers workers)
    {
        act1.Apply(b.Hidden, b.Spare, workers);
        conv1.Apply(b.Spare, b.Inner, state, workers);
        act2.Apply(b.Inner, b.Inner, workers);
        conv2.Apply(b.Inner.Span, b.Hidden.Span, b.Hidden.Count, workers, add: true);
    }
}

/// <summary>x + sin²(x * e^alpha) / (e^beta + 1e-9); the checkpoint stores logarithms of both factors.</summary>
sealed class SnakeBeta(Weights weights, string name, int channels)
{
    const float NoDivisionByZero = 1e-9f;

    readonly float[] alpha = Array.ConvertAll(weights.Float32($"{name}.alpha", channels), MathF.Exp); // [channels]
    // [channels]
    readonly float[] inverseBeta = Array.ConvertAll(weights.Float32($"{name}.beta", channels), b => 1 / (MathF.Exp(b) + NoDivisionByZero));

    /// <summary>in: x · out: y · overwrites: y, which may be x.</summary>
    public void Apply(Rows x, Rows y, Workers workers) =>
        Activations.SnakeBeta(x.Span, alpha, inverseBeta, y == x ? x.Span : y.Resize(x.Count, x.Channels), x.Count, x.Channels, workers);
}
