using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>The codec's activation, y = x + sin²(αx) / β per channel, over time-major rows.</summary>
static unsafe class Snake
{
    const int PartLength = 1 << 14;

    public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> alpha, ReadOnlySpan<float> inverseBeta, Span<float> y, int rows,
        int channels, Workers? workers)
    {
        if (x.Length < (long)rows * channels || y.Length < (long)rows * channels || alpha.Length < channels
            || inverseBeta.Length < channels)
            throw new ArgumentException(
                $"{rows} rows of {channels} were asked for, but x has {x.Length}, y {y.Length}, alpha {alpha.Length} and inverseBeta " +
                $"{inverseBeta.Length} elements.");
        fixed (float* from = x, to = y, a = alpha, b = inverseBeta)
        {
            var rowsPerPart = Math.Max(1, PartLength / Math.Max(1, channels));
            var job = new Job { X = from, Y = to, Alpha = a, InverseBeta = b, Rows = rows, Channels = channels, RowsPerPart = rowsPerPart };
            Simd.Run(ref job, (rows + rowsPerPart - 1) / rowsPerPart, workers);
        }
    }

    [MethodImpl(Simd.Hot)]
    static void Part<T>(in Job job, int part) where T : struct, ILanes<T>
    {
        var tail = stackalloc float[64];
        var last = Math.Min(job.Rows, (part + 1) * job.RowsPerPart);
        for (var t = part * job.RowsPerPart; t < last; t++)
        {
            float* x = job.X + (nint)t * job.Channels, y = job.Y + (nint)t * job.Channels;
            var c = 0;
            for (; c + 16 <= job.Channels; c += 16)
                Step<T>(x + c, job.Alpha + c, job.InverseBeta + c, y + c);
            var rest = job.Channels - c;
            if (rest == 0)
                continue;
            new ReadOnlySpan<float>(x + c, rest).CopyTo(new(tail, 16));
            new ReadOnlySpan<float>(job.Alpha + c, rest).CopyTo(new(tail + 16, 16));
            new ReadOnlySpan<float>(job.InverseBeta + c, rest).CopyTo(new(tail + 32, 16));
            Step<T>(tail, tail + 16, tail + 32, tail + 48);
            new ReadOnlySpan<float>(tail + 48, rest).CopyTo(new(y + c, rest));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Step<T>(float* x, float* alpha, float* inverseBeta, float* y) where T : struct, ILanes<T>
    {
        var v = T.Load(x);
        T.MultiplyAdd(T.Load(inverseBeta), Functions.SineSquared(T.Load(alpha) * v), v).Store(y);
    }

    struct Job : IKernel
    {
        public float* X, Y, Alpha, InverseBeta;
        public int Rows, Channels, RowsPerPart;

        public readonly void Part<T>(int part) where T : struct, ILanes<T> => Snake.Part<T>(this, part);
    }
}
