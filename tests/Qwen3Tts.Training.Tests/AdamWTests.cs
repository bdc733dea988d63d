using Qwen3Tts.Training;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace Qwen3Tts.Tests;

public sealed class AdamWTests
{
    [Fact]
    public void SmallUpdatesAddUpInABfloat16Weight()
    {
        using var scope = NewDisposeScope();
        var weight = new Parameter(ones(4, dtype: ScalarType.BFloat16));
        using var optimizer = new AdamW([("w", weight)], new() { WeightDecay = 0 });
        for (var i = 0; i < 100; i++)
        {
            weight.grad = ones(4, dtype: ScalarType.BFloat16);
            optimizer.Step(1e-4); // an eightieth of what bf16 can tell apart below 1
        }
        Assert.Equal(0.99, weight[0].to(ScalarType.Float32).item<float>(), 0.002);
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
