namespace Qwen3Tts.Tests.Kernels;

/// <summary>The kernels as plain loops: in the kernels' order of additions where that order is guaranteed, otherwise in double.</summary>
static class Plain
{
    /// <summary>A dot product: column c is added to lane c mod 32 by fused multiply-add; then the lanes are added by halves.</summary>
    public static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Span<float> lanes = stackalloc float[32];
        lanes.Clear();
        for (var c = 0; c < a.Length; c++)
            lanes[c % 32] = MathF.FusedMultiplyAdd(a[c], b[c], lanes[c % 32]);
        for (var half = 16; half > 0; half /= 2)
            for (var i = 0; i < half; i++)
                lanes[i] += lanes[i + half];
        return lanes[0];
    }

    /// <summary>w [rows, columns], x [count, columns], y [count, rows].</summary>
    public static float[] Product(float[] w, float[] x, float[] y, int rows, int columns, int count, float[]? bias, bool add)
    {
        var result = new float[count * rows];
        for (var t = 0; t < count; t++)
            for (var r = 0; r < rows; r++)
            {
                var sum = Dot(w.AsSpan(r * columns, columns), x.AsSpan(t * columns, columns));
                if (bias is not null)
                    sum = bias[r] + sum;
                result[t * rows + r] = add ? y[t * rows + r] + sum : sum;
            }
        return result;
    }

    /// <summary>A convolution: one chain of fused multiply-adds over (tap, input), starting with the bias.</summary>
    public static float[] Convolution(float[] weight, float[]? bias, float[] x, int output, int input, int taps, int stride, int dilation,
        int rows)
    {
        var y = new float[rows * output];
        for (var t = 0; t < rows; t++)
            for (var o = 0; o < output; o++)
            {
                var sum = bias?[o] ?? 0;
                for (var k = 0; k < taps; k++)
                    for (var i = 0; i < input; i++)
                        sum = MathF.FusedMultiplyAdd(x[(t * stride + k * dilation) * input + i], weight[(o * input + i) * taps + k], sum);
                y[t * output + o] = sum;
            }
        return y;
    }

    /// <summary>
    /// A transposed convolution: every input row t adds to the samples t*stride + k. The result has the rows that have all their history:
    /// [rows*stride, output].
    /// </summary>
    public static double[] Transposed(float[] weight, float[] bias, float[] x, int input, int output, int taps, int stride, int rows)
    {
        var history = taps / stride - 1;
        var y = new double[(rows + history) * stride * output + taps * output];
        for (var t = 0; t < rows + history; t++)
            for (var k = 0; k < taps; k++)
                for (var o = 0; o < output; o++)
                    for (var i = 0; i < input; i++)
                        y[(t * stride + k) * output + o] += (double)x[t * input + i] * weight[(i * output + o) * taps + k];
        var kept = y[(history * stride * output)..((history + rows) * stride * output)];
        for (var i = 0; i < kept.Length; i++)
            kept[i] += bias[i % output];
        return kept;
    }

    public static double[] Attention(float[] q, float[] keys, float[] values, int count, int start, int heads, int kvHeads, int dim,
        int window, float scale)
    {
        var y = new double[count * heads * dim];
        for (var t = 0; t < count; t++)
            for (var h = 0; h < heads; h++)
            {
                var (first, kv) = (window == 0 ? 0 : Math.Max(0, start + t - window + 1), h / (heads / kvHeads));
                var weights = new double[start + t + 1 - first];
                for (var p = 0; p < weights.Length; p++)
                    for (var d = 0; d < dim; d++)
                        weights[p] += (double)scale * q[(t * heads + h) * dim + d] * keys[((first + p) * kvHeads + kv) * dim + d];
                var max = weights.Max();
                var sum = weights.Sum(w => Math.Exp(w - max));
                for (var p = 0; p < weights.Length; p++)
                    for (var d = 0; d < dim; d++)
                        y[(t * heads + h) * dim + d] += Math.Exp(weights[p] - max) / sum * values[((first + p) * kvHeads + kv) * dim + d];
            }
        return y;
    }

    /// <summary>All terms of this series are positive, so there is no cancellation.</summary>
    public static double Erf(double x)
    {
        if (Math.Abs(x) > 6)
            return Math.Sign(x);
        double term = x, sum = x;
        for (var n = 1; n < 120; n++)
            sum += term *= 2 * x * x / (2 * n + 1);
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }
}
