namespace Qwen3Tts.Kernels;

/// <summary>
/// 1-D convolution over time-major rows: output row t reads the input rows t*Stride + k*Dilation for k below Taps. The caller pads.
/// </summary>
sealed class Convolution
{
    readonly float[] _weight; // [output, taps, input]
    readonly float[]? _bias;

    /// <summary>Weight [output, input, taps], as stored.</summary>
    public Convolution(ReadOnlySpan<float> weight, float[]? bias, int output, int input, int taps, int stride = 1, int dilation = 1)
    {
        if (weight.Length != output * input * taps)
            throw new ArgumentException($"A convolution of {output} x {input} x {taps} needs {output * input * taps} weights, but {weight.Length} were given.", nameof(weight));
        (Output, Input, Taps, Stride, Dilation, _bias) = (output, input, taps, stride, dilation, bias);
        _weight = new float[weight.Length];
        for (var o = 0; o < output; o++)
            for (var i = 0; i < input; i++)
                for (var k = 0; k < taps; k++)
                    _weight[(o * taps + k) * input + i] = weight[(o * input + i) * taps + k];
    }

    /// <summary>
    /// A transposed convolution, weight [input, output, taps] with taps a multiple of stride, as an ordinary one with taps/stride taps and
    /// stride*output channels: row q of the result holds the samples q*stride .. q*stride+stride-1, each [output]. It reads the input rows
    /// q .. q+taps/stride-1, the last of which is the current one (the caller puts taps/stride-1 rows of history in front).
    /// </summary>
    public static Convolution Transposed(ReadOnlySpan<float> weight, float[]? bias, int input, int output, int taps, int stride)
    {
        if (stride < 1 || taps % stride != 0)
            throw new ArgumentException($"A transposed convolution of {taps} taps and stride {stride} is none of whole rows: taps must be a multiple of stride.", nameof(taps));
        var reach = taps / stride;
        var ordinary = new float[weight.Length]; // [stride*output, input, reach]
        for (var i = 0; i < input; i++)
            for (var o = 0; o < output; o++)
                for (var k = 0; k < taps; k++)
                    ordinary[((k % stride * output + o) * input + i) * reach + reach - 1 - k / stride] = weight[(i * output + o) * taps + k];
        float[]? biases = null;
        if (bias is not null)
        {
            biases = new float[stride * output];
            for (var p = 0; p < stride; p++)
                bias.CopyTo(biases, p * output);
        }
        return new Convolution(ordinary, biases, stride * output, input, reach);
    }

    public int Output { get; }
    public int Input { get; }
    public int Taps { get; }
    public int Stride { get; }
    public int Dilation { get; }

    /// <summary>Input rows that one output row spans.</summary>
    public int Reach => (Taps - 1) * Dilation + 1;

    /// <summary>x [(outputRows - 1) * Stride + Reach, Input] to y [outputRows, Output].</summary>
    public void Apply(ReadOnlySpan<float> x, Span<float> y, int outputRows, Workers workers)
    {
        for (var t = 0; t < outputRows; t++)
            for (var o = 0; o < Output; o++)
            {
                var sum = _bias is null ? 0f : _bias[o];
                for (var k = 0; k < Taps; k++)
                    for (var i = 0; i < Input; i++)
                        sum = MathF.FusedMultiplyAdd(_weight[(o * Taps + k) * Input + i], x[(t * Stride + k * Dilation) * Input + i], sum);
                y[t * Output + o] = sum;
            }
    }
}
