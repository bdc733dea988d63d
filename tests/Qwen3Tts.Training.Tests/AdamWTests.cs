using Qwen3Tts.Training;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace Qwen3Tts.Tests;

public sealed class AdamWTests
{
    [Fact]
    public void TheFusedKernelIsThere() => Assert.Null(FusedAdamW.Missing); // on this platform; elsewhere the optimizer says why it is not

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void SmallUpdatesAddUpInABfloat16Weight(bool masters, bool narrowMoments)
    {
        using var scope = NewDisposeScope();
        var weight = new Parameter(ones(1000, dtype: ScalarType.BFloat16));
        using var optimizer = new AdamW([("w", weight)], new() { WeightDecay = 0, Masters = masters, Moments = narrowMoments ? ScalarType.BFloat16 : ScalarType.Float32 });
        for (var i = 0; i < 100; i++)
        {
            weight.grad = ones(1000, dtype: ScalarType.BFloat16);
            optimizer.Step(1e-4); // an eightieth of what bf16 can tell apart below 1
        }
        Assert.Equal(0.99, weight.to(ScalarType.Float32).mean().item<float>(), masters ? 0.002 : 0.0005); // the mean of many is finer than one
    }

    [Theory]
    [InlineData(ScalarType.Float32, true, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, true, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, false, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, false, ScalarType.BFloat16)]
    public void FusedIsThePlainFormulas(ScalarType weights, bool masters, ScalarType moments)
    {
        using var scope = NewDisposeScope();
        var (fused, plain) = (Trained(true), Trained(false));
        foreach (var ((_, a), (_, b)) in fused.Zip(plain))
            Assert.True(allclose(a.to(ScalarType.Float64), b.to(ScalarType.Float64), rtol: weights == ScalarType.Float32 ? 1e-5 : 0.01, atol: 1e-7));

        List<(string, Tensor)> Trained(bool fused)
        {
            var random = new Generator(7);
            Tensor Random(params long[] shape) => randn(shape, generator: random);
            (string, Parameter)[] parameters = [("a", new(Random(3, 5).to(weights))), ("b", new(Random(masters ? 11 : AdamW.Part + 7).to(weights)))]; // the last one goes in parts
            var optimizer = new AdamW(parameters, new() { WeightDecay = 0.1, Masters = masters, Moments = moments, Fused = fused });
            Assert.Equal(fused ? "fused" : "eager", optimizer.Kernel);
            for (var step = 0; step < 3; step++)
            {
                foreach (var (_, p) in parameters)
                    p.grad = Random(p.shape).to(weights);
                optimizer.Step(1e-3);
            }
            return [.. optimizer.State];
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
        var (saved, steps) = (a.State.ToDictionary(s => s.Name, s => s.Tensor.detach().clone()), a.Steps);
        Train(straight, a);
        var (resumed, b) = New();
        b.Restore(steps, (name, tensor) => tensor.copy_(saved[name]));
        Train(resumed, b);
        Assert.True(straight.Equals(resumed));
        foreach (var ((_, x), (_, y)) in a.State.Zip(b.State))
            Assert.True(x.Equals(y));
    }

    [Theory]
    [InlineData(nameof(DecayOf.Matrices), "talker.codec_head.weight", 2, true)]
    [InlineData(nameof(DecayOf.Matrices), "talker.model.norm.weight", 1, false)]
    [InlineData(nameof(DecayOf.Matrices), "talker.model.text_embedding.weight", 2, false)]
    [InlineData(nameof(DecayOf.Matrices), "talker.code_predictor.model.codec_embedding.3.weight", 2, false)]
    [InlineData(nameof(DecayOf.Everything), "talker.model.norm.weight", 1, true)]
    [InlineData(nameof(DecayOf.Everything), "talker.model.text_embedding.weight", 2, true)]
    public void WhatDecays(string decay, string name, int dimensions, bool decays)
    {
        using var scope = NewDisposeScope();
        var weight = new Parameter(ones([.. Enumerable.Repeat(3L, dimensions)]));
        using var optimizer = new AdamW([(name, weight)], new() { WeightDecay = 0.5, Decay = Enum.Parse<DecayOf>(decay) });
        weight.grad = zeros_like(weight);
        optimizer.Step(0.1);
        Assert.Equal(decays ? 0.95f : 1f, weight.flatten()[0].item<float>());
    }

    [Fact]
    public void GradientsAreScaledTogetherAndOnlyDown()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (new Parameter(zeros(1)), new Parameter(zeros(1)));
        using var optimizer = new AdamW([("a", a), ("b", b)], new());
        (a.grad, b.grad) = (tensor([3f]), tensor([4f]));
        Assert.Equal(5, optimizer.ClipGradients(10), 1e-6);
        Assert.Equal(3, a.grad!.item<float>());
        Assert.Equal(5, optimizer.ClipGradients(1), 1e-6);
        Assert.Equal((0.6, 0.8), (Math.Round(a.grad!.item<float>(), 5), Math.Round(b.grad!.item<float>(), 5)));
    }
}
