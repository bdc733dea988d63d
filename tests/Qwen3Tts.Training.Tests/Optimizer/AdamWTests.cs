using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Optimizer;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace Qwen3Tts.Tests;

public sealed class AdamWTests
{
    [Fact]
    public void TheFusedKernelIsThere() => Assert.Null(FusedAdamW.Missing); // on this platform

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void SmallUpdatesAddUpInABfloat16Weight(bool masters, bool narrowMoments)
    {
        using var scope = NewDisposeScope();
        var weight = new Parameter(ones(100_000, dtype: ScalarType.BFloat16));
        using var optimizer = new AdamW([("w", weight)],
            new() { WeightDecay = 0, Masters = masters, Moments = narrowMoments ? ScalarType.BFloat16 : ScalarType.Float32 });
        for (var i = 0; i < 100; i++)
        {
            weight.grad = ones(100_000, dtype: ScalarType.BFloat16);
            optimizer.Step(1e-4); // an eightieth of the spacing of BF16 numbers below 1
        }
        // the mean of many weights is finer than one weight: five standard errors
        Assert.Equal(0.99, weight.to(ScalarType.Float32).mean().item<float>(), masters ? 0.002 : 0.0001);
    }

    [Theory]
    [InlineData(ScalarType.Float32, true, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, true, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, false, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, false, ScalarType.BFloat16)]
    public void EveryKernelComputesThePlainFormulas(ScalarType weights, bool masters, ScalarType moments)
    {
        using var scope = NewDisposeScope();
        var (plain, fused, onePass) = (Trained(UpdateKernel.Eager, "eager"), Trained(UpdateKernel.Fused, "fused"),
            Trained(null, "in one pass"));
        foreach (var (expected, a, b) in plain.Zip(fused, onePass))
            foreach (var updated in new[] { a.Values, b.Values })
                if (expected.Type == ScalarType.Float32)
                    Assert.All(expected.Values.Zip(updated), v =>
                        Assert.InRange(v.Second, v.First - 1e-5 * Math.Abs(v.First) - 1e-7, v.First + 1e-5 * Math.Abs(v.First) + 1e-7));
                else // if the last bits of float32 differ, a number may be rounded in the other direction, which changes later ones
                    Assert.InRange(expected.Values.Zip(updated).Average(v => v.First == v.Second ? 0.0 : 1), 0, 1e-3);

        List<(ScalarType Type, float[] Values)> Trained(UpdateKernel? kernel, string called)
        {
            var random = new Generator(7);
            Tensor Random(params long[] shape) => randn(shape, generator: random);
            // the last tensor is updated in parts
            (string, Parameter)[] parameters = [("a", new(Random(3, 5).to(weights))),
                ("b", new(Random(masters ? 11 : Activations.UpdatePart + 7).to(weights)))];
            var optimizer = new AdamW(parameters, new() { WeightDecay = 0.1, Masters = masters, Moments = moments, Kernel = kernel });
            Assert.Equal(called, optimizer.Kernel);
            for (var step = 0; step < 3; step++)
            {
                foreach (var (_, p) in parameters)
                    p.grad = Random(p.shape).to(weights);
                optimizer.Step(1e-3, 0.7);
            }
            var exact = masters ? ScalarType.Float32 : weights;
            return [.. optimizer.State.Select(s => (s.Name.Contains('/') ? moments : exact, s.Values())), .. parameters
                .Select(p => (weights, p.Item2.ToFloat32Array()))];
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32, true, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, true, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, false, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, false, ScalarType.BFloat16)]
    public void GoesOnBitForBit(ScalarType weights, bool masters, ScalarType moments)
    {
        using var scope = NewDisposeScope();
        var options = new AdamWOptions { Masters = masters, Moments = moments };
        (Parameter, AdamW) New()
        {
            var weight = new Parameter(randn([40, 30], generator: new Generator(1)).to(weights));
            return (weight, new([("w", weight)], options));
        }
        void Train(Parameter weight, AdamW optimizer)
        {
            for (var i = 0; i < 3; i++)
            {
                weight.grad = randn([40, 30], generator: new Generator((ulong)optimizer.Steps)).to(weights);
                optimizer.Step(1e-3);
            }
        }
        var (straight, a) = New();
        Train(straight, a);
        var (saved, steps) = (a.State.ToDictionary(s => s.Name, s => s.Values()), a.Steps);
        Train(straight, a);
        var (resumed, b) = New();
        b.Restore(steps, name => saved[name]);
        Train(resumed, b);
        Assert.True(straight.Equals(resumed));
        foreach (var (x, y) in a.State.Zip(b.State))
            Assert.Equal(x.Values(), y.Values());
    }

