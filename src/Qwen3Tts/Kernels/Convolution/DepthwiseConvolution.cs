using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>
/// One filter per channel over time-major rows; the caller pads. An output is its bias and then one chain of fused steps over the taps.
/// </summary>
static unsafe class DepthwiseConvolution
{
    const int RowsPerPart = 32;

    [ThreadStatic] static float[]? _transposed;

    /// <summary>
    /// in: x [rows + taps - 1, channels], weight [channels, taps] as stored, bias [channels] or empty · out: y [rows, channels] ·
    /// overwrites: y.
    /// </summary>
    public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, Span<float> y, int rows,
        int channels, int taps, Workers workers)
    {
        if (rows == 0)
            return;
        if (x.Length < (rows + taps - 1L) * channels || weight.Length != (long)channels * taps || !bias.IsEmpty && bias.Length != channels
            || y.Length < (long)rows * channels)
            throw new ArgumentException(
                $"{rows} rows of {channels} channels and {taps} taps were asked for, but x has {x.Length}, weight {weight.Length}, bias " +
                $"{bias.Length} and y {y.Length} elements.");
        var w = Scratch.Floats(ref _transposed, channels * taps); // [taps, channels], the order in which it is read
        for (var c = 0; c < channels; c++)
            for (var k = 0; k < taps; k++)
                w[k * channels + c] = weight[c * taps + k];
        fixed (float* from = x, to = y, b = bias)
        {
            var job = new Job { X = from, Y = to, Weight = w, Bias = b, Rows = rows, Channels = channels, Taps = taps };
            Simd.Run(ref job, (rows + RowsPerPart - 1) / RowsPerPart, workers);
        }
    }

    [MethodImpl(Simd.Hot)]
    static void Part<T>(in Job job, int part) where T : struct, ILanes<T>
    {
        nint channels = job.Channels;
        var last = Math.Min(job.Rows, (part + 1) * RowsPerPart);
        for (var t = part * RowsPerPart; t < last; t++)
        {
            float* x = job.X + t * channels, y = job.Y + t * channels;
            nint c = 0;
            for (; c + 16 <= channels; c += 16)
            {
                var sum = job.Bias == null ? T.Broadcast(0) : T.Load(job.Bias + c);
                for (var k = 0; k < job.Taps; k++)
                    sum = T.MultiplyAdd(T.Load(job.Weight + k * channels + c), T.Load(x + k * channels + c), sum);
                sum.Store(y + c);
            }
            for (; c < channels; c++)
            {
                var sum = job.Bias == null ? 0 : job.Bias[c];
                for (var k = 0; k < job.Taps; k++)
                    sum = MathF.FusedMultiplyAdd(job.Weight[k * channels + c], x[k * channels + c], sum);
                y[c] = sum;
            }
        }
    }

    struct Job : IKernel
    {
        public float* X, Y, Weight, Bias;
        public int Rows, Channels, Taps;

        public readonly void Part<T>(int part) where T : struct, ILanes<T> => DepthwiseConvolution.Part<T>(this, part);
    }
}
