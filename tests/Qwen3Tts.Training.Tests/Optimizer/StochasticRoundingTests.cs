using Qwen3Tts.Training.Optimizer;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

public sealed class StochasticRoundingTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void TheMeanIsRightAndBothNeighboursAreTheNearest(int draw)
    {
        using var scope = NewDisposeScope();
        foreach (var (i, x) in new[] { 1.001f, -1.001f, 0.99999f, -3e-5f, 123.456f, 1.7e-30f }.Index())
        {
            var rounded = StochasticRounding.Round(full(200_000, x), StochasticRounding.CreateKey(3, 1, i), 0, draw).to(ScalarType.Float64);
            var (below, above) = (rounded.min().item<double>(), rounded.max().item<double>());
            var spacing = Math.Pow(2, Math.Floor(Math.Log2(Math.Abs(x))) - 7);
            Assert.True(below <= x && x <= above && above - below <= spacing, $"{x} became {below} to {above}.");
            Assert.Equal(x, rounded.mean().item<double>(), 0.01 * spacing); // at least nine standard errors
        }
    }

    [Fact]
    public void WhatBfloat16HoldsStays()
    {
        using var scope = NewDisposeScope();
        var values = cat([randn(100_000), tensor(new[] { 0f, -0f, 1f, -1f, 2f, 0.5f, 1.1754944e-38f, 3.3895314e38f })]).to(
            ScalarType.BFloat16);
        for (var i = 0; i < 20; i++)
            Assert.True(values.Equals(StochasticRounding.Round(values.to(ScalarType.Float32), StochasticRounding.CreateKey(3, i, 0), 0)));
    }

    [Fact]
    public void ItIsAFunctionOfSeedStepTensorAndPlace()
    {
        using var scope = NewDisposeScope();
        var x = randn(1000, generator: new Generator(1));
        Tensor At(long seed, int step, int tensor, int draw = 0) =>
            StochasticRounding.Round(x, StochasticRounding.CreateKey(seed, step, tensor), 0, draw);
        Assert.True(At(1, 2, 3).Equals(At(1, 2, 3)));
        foreach (var other in new[] { At(2, 2, 3), At(1, 3, 3), At(1, 2, 4), At(1, 2, 3, draw: 1), At(1, 2, 3, draw: 2) })
            Assert.False(At(1, 2, 3).Equals(other));
        Assert.True(At(1, 2, 3).narrow(0, 400,
            600).Equals(StochasticRounding.Round(x.narrow(0, 400, 600), StochasticRounding.CreateKey(1, 2, 3), 400)));
    }

    /// <summary>Whether a number is rounded up is independent of its neighbour, and of itself in the next update.</summary>
    [Fact]
    public void DrawsAreIndependent()
    {
        using var scope = NewDisposeScope();
        // half of them
        Tensor Moved(int step, int tensor, int draw = 0) =>
            StochasticRounding.Round(full(1_000_000, 1 + 1 / 256f), StochasticRounding.CreateKey(1, step, tensor), 0,
            draw).to(ScalarType.Float64).gt(1).to(ScalarType.Float64);
        var one = Moved(1, 0);
        foreach (var other in new[] { Moved(2, 0), Moved(3, 0), Moved(1, 1), Moved(1, 0, 1), Moved(1, 0, 2), one.roll(1, 0),
            one.roll(8, 0), one.roll(256, 0) })
            Assert.Equal(0.25, one.mul(other).mean().item<double>(), 0.0025); // five standard errors
    }
}
