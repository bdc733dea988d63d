// Stochastic rounding from float32 to BF16: away from zero or towards zero, with probabilities that keep the mean. A BF16 weight near 1
// cannot hold a change below 1/256. Rounded to nearest, every update with a low learning rate would vanish; with stochastic rounding one
// update in many takes effect. A number that BF16 can hold is not changed, so a row without an update does not drift. The random bits are a
// hash of the number's position and of the update: so a resumed run draws the same bits, however the work is divided. This version runs on
// any device with libtorch's operations; OnePassAdamW computes the same bits on the CPU.
using Qwen3Tts.Training.Memory;
using TorchSharp;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Optimizer;

static class StochasticRounding
{
    const ulong Stride = 1_000_003; // more than there are tensors, and a prime
    const int Dropped = 16; // bits of a float32 mantissa that BF16 does not have
    static readonly Scalar KeptBits = 8, KeptScale = 1 << 8, DroppedScale = 1 << Dropped;
    // The hash: xor, shift and multiply, with constants of Chris Wellons' search (lowbias32); the first spreads neighbours.
    static readonly Scalar Spread = 0x9E3779B9L, First = 0x7FEB352DL, Second = 0x846CA68BL;

    /// <summary>The key of the random bits of one update of one tensor.</summary>
    public static uint CreateKey(long seed, int step, int tensor)
    {
        var all = unchecked(((ulong)seed * Stride + (ulong)step) * Stride + (ulong)tensor);
        return (uint)(all ^ all >> 32);
    }

    /// <summary>A new BF16 tensor, in the scope of the caller.</summary>
    /// <param name="x">Float32 [n].</param>
    /// <param name="key">Key of the update: <see cref="CreateKey"/>.</param>
    /// <param name="first">Index of the first number in its whole tensor.</param>
    /// <param name="draw">Which of the three numbers of an update is rounded: 0 the weight, 1 the mean, 2 the mean square.</param>
    public static Tensor Round(Tensor x, uint key, long first, int draw = 0)
    {
        using var scope = NewDisposeScope();
        var (mantissa, exponent) = x.frexp(); // magnitude in [0.5, 1), and the power of two
        var bits = Noise(first, x.numel(), key, x.device);
        var noise = Bits(draw == 2 ? Times(bits, Spread) : bits, draw == 0 ? 0 : Dropped,
            (1 << Dropped) - 1).to(ScalarType.Float32).div_(DroppedScale);
        // every step is exact
        return mantissa.mul(KeptScale).add_(noise.mul_(mantissa.sign()),
            Scalars.One).trunc_().ldexp_(exponent - KeptBits).to(ScalarType.BFloat16).MoveToOuterDisposeScope();
    }

    /// <summary>Thirty-two random bits for each number, as int64.</summary>
    static Tensor Noise(long first, long count, uint key, Device device)
    {
        using Scalar from = first, to = first + count, each = 1, of = (long)key;
        Tensor Fold(Tensor x, int shift) => x.bitwise_xor(Bits(x, shift, uint.MaxValue));
        var x = Bits(arange(from, to, each, ScalarType.Int64, device).mul(Spread).add(of, Scalars.One), 0, uint.MaxValue);
        return Fold(Times(Fold(Times(Fold(x, 16), First), 15), Second), 16);
    }

    static Tensor Times(Tensor x, Scalar factor) => Bits(x.mul(factor), 0, uint.MaxValue); // an overflow changes only bits above these

    static Tensor Bits(Tensor x, int shift, long mask) =>
        x.bitwise_right_shift(tensor(shift, ScalarType.Int64)).bitwise_and(tensor(mask, ScalarType.Int64));
}