    /// <summary>
    /// A master weight is stored as the weight and a lower half. For all bits, both together are the master, and the weight is the nearest
    /// BF16.
    /// </summary>
    [Fact]
    public void AMasterInTwoHalvesIsWhole()
    {
        using var scope = NewDisposeScope();
        var random = new Random(1);
        var values = Enumerable.Range(0, 100_003).Select(_ => BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32)))
            .Where(float.IsFinite).ToArray();
        // a tie, the next power of two, and zero
        (values[0], values[1], values[2]) = (BitConverter.UInt32BitsToSingle(0x3F808000), BitConverter.UInt32BitsToSingle(0x3FFFFFFF), -0f);
        var weight = new Parameter(zeros(values.Length, dtype: ScalarType.BFloat16));
        using var optimizer = new AdamW([("w", weight)], new());
        optimizer.Restore(0, name => name == "w" ? values : new float[values.Length]);
        Assert.Equal(values, optimizer.Values["w"]());
        var nearest = values.Select(v => Kernels.BFloat16.Widen(Kernels.BFloat16.Round(v))).ToArray();
        // only ties, which are one number in 65,536
        Assert.InRange(nearest.Zip(weight.ToFloat32Array()).Count(v => v.First != v.Second), 1, 10);
        weight.grad = zeros_like(weight);
        optimizer.Step(0); // runs the kernel with rate 0, which must change nothing
        Assert.Equal(values, optimizer.Values["w"]());
    }

    [Theory]
    [InlineData(nameof(WeightDecayScope.Matrices), "talker.codec_head.weight", 2, true)]
    [InlineData(nameof(WeightDecayScope.Matrices), "talker.model.norm.weight", 1, false)]
    [InlineData(nameof(WeightDecayScope.Matrices), "talker.model.text_embedding.weight", 2, false)]
    [InlineData(nameof(WeightDecayScope.Matrices), "talker.code_predictor.model.codec_embedding.3.weight", 2, false)]
    [InlineData(nameof(WeightDecayScope.Everything), "talker.model.norm.weight", 1, true)]
    [InlineData(nameof(WeightDecayScope.Everything), "talker.model.text_embedding.weight", 2, true)]
    public void WhatDecays(string decay, string name, int dimensions, bool decays)
    {
        using var scope = NewDisposeScope();
        var weight = new Parameter(ones([.. Enumerable.Repeat(3L, dimensions)]));
        using var optimizer = new AdamW([(name, weight)], new() { WeightDecay = 0.5, DecayScope = Enum.Parse<WeightDecayScope>(decay) });
        weight.grad = zeros_like(weight);
        optimizer.Step(0.1);
        Assert.Equal(decays ? 0.95f : 1f, weight.flatten()[0].item<float>());
    }

    [Theory]
    [InlineData(nameof(UpdateKernel.OnePass))]
    [InlineData(nameof(UpdateKernel.Eager))]
    public void GradientsAreMeasuredTogetherAndScaledOnlyDown(string kernel)
    {
        using var scope = NewDisposeScope();
        var (a, b) = (new Parameter(zeros(1)), new Parameter(zeros(Activations.UpdatePart + 5, dtype: ScalarType.BFloat16)));
        using var optimizer = new AdamW([("a", a), ("b", b)], new() { Kernel = Enum.Parse<UpdateKernel>(kernel) });
        (a.grad, b.grad) = (tensor([3f]), zeros_like(b));
        b.grad!.index_fill_(0, tensor(new[] { 7L, Activations.UpdatePart - 1, Activations.UpdatePart + 1, Activations.UpdatePart + 4 }),
            Scalars.One).mul_(2);
        var norm = optimizer.ComputeGradientNorm();
        Assert.Equal(5, norm, 1e-6);
        Assert.Equal((1, 0.2), (AdamW.ClipFactor(norm, 10), Math.Round(AdamW.ClipFactor(norm, 1), 5)));
        optimizer.Step(1e-3, AdamW.ClipFactor(norm, 1));
        Assert.Equal(0.06, optimizer.State.First(s => s.Name == "a/mean").Values()[0], 1e-6); // a tenth of 3 / 5
    }

    [Theory]
    [InlineData(ScalarType.Float32, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, ScalarType.BFloat16)]
    public void OnePassIsTheSameForAnyNumberOfThreads(ScalarType weights, ScalarType moments)
    {
        using var scope = NewDisposeScope();
        var before = get_num_threads();
        try
        {
            var (one, two) = (Trained(1), Trained(2));
            Assert.All(one.Zip(two), pair => Assert.Equal(pair.First, pair.Second));
        }
        finally
        {
            set_num_threads(before);
        }

        List<float[]> Trained(int threads)
        {
            set_num_threads(threads);
            var random = new Generator(3);
            var weight = new Parameter(randn([100_003], generator: random).to(weights));
            var optimizer = new AdamW([("w", weight)], new() { Masters = false, Moments = moments });
            for (var step = 0; step < 2; step++)
            {
                weight.grad = randn([100_003], generator: random).to(weights);
                Assert.InRange(optimizer.ComputeGradientNorm(), 310, 322);
                optimizer.Step(1e-3);
            }
            return [.. optimizer.State.Select(s => s.Values())];
        }
    }

    /// <summary>
    /// Weights with negligible gradients shrink by weight decay only, here by a third of the BF16 spacing, so a third of them must change.
    /// </summary>
    [Fact]
    public void OnePassRoundsAsOftenUpAsItShould()
    {
        using var scope = NewDisposeScope();
        var weight = new Parameter(cat([ones(300_000), -ones(300_000)]).view(2, -1).to(ScalarType.BFloat16));
        using var optimizer = new AdamW([("w", weight)], new() { Masters = false, WeightDecay = 1 / 768.0 });
        weight.grad = zeros_like(weight);
        optimizer.Step(1);
        var moved = (weight.to(ScalarType.Float32).abs() < Scalars.One).to(ScalarType.Float32);
        Assert.Equal(1 / 3.0, moved[0].mean().item<float>(), 0.005); // five standard errors
        Assert.Equal(1 / 3.0, moved[1].mean().item<float>(), 0.005);
        Assert.Equal(1 - 1 / 256.0, weight.to(ScalarType.Float32).abs().min().item<float>());
        var neighbours = moved[0].narrow(0, 1, 299_999).mul(moved[0].narrow(0, 0, 299_999)).mean().item<float>();
        Assert.Equal(1 / 9.0, neighbours, 0.005); // neighbours are independent
    }
}
