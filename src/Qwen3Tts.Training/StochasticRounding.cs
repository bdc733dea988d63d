// From float32 to BF16 by chance, up or down with the probabilities that make the mean right. A BF16 weight near 1 cannot hold a change
// below 1/256; rounded to nearest, every update of a low learning rate would vanish, rounded by chance one in many takes effect.
// A number that BF16 can hold stays as it is, so a row that gets no update does not wander.
using Qwen3Tts.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace Qwen3Tts.Training;

sealed class StochasticRounding(long seed, Device device) : IDisposable
{
    const long Stride = 1_000_003; // more than there are tensors, and a prime
    const int Dropped = 1 << 16; // what the bits of the mantissa that do not fit count to
    static readonly Scalar KeptBits = 8, Kept = 1 << 8, DroppedScale = Dropped;

    readonly Generator _generator = new((ulong)seed, device);

    /// <summary>What follows depends on the seed and these two alone, so a run that goes on draws what it would have drawn.</summary>
    public void Begin(int step, int tensor) => _generator.manual_seed(unchecked((seed * Stride + step) * Stride + tensor));

    /// <summary>A new BF16 tensor, in the scope of the caller.</summary>
    public Tensor Round(Tensor x) // float32 [n]
    {
        using var scope = NewDisposeScope();
        var (mantissa, exponent) = x.frexp(); // magnitude in [0.5, 1), and the power of two
        var noise = randint(0, Dropped, x.shape, dtype: ScalarType.Float32, device: x.device, generator: _generator).div_(DroppedScale);
        return mantissa.mul_(Kept).add_(noise, Sums.One).floor_().ldexp_(exponent - KeptBits).to(ScalarType.BFloat16).MoveToOuterDisposeScope(); // every step is exact
    }

    public void Dispose() => _generator.Dispose();
}
