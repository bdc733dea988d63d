// AdamW on the CPU. Every number is read once and written once, in its stored format; libtorch's kernel would need float32 copies of all
// tensors. An update moves 26 bytes for each trained number with master weights and 18 without (10 with BF16 moments), and memory bandwidth
// decides its time. The float32 master of a BF16 weight is split: the weight is its rounded upper half, and only the lower half is stored
// in addition. Stochastic rounding adds 16 random bits to the lower 16 bits that are then cut off, so a number is rounded up with a
// probability equal to the part that is cut off. The random bits are a hash of the number's position, so the result does not depend on the
// number of threads.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Qwen3Tts.Training.Memory;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Optimizer;

/// <summary>The numbers of one update that all elements share.</summary>
/// <param name="GradientScale">Factor of all gradients: less than 1 where they are clipped.</param>
/// <param name="Shrink">Weight decay: weights are first multiplied by 1 - rate * decay.</param>
/// <param name="NewMean">1 - beta1, computed in double and rounded once: 1 - 0.999 computed in float32 is wrong by five in a hundred
/// thousand.</param>
/// <param name="Beta2">Decay of the mean square.</param>
/// <param name="NewSquare">1 - beta2.</param>
/// <param name="RootBias2">1 / √(1 - beta2^steps).</param>
/// <param name="Step">-rate / (1 - beta1^steps).</param>
/// <param name="Epsilon">Added to the root.</param>
readonly record struct AdamWTerms(float GradientScale, float Shrink, float NewMean, float Beta2, float NewSquare, float RootBias2,
    float Step, float Epsilon);

static unsafe class OnePassAdamW
{
    const int Lanes = 8;
    const int Block = 1 << 15; // elements that one thread takes at a time
    const uint Spread = 0x9E3779B9; // makes neighbouring positions very different before the hash

    /// <summary>
    /// One update of flat tensors of one length on the CPU. in: all · overwrites: weight, lower, mean, square. With a lower half the weight
    /// is updated in float32 and rounded to the nearest BF16; without one, BF16 numbers get stochastic rounding.
    /// </summary>
    /// <param name="weight">Float32 or BF16, as its gradient.</param>
    /// <param name="lower">The lower half of a BF16 weight's master (int16), or null.</param>
    /// <param name="gradient">Of the weight's type.</param>
    /// <param name="mean">Float32 or BF16.</param>
    /// <param name="square">Of the mean's type.</param>
    /// <param name="terms">Shared numbers.</param>
    /// <param name="key">Of the update: <see cref="StochasticRounding.CreateKey"/>.</param>
    /// <param name="first">Index of the first element in the whole tensor.</param>
    public static void Step(Tensor weight, Tensor? lower, Tensor gradient, Tensor mean, Tensor square, in AdamWTerms terms, uint key,
        long first)
    {
        var job = new Job
        {
            Weight = TensorMemory.Address(weight),
            Lower = lower is null ? null : TensorMemory.Address(lower),
            Gradient = TensorMemory.Address(gradient),
            Mean = TensorMemory.Address(mean),
            Square = TensorMemory.Address(square),
            Terms = terms,
            Key = key,
            First = (uint)first,
        };
        // Types of weight, gradient and moments. A float32 weight is its own master, so there are no other combinations.
        delegate*<in Job, int, int, void> body = (weight.dtype, lower, mean.dtype) switch
        {
            (ScalarType.Float32, null, ScalarType.Float32) => &Run<Float32Format, Float32Format, Float32Format>,
            (ScalarType.BFloat16, not null, ScalarType.Float32) => &Run<SplitFloat32Format, BFloat16Format, Float32Format>,
            (ScalarType.BFloat16, null, ScalarType.Float32) => &Run<BFloat16Format, BFloat16Format, Float32Format>,
            (ScalarType.BFloat16, null, ScalarType.BFloat16) => &Run<BFloat16Format, BFloat16Format, BFloat16Format>,
            _ => throw new ArgumentException(
                $"A weight of {weight.dtype} {(lower is null ? "without" : "with")} master and moments of {mean.dtype} cannot be " +
                $"updated. Weights are Float32, or BFloat16 with moments of Float32, or both BFloat16 without a master."),
        };
        TensorMemory.ForBlocks(gradient.numel(), Block, (from, count) => body(job, from, count));
    }

    /// <summary>Sum of squares of a flat tensor on the CPU, float32 or BF16.</summary>
    public static double SquaredNorm(Tensor tensor)
    {
        var (address, narrow) = ((nint)TensorMemory.Address(tensor), tensor.dtype == ScalarType.BFloat16);
        var sums = new double[(tensor.numel() + Block - 1) / Block];
        TensorMemory.ForBlocks(tensor.numel(), Block, (from, count) =>
            sums[from / Block] = narrow ? Squares<BFloat16Format>((byte*)address, from, count)
            : Squares<Float32Format>((byte*)address, from, count));
        return sums.Sum();
    }

