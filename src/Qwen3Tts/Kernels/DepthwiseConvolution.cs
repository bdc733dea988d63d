namespace Qwen3Tts.Kernels;

/// <summary>One filter per channel over time-major rows; the caller pads.</summary>
static class DepthwiseConvolution
{
    /// <summary>x [rows + taps - 1, channels], weight [channels, taps] as stored, bias [channels] or empty, y [rows, channels].</summary>
    public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, Span<float> y, int rows, int channels, int taps, Workers workers)
    {
        for (var t = 0; t < rows; t++)
            for (var c = 0; c < channels; c++)
            {
                var sum = bias.IsEmpty ? 0f : bias[c];
                for (var k = 0; k < taps; k++)
                    sum = MathF.FusedMultiplyAdd(weight[c * taps + k], x[(t + k) * channels + c], sum);
                y[t * channels + c] = sum;
            }
    }
}
