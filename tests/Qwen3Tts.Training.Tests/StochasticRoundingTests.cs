using Qwen3Tts.Training;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

public sealed class StochasticRoundingTests
{
    [Fact]
    public void TheMeanIsRightAndBothNeighboursAreTheNearest()
    {
        using var scope = NewDisposeScope();
        using var rounding = new StochasticRounding(3, CPU);
        rounding.Begin(1, 0);
        foreach (var x in new[] { 1.001f, -1.001f, 0.99999f, -3e-5f, 123.456f, 1.7e-30f })
        {
            var rounded = rounding.Round(full(200_000, x)).to(ScalarType.Float64);
            var (below, above) = (rounded.min().item<double>(), rounded.max().item<double>());
            var spacing = Math.Pow(2, Math.Floor(Math.Log2(Math.Abs(x))) - 7);
            Assert.True(below <= x && x <= above && above - below <= spacing, $"{x} became {below} to {above}.");
            Assert.Equal(x, rounded.mean().item<double>(), 0.01 * spacing); // five standard errors
        }
    }

    [Fact]
    public void WhatBfloat16HoldsStays()
    {
        using var scope = NewDisposeScope();
        using var rounding = new StochasticRounding(3, CPU);
        rounding.Begin(1, 0);
        var values = cat([randn(100_000), tensor(new[] { 0f, -0f, 1f, -1f, 2f, 0.5f, 1.1754944e-38f, 3.3895314e38f })]).to(ScalarType.BFloat16);
        for (var i = 0; i < 20; i++)
            Assert.True(values.Equals(rounding.Round(values.to(ScalarType.Float32))));
    }

    [Fact]
    public void ItIsAFunctionOfSeedStepAndTensor()
    {
        using var scope = NewDisposeScope();
        var x = randn(1000, generator: new Generator(1));
        Tensor At(long seed, int step, int tensor)
        {
            using var rounding = new StochasticRounding(seed, CPU);
            rounding.Begin(99, 99);
            rounding.Round(x); // what was drawn before does not matter
            rounding.Begin(step, tensor);
            return rounding.Round(x);
        }
        Assert.True(At(1, 2, 3).Equals(At(1, 2, 3)));
        foreach (var other in new[] { At(2, 2, 3), At(1, 3, 3), At(1, 2, 4) })
            Assert.False(At(1, 2, 3).Equals(other));
    }
}