    struct Job
    {
        public byte* Weight, Lower, Gradient, Mean, Square;
        public AdamWTerms Terms;
        public uint Key, First;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Run<TWeight, TGradient, TMoment>(in Job job, int from, int count) where TWeight : struct, INumberFormat where TGradient
        : struct, INumberFormat where TMoment : struct, INumberFormat
    {
        var whole = count / Lanes * Lanes;
        for (var i = from; i < from + whole; i += Lanes)
            Update<TWeight, TGradient, TMoment>(in job, i, job.First + (uint)i);
        if (whole == count)
            return;
        // Fewer than eight elements are left: they are copied into buffers of eight, updated there and copied back.
        var (at, rest) = (from + whole, count - whole);
        var buffers = stackalloc byte[5 * Lanes * sizeof(float)];
        var tail = job;
        byte* Tail(byte* real, int size, int buffer, bool back)
        {
            var copy = buffers + buffer * Lanes * sizeof(float);
            Unsafe.CopyBlockUnaligned(back ? real + (nint)at * size : copy, back ? copy : real + (nint)at * size, (uint)(rest * size));
            return copy;
        }
        tail.Weight = Tail(job.Weight, TWeight.Size, 0, false);
        tail.Gradient = Tail(job.Gradient, TGradient.Size, 1, false);
        tail.Mean = Tail(job.Mean, TMoment.Size, 2, false);
        tail.Square = Tail(job.Square, TMoment.Size, 3, false);
        tail.Lower = job.Lower is null ? null : Tail(job.Lower, sizeof(ushort), 4, false);
        Update<TWeight, TGradient, TMoment>(in tail, 0, job.First + (uint)at);
        Tail(job.Weight, TWeight.Size, 0, true);
        Tail(job.Mean, TMoment.Size, 2, true);
        Tail(job.Square, TMoment.Size, 3, true);
        if (job.Lower is not null)
            Tail(job.Lower, sizeof(ushort), 4, true);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Update<TWeight, TGradient, TMoment>(in Job job, int i, uint index) where TWeight : struct, INumberFormat where TGradient
        : struct, INumberFormat where TMoment : struct, INumberFormat
    {
        ref readonly var t = ref job.Terms;
        var g = TGradient.Load(job.Gradient, null, i) * t.GradientScale;
        var (w, m, v) = (TWeight.Load(job.Weight, job.Lower, i) * t.Shrink, TMoment.Load(job.Mean, null, i),
            TMoment.Load(job.Square, null, i));
        m += (g - m) * t.NewMean;
        v = v * t.Beta2 + g * g * t.NewSquare;
        w += m * t.Step / (Vector256.Sqrt(v) * t.RootBias2 + Vector256.Create(t.Epsilon));
        var noise = TWeight.IsRounded || TMoment.IsRounded ? Noise(index, job.Key) : default;
        TWeight.Store(job.Weight, job.Lower, i, w, noise);
        TMoment.Store(job.Mean, null, i, m, noise >>> 16);
        TMoment.Store(job.Square, null, i, v, TMoment.IsRounded ? noise * Spread >>> 16 : default);
    }

    /// <summary>Thirty-two random bits for each of eight neighbouring elements, the same as in <see cref="StochasticRounding"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<uint> Noise(uint index, uint key)
    {
        var x = (Vector256.Create(index) + Vector256<uint>.Indices) * Spread + Vector256.Create(key);
        x = (x ^ x >>> 16) * 0x7FEB352Du;
        x = (x ^ x >>> 15) * 0x846CA68Bu;
        return x ^ x >>> 16;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static double Squares<T>(byte* from, int start, int count) where T : struct, INumberFormat
    {
        const int Few = 1 << 12; // elements that are summed in float32 before the sum goes on in double
        var (sum, i, end) = (0.0, start, start + count);
        while (end - i >= 4 * Lanes)
        {
            Vector256<float> a = default, b = default, c = default, d = default;
            for (var stop = Math.Min(end, i + Few) - 4 * Lanes; i <= stop; i += 4 * Lanes)
            {
                Vector256<float> w = T.Load(from, null, i), x = T.Load(from, null, i + Lanes), y = T.Load(from, null, i + 2 * Lanes),
                    z = T.Load(from, null, i + 3 * Lanes);
                (a, b, c, d) = (a + w * w, b + x * x, c + y * y, d + z * z);
            }
            sum += Vector256.Sum(a + b + (c + d));
        }
        for (; i < end; i++)
            sum += Math.Pow(T.Size == sizeof(float) ? ((float*)from)[i] : Kernels.BFloat16.Widen(((ushort*)from)[i]), 2);
        return sum;
    }
}
