using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>A function that <see cref="Elementwise"/> applies to each element. A function of x alone does not read y.</summary>
interface IFunction
{
    [MethodImpl(Simd.Hot)]
    static abstract T Apply<T>(T x, T y) where T : struct, ILanes<T>;
}

/// <summary>Applies a function to every element. in: x, y · out: x · overwrites: x. Long rows are divided among the workers.</summary>
static unsafe class Elementwise
{
    const int PartLength = 1 << 14;

    public static void Map<TFunction>(Span<float> x, Workers? workers = null) where TFunction : IFunction => Map<TFunction>(x, x, workers);

    public static void Map<TFunction>(Span<float> x, ReadOnlySpan<float> y, Workers? workers = null) where TFunction : IFunction
    {
        if (y.Length < x.Length)
            throw new ArgumentException($"{x.Length} elements meet {y.Length}.", nameof(y));
        fixed (float* first = x, second = y)
        {
            var job = new Job<TFunction> { X = first, Y = second, Length = x.Length };
            Simd.Run(ref job, (x.Length + PartLength - 1) / PartLength, workers);
        }
    }

    [MethodImpl(Simd.Hot)]
    static void Part<T, TFunction>(in Job<TFunction> job, int part) where T : struct, ILanes<T> where TFunction : IFunction
    {
        float* x = job.X + part * PartLength, y = job.Y + part * PartLength;
        var length = Math.Min(PartLength, job.Length - part * PartLength);
        var i = 0;
        for (; i + 16 <= length; i += 16)
            TFunction.Apply(T.Load(x + i), T.Load(y + i)).Store(x + i);
        if (i == length)
            return;
        var tail = stackalloc float[32];
        var rest = new Span<float>(x + i, length - i);
        rest.CopyTo(new(tail, 16));
        new ReadOnlySpan<float>(y + i, rest.Length).CopyTo(new(tail + 16, 16));
        TFunction.Apply(T.Load(tail), T.Load(tail + 16)).Store(tail);
        new ReadOnlySpan<float>(tail, rest.Length).CopyTo(rest);
    }

    struct Job<TFunction> : IKernel where TFunction : IFunction
    {
        public float* X, Y;
        public int Length;

        public readonly void Part<T>(int part) where T : struct, ILanes<T> => Elementwise.Part<T, TFunction>(this, part);
    }
}
