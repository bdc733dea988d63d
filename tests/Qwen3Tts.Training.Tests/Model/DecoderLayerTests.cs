using CsCheck;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Model;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

/// <summary>Compares the layer's own forward and backward with the plain layer under autograd, on random shapes.</summary>
public sealed class DecoderLayerTests
{
    static readonly Gen<(CodePredictorConfig Config, int Batch, int Positions, int Seed)> Shapes =
        from keyHeads in Gen.Int[1, 3]
        from shared in Gen.Int[1, 3]
        from half in Gen.Int[4, 20]
        from hidden in Gen.Int[8, 70]
        from intermediate in Gen.Int[1, 90]
        from batch in Gen.Int[1, 3]
        from positions in Gen.Int[4, 40]
        from seed in Gen.Int[1, 1000]
        select (new CodePredictorConfig(hidden, intermediate, 2, keyHeads * shared, keyHeads, 2 * half, "silu", 1e-6, 10_000, 10, 4, 100,
            false, false), batch, positions, seed);

    [Fact]
    public void ItComputesWhatThePlainLayersDo()
    {
        double plainly = 0, passed = 0; // errors of BF16, summed over all tensors and shapes: a single tensor proves nothing
        Shapes.Sample(s =>
        {
            using var scope = NewDisposeScope();
            var plain = new Stack(s.Config, new(ScalarType.Float32, CPU), s.Seed);
            var (x, gradient) = (Random(s.Seed + 1, s.Batch, s.Positions, s.Config.HiddenSize),
                Random(s.Seed + 2, s.Batch, s.Positions, s.Config.HiddenSize));
            var expected = Plain(plain, x, gradient);
            foreach (var again in new[] { false, true })
                AssertClose(expected, Passed(plain, x, gradient, again), 2e-5);
            // On a GPU and for float64, TorchRowOps is used instead of the CPU kernels.
            var wide = new Stack(s.Config, new(ScalarType.Float64, CPU), s.Seed);
            AssertClose(expected, Passed(wide, x.to(ScalarType.Float64), gradient.to(ScalarType.Float64), false), 2e-5);
            // In BF16 both round, the plain layer after every operation. The layer under test must not have the larger error.
            var narrow = new Stack(s.Config, new(ScalarType.BFloat16, CPU), s.Seed);
            (x, gradient) = (x.to(ScalarType.BFloat16), gradient.to(ScalarType.BFloat16));
            var (rounded, ours) = (Plain(narrow, x, gradient), Passed(narrow, x, gradient, false));
            double Distance(Dictionary<string, Tensor> from) =>
                expected.Sum(e => (e.Value - from[e.Key]).norm().item<float>() / Math.Max(e.Value.norm().item<float>(), 1e-3));
            (plainly, passed) = (plainly + Distance(rounded), passed + Distance(ours));
        }, iter: 40, threads: 1);
        Assert.InRange(passed, 0, 1.1 * plainly);
    }

    [Fact]
    public void NoBitDependsOnTheNumberOfThreads()
    {
        using var scope = NewDisposeScope();
        var config = new CodePredictorConfig(96, 200, 2, 4, 2, 32, "silu", 1e-6, 10_000, 10, 4, 100, false, false);
        var (x, gradient) = (Random(1, 40, 30, 96).to(ScalarType.BFloat16), Random(2, 40, 30, 96).to(ScalarType.BFloat16));
        var before = get_num_threads();
        try
        {
            set_num_threads(1);
            var one = Passed(new Stack(config, new(ScalarType.BFloat16, CPU), 3), x, gradient, false);
            set_num_threads(2);
            var two = Passed(new Stack(config, new(ScalarType.BFloat16, CPU), 3), x, gradient, false);
            foreach (var (name, value) in one)
                Assert.True(value.Equals(two[name]), $"{name} differs.");
        }
        finally
        {
            set_num_threads(before);
        }
    }

    sealed class Stack : Decoder
    {
        public Stack(DecoderConfig config, Placement on, int seed) : base("stack", config, on)
        {
            RegisterComponents();
            using var still = no_grad();
            var random = new Generator((ulong)seed);
            foreach (var (name, parameter) in named_parameters())
            {
                using TorchSharp.Scalar one = 1, width = parameter.dim() == 1 ? 0.2 : 1 / Math.Sqrt(parameter.shape[^1]);
                var values = randn(parameter.shape, generator: random).mul(width);
                parameter.copy_(Exact(parameter.dim() == 1 ? values.add(one, one) : values));
            }
        }
    }

    static Dictionary<string, Tensor> Plain(Stack stack, Tensor x, Tensor gradient)
    {
        stack.zero_grad();
        x = x.detach().requires_grad_();
        var y = stack.call(x);
        y.backward([gradient]);
        return Results(stack, y, x.grad!);
    }

    static Dictionary<string, Tensor> Passed(Stack stack, Tensor x, Tensor gradient, bool again)
    {
        stack.zero_grad();
        var way = stack.ForwardAndSave(x.detach().requires_grad_(), again);
        var y = stack.norm.call(way.Top);
        y.backward([gradient]);
        return Results(stack, y, Decoder.Backward(way)!);
    }

    static Dictionary<string, Tensor> Results(Stack stack, Tensor y, Tensor x) =>
        stack.named_parameters().Select(p => (p.name, p.parameter.grad!)).Append(("output", y)).Append(("input", x))
            .ToDictionary(p => p.Item1, p => p.Item2.detach().to(ScalarType.Float32).clone());

    static void AssertClose(Dictionary<string, Tensor> expected, Dictionary<string, Tensor> actual, double tolerance)
    {
        var least = 1e-3 * expected.Values.Max(v => v.norm().item<float>()); // smaller gradients are differences of larger numbers
        foreach (var (name, value) in expected)
        {
            var (difference, size) = ((value - actual[name]).norm().item<float>(), value.norm().item<float>());
            Assert.True(difference <= tolerance * Math.Max(size, 1e-3), $"{name} is off by {difference} of {size}.");
        }
    }

    static Tensor Random(int seed, params long[] shape) => Exact(randn(shape, generator: new Generator((ulong)seed)));

    /// <summary>Numbers that BF16 represents exactly, as float32.</summary>
    static Tensor Exact(Tensor x) => x.to(ScalarType.BFloat16).to(ScalarType.Float32);
}
