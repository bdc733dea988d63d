namespace Qwen3Tts.Kernels;

/// <summary>Element by element, in place unless a result is named.</summary>
static class Activations
{
    public static void Silu(Span<float> x) { foreach (ref var v in x) v /= 1 + MathF.Exp(-v); }

    /// <summary>x * (1 + erf(x / √2)) / 2: the exact one, not the tanh approximation.</summary>
    public static void Gelu(Span<float> x, Workers? workers = null) { foreach (ref var v in x) v = (float)(v * (1 + Erf(v / Math.Sqrt(2))) / 2); }
    public static void Relu(Span<float> x) { foreach (ref var v in x) v = Math.Max(v, 0); }
    public static void Sigmoid(Span<float> x) { foreach (ref var v in x) v = 1 / (1 + MathF.Exp(-v)); }
    public static void Tanh(Span<float> x) { foreach (ref var v in x) v = MathF.Tanh(v); }
    public static void Elu(Span<float> x) { foreach (ref var v in x) v = v > 0 ? v : (float)(Math.Exp(v) - 1); }

    /// <summary>gate = silu(gate) * up.</summary>
    public static void SiluMultiply(Span<float> gate, ReadOnlySpan<float> up)
    {
        for (var i = 0; i < gate.Length; i++)
            gate[i] = gate[i] / (1 + MathF.Exp(-gate[i])) * up[i];
    }

    /// <summary>y = x + inverseBeta * sin²(alpha * x), with alpha and inverseBeta [channels] and x, y [rows, channels]; y may be x.</summary>
    public static void SnakeBeta(ReadOnlySpan<float> x, ReadOnlySpan<float> alpha, ReadOnlySpan<float> inverseBeta, Span<float> y, int rows, int channels, Workers? workers = null)
    {
        for (var i = 0; i < rows * channels; i++)
        {
            var sine = MathF.Sin(alpha[i % channels] * x[i]);
            y[i] = x[i] + inverseBeta[i % channels] * sine * sine;
        }
    }

    public static void Softmax(Span<float> x)
    {
        var max = float.NegativeInfinity;
        foreach (var v in x)
            max = Math.Max(max, v);
        var sum = 0f;
        foreach (ref var v in x)
            sum += v = MathF.Exp(v - max);
        foreach (ref var v in x)
            v /= sum;
    }

    /// <summary>y += x * scale, with scale [channels] and x, y [rows, channels].</summary>
    public static void AddScaled(Span<float> y, ReadOnlySpan<float> x, ReadOnlySpan<float> scale)
    {
        for (var i = 0; i < y.Length; i++)
            y[i] += x[i] * scale[i % scale.Length];
    }

    /// <summary>y += x * scale.</summary>
    public static void AddScaled(Span<float> y, ReadOnlySpan<float> x, float scale)
    {
        for (var i = 0; i < y.Length; i++)
            y[i] += x[i] * scale;
    }

    // All terms positive, so nothing cancels; 100 of them suffice below 6, where 1 - erf is under 1e-16.
    static double Erf(double x)
    {
        if (Math.Abs(x) > 6)
            return Math.Sign(x);
        double term = x, sum = x;
        for (var n = 1; n < 120; n++)
            sum += term *= 2 * x * x / (2 * n + 1);
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }
}
