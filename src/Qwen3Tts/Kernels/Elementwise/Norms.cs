using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>Normalisation of rows. in: x [rows, width] · out: y [rows, width] · overwrites: y, which may be x.</summary>
static unsafe class Norms
{
    /// <summary>y = x / sqrt(mean(x²) + eps) * weight.</summary>
    public static void RmsNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float eps, Span<float> y, int rows, int width)
    {
        Check(x, weight, weight, y, rows, width);
        fixed (float* from = x, w = weight, to = y)
        {
            var job = new Job { X = from, Weight = w, Y = to, Eps = eps, Rows = rows, Width = width };
            Simd.Run(ref job);
        }
    }

    /// <summary>y = (x - mean) / sqrt(variance + eps) * weight + bias.</summary>
    public static void LayerNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, float eps, Span<float> y,
        int rows, int width)
    {
        Check(x, weight, bias, y, rows, width);
        fixed (float* from = x, w = weight, b = bias, to = y)
        {
            var job = new Job { X = from, Weight = w, Bias = b, Y = to, Eps = eps, Rows = rows, Width = width };
            Simd.Run(ref job);
        }
    }

    /// <summary>The same inside another kernel.</summary>
    [MethodImpl(Simd.Hot)]
    public static void RmsNorm<T>(float* x, float* weight, float eps, float* y, int rows, int width) where T : struct, ILanes<T>
    {
        for (var r = 0; r < rows; r++, x += width, y += width)
        {
            var factor = 1 / MathF.Sqrt(Dot.Product<T>(x, x, width) / width + eps);
            var all = T.Broadcast(factor);
            var i = 0;
            for (; i + 16 <= width; i += 16)
                (T.Load(x + i) * all * T.Load(weight + i)).Store(y + i);
            for (; i < width; i++)
                y[i] = x[i] * factor * weight[i];
        }
    }

    [MethodImpl(Simd.Hot)]
    static void LayerNorm<T>(float* x, float* weight, float* bias, float eps, float* y, int rows, int width) where T : struct, ILanes<T>
    {
        for (var r = 0; r < rows; r++, x += width, y += width)
        {
            var mean = Dot.Sum<T>(x, width) / width;
            var all = T.Broadcast(mean);
            var i = 0;
            for (; i + 16 <= width; i += 16)
                (T.Load(x + i) - all).Store(y + i);
            for (; i < width; i++)
                y[i] = x[i] - mean;
            var factor = 1 / MathF.Sqrt(Dot.Product<T>(y, y, width) / width + eps);
            all = T.Broadcast(factor);
            for (i = 0; i + 16 <= width; i += 16)
                T.MultiplyAdd(T.Load(y + i) * all, T.Load(weight + i), T.Load(bias + i)).Store(y + i);
            for (; i < width; i++)
                y[i] = MathF.FusedMultiplyAdd(y[i] * factor, weight[i], bias[i]);
        }
    }

    static void Check(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, ReadOnlySpan<float> y, int rows,
        int width)
    {
        if (x.Length < (long)rows * width || y.Length < (long)rows * width || weight.Length < width || bias.Length < width)
            throw new ArgumentException(
                $"{rows} rows of {width} were asked for, but x has {x.Length}, y {y.Length}, weight {weight.Length} and bias " +
                $"{bias.Length} elements.");
    }

    struct Job : IKernel
    {
        public float* X, Weight, Bias, Y; // no bias: RMSNorm
        public float Eps;
        public int Rows, Width;

        public readonly void Part<T>(int part) where T : struct, ILanes<T>
        {
            if (Bias == null)
                RmsNorm<T>(X, Weight, Eps, Y, Rows, Width);
            else
                LayerNorm<T>(X, Weight, Bias, Eps, Y, Rows, Width);
        }
    }
}
