using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>Softmax over one row of any length.</summary>
static unsafe class SoftmaxRow
{
    public static void Apply(Span<float> x)
    {
        if (x.IsEmpty)
            return;
        fixed (float* at = x)
        {
            var job = new Job { X = at, Length = x.Length };
            Simd.Run(ref job);
        }
    }

    [MethodImpl(Simd.Hot)]
    static void Apply<T>(float* x, int length) where T : struct, ILanes<T>
    {
        var sum = Exponentials<T>(x, length);
        for (var i = 0; i < length; i++)
            x[i] /= sum;
    }

    /// <summary>e^(x - max). in: x · out: x · overwrites: x. Returns the sum of the results.</summary>
    [MethodImpl(Simd.Hot)]
    public static float Exponentials<T>(float* x, int length) where T : struct, ILanes<T>
    {
        var full = length / 16 * 16;
        var tail = stackalloc float[16];
        new Span<float>(tail, 16).Fill(float.NegativeInfinity); // adds e^-∞ = 0
        new ReadOnlySpan<float>(x + full, length - full).CopyTo(new(tail, 16));
        var largest = T.Load(tail);
        for (var i = 0; i < full; i += 16)
            largest = T.Max(largest, T.Load(x + i));
        var max = T.Broadcast(largest.Largest());
        var sum = T.Broadcast(0);
        for (var i = 0; i < full; i += 16)
        {
            var e = Functions.Exp(T.Load(x + i) - max);
            e.Store(x + i);
            sum += e;
        }
        var last = Functions.Exp(T.Load(tail) - max);
        last.Store(tail);
        new ReadOnlySpan<float>(tail, length - full).CopyTo(new(x + full, length - full));
        return (sum + last).Sum();
    }

    struct Job : IKernel
    {
        public float* X;
        public int Length;

        public readonly void Part<T>(int part) where T : struct, ILanes<T> => Apply<T>(X, Length);
    }
}
