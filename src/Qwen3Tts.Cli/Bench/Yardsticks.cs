// What this machine can do at most, measured in the same minutes as what is held against it: other programs and other guests of the host
// take their share of both.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Cli.Bench;

/// <param name="ReadGigabytes">Memory read in a second, in GB.</param>
/// <param name="FloatGigaflops">float32 products and sums in a second, in 10⁹, from registers.</param>
/// <param name="Int8Gigaops">The same for products of bytes with numbers of 16 bits, from the first-level cache.</param>
sealed record Yardsticks(double ReadGigabytes, double FloatGigaflops, double Int8Gigaops)
{
    /// <summary>The best of several short runs: what other programs take away is not the machine's limit.</summary>
    public static Yardsticks Measure(Workers workers) =>
        new(BestOf(() => Reading.Run(workers)), BestOf(() => Multiplying.Run(workers)), BestOf(() => Int8Products.Run(workers)));

    static double BestOf(Func<double> run) => Enumerable.Range(0, 5).Max(_ => run());

    static double Rate<TKernel>(double amount, ref TKernel kernel, int parts, Workers workers) where TKernel : unmanaged, IKernel
    {
        var began = Stopwatch.GetTimestamp();
        Simd.Run(ref kernel, parts, workers);
        return amount / Stopwatch.GetElapsedTime(began).TotalSeconds / 1e9;
    }

    // Sums 1 GB, more than the caches of servers hold.
    unsafe struct Reading : IKernel
    {
        const int Parts = 64, PartFloats = 1 << 22;

        // Filled, because pages that were never written to are one and the same page of zeros, which stays in the cache.
        static readonly float[] Memory = Fill(GC.AllocateUninitializedArray<float>(Parts * PartFloats, pinned: true));

        static float[] Fill(float[] memory)
        {
            Array.Fill(memory, 1);
            return memory;
        }

        public float* From, Sums;

        public static double Run(Workers workers)
        {
            var sums = stackalloc float[Parts];
            var job = new Reading { Sums = sums };
            fixed (float* from = Memory)
                job.From = from;
            return Rate(sizeof(float) * (double)Memory.Length, ref job, Parts, workers);
        }

        [MethodImpl(Simd.Hot)]
        public readonly void Part<T>(int part) where T : struct, ILanes<T>
        {
            T a = T.Broadcast(0), b = a, c = a, d = a;
            var x = From + (nint)part * PartFloats;
            for (var end = x + PartFloats; x < end; x += 64)
            {
                for (var line = 0; line < 64; line += 16)
                    Prefetch.Ahead(x + line);
                (a, b, c, d) = (a + T.Load(x), b + T.Load(x + 16), c + T.Load(x + 32), d + T.Load(x + 48));
            }
            Sums[part] = (a + b + (c + d)).Sum();
        }
    }

    // A product has a latency of four cycles, and two begin in a cycle: eight registers or more hide it. Six sums are twelve registers of
    // AVX2, which has sixteen; with AVX-512 they are six, so there it takes twelve sums.
    unsafe struct Multiplying : IKernel
    {
        const int Steps = 1 << 22, Parts = 8;

        static bool Twelve => Simd.Tier == Tier.Avx512;

        public float* Sums;

        public static double Run(Workers workers)
        {
            var sums = stackalloc float[Parts];
            var job = new Multiplying { Sums = sums };
            return Rate(2.0 * 16 * (Twelve ? 12 : 6) * Steps * Parts, ref job, Parts, workers);
        }

        [MethodImpl(Simd.Hot)]
        public readonly void Part<T>(int part) where T : struct, ILanes<T>
        {
            T w = T.Broadcast(0.999f), x = T.Broadcast(0.001f), a = x, b = x, c = x, d = x, e = x, f = x;
            if (Twelve)
            {
                Sums[part] = OfTwelve(w, x);
                return;
            }
            for (var i = 0; i < Steps; i++)
                (a, b, c, d, e, f) = (T.MultiplyAdd(a, w, x), T.MultiplyAdd(b, w, x), T.MultiplyAdd(c, w, x), T.MultiplyAdd(d, w, x),
                    T.MultiplyAdd(e, w, x), T.MultiplyAdd(f, w, x));
            Sums[part] = (a + b + (c + d) + (e + f)).Sum();
        }

        [MethodImpl(Simd.Hot)]
        static float OfTwelve<T>(T w, T x) where T : struct, ILanes<T>
        {
            T a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            for (var step = 0; step < Steps; step++)
            {
                (a, b, c, d, e, f) = (T.MultiplyAdd(a, w, x), T.MultiplyAdd(b, w, x), T.MultiplyAdd(c, w, x), T.MultiplyAdd(d, w, x),
                    T.MultiplyAdd(e, w, x), T.MultiplyAdd(f, w, x));
                (g, h, i, j, k, l) = (T.MultiplyAdd(g, w, x), T.MultiplyAdd(h, w, x), T.MultiplyAdd(i, w, x), T.MultiplyAdd(j, w, x),
                    T.MultiplyAdd(k, w, x), T.MultiplyAdd(l, w, x));
            }
            return (a + b + (c + d) + (e + f) + (g + h) + (i + j) + (k + l)).Sum();
        }
    }

    // The product of int8 weights in one row that stays in the first-level cache.
    unsafe struct Int8Products : IKernel
    {
        const int Steps = 1 << 13, Parts = 8, Columns = 1 << 12;

        public sbyte* Weights;
        public short* Tokens;
        public float* Sums;

        public static double Run(Workers workers)
        {
            var sums = stackalloc float[Parts];
            var (weights, tokens) = (new sbyte[Columns], new short[Columns]);
            fixed (sbyte* w = weights)
            fixed (short* x = tokens)
            {
                var job = new Int8Products { Weights = w, Tokens = x, Sums = sums };
                return Rate(2.0 * Columns * Steps * Parts, ref job, Parts, workers);
            }
        }

        [MethodImpl(Simd.Hot)]
        public readonly void Part<T>(int part) where T : struct, ILanes<T>
        {
            T sum = T.Broadcast(0), other = sum;
            for (var i = 0; i < Steps; i++)
                for (var c = 0; c < Columns; c += 128)
                    (sum, other) = (sum + Dot<T>(Weights + c, Tokens + c), other + Dot<T>(Weights + c + 64, Tokens + c + 64));
            Sums[part] = (sum + other).Sum();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static T Dot<T>(sbyte* w, short* x) where T : struct, ILanes<T> =>
            T.DotInt16(T.LoadInt8(w), T.LoadInt8(w + 32), x);
    }
}
