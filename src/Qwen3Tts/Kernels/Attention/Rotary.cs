using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>Rotary position embedding in the "rotate half" form: element i is rotated together with element i + dim/2.</summary>
static unsafe class Rotary
{
    /// <summary>
    /// Rotates queries or keys at the positions start .. start+count-1. in: x [count, heads*dim], cos and sin [position, dim/2] · out: x ·
    /// overwrites: x.
    /// </summary>
    public static void Apply(Span<float> x, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, int count, int start, int heads, int dim)
    {
        if (x.Length < (long)count * heads * dim || cos.Length < (start + (long)count) * (dim / 2)
            || sin.Length < (start + (long)count) * (dim / 2))
            throw new ArgumentException(
                $"Positions {start}..{start + count - 1} of {heads} heads of {dim} were asked for, but x has {x.Length}, " +
                $"cos {cos.Length} and sin {sin.Length} elements.");
        fixed (float* at = x, c = cos, s = sin)
        {
            var job = new Job { X = at, Cos = c, Sin = s, Count = count, Start = start, Heads = heads, Half = dim / 2 };
            Simd.Run(ref job);
        }
    }

    /// <summary>The same inside another kernel.</summary>
    [MethodImpl(Simd.Hot)]
    public static void Apply<T>(float* x, float* cos, float* sin, int count, int start, int heads, int half) where T : struct, ILanes<T>
    {
        cos += (nint)start * half;
        sin += (nint)start * half;
        for (var t = 0; t < count; t++, cos += half, sin += half)
            for (var h = 0; h < heads; h++, x += 2 * half)
            {
                var i = 0;
                for (; i + 16 <= half; i += 16)
                {
                    T a = T.Load(x + i), b = T.Load(x + half + i), c = T.Load(cos + i), s = T.Load(sin + i);
                    (a * c - b * s).Store(x + i);
                    (b * c + a * s).Store(x + half + i);
                }
                for (; i < half; i++)
                {
                    var (a, b, c, s) = (x[i], x[half + i], cos[i], sin[i]);
                    x[i] = a * c - b * s;
                    x[half + i] = b * c + a * s;
                }
            }
    }

    struct Job : IKernel
    {
        public float* X, Cos, Sin;
        public int Count, Start, Heads, Half;

        public readonly void Part<T>(int part) where T : struct, ILanes<T> => Apply<T>(X, Cos, Sin, Count, Start, Heads, Half);
    }
}
