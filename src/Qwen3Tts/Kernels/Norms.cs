namespace Qwen3Tts.Kernels;

/// <summary>Normalisation of rows [rows, width]; y may be x.</summary>
static class Norms
{
    /// <summary>y = x / sqrt(mean(x²) + eps) * weight.</summary>
    public static void RmsNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float eps, Span<float> y, int rows, int width)
    {
        for (var r = 0; r < rows; r++)
        {
            var sum = 0f;
            for (var i = 0; i < width; i++)
                sum += x[r * width + i] * x[r * width + i];
            var factor = 1 / MathF.Sqrt(sum / width + eps);
            for (var i = 0; i < width; i++)
                y[r * width + i] = x[r * width + i] * factor * weight[i];
        }
    }

    /// <summary>y = (x - mean) / sqrt(variance + eps) * weight + bias.</summary>
    public static void LayerNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, float eps, Span<float> y, int rows, int width)
    {
        for (var r = 0; r < rows; r++)
        {
            float mean = 0, variance = 0;
            for (var i = 0; i < width; i++)
                mean += x[r * width + i];
            mean /= width;
            for (var i = 0; i < width; i++)
                variance += (x[r * width + i] - mean) * (x[r * width + i] - mean);
            var factor = 1 / MathF.Sqrt(variance / width + eps);
            for (var i = 0; i < width; i++)
                y[r * width + i] = (x[r * width + i] - mean) * factor * weight[i] + bias[i];
        }
    }
}
