using CsCheck;
using Qwen3Tts.Doctor;

namespace Qwen3Tts.Tests;

/// <summary>The cosine with a gradient that is never written down, against the gradient written down.</summary>
public sealed class HeadMovementTests
{
    [Fact]
    public void TheFitIsTheCosineWithTheWayDownTheGradient() => Gen.Select(Gen.Int[1, 9], Gen.Int[1, 12], Gen.Int[1, 8], Gen.Int[0, 1000]).Sample((codes, hidden, targets, seed) =>
    {
        var random = new Random(seed);
        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        var (now, before, states, errors) = (Values(codes * hidden), Values(codes * hidden), Values(targets * hidden), Values(targets * codes));
        double along = 0, moved = 0, steep = 0;
        for (var code = 0; code < codes; code++)
            for (var column = 0; column < hidden; column++)
            {
                double change = now[code * hidden + column] - before[code * hidden + column], gradient = 0;
                for (var target = 0; target < targets; target++)
                    gradient += errors[target * codes + code] * states[target * hidden + column];
                (along, moved, steep) = (along - change * gradient, moved + change * change, steep + gradient * gradient);
            }
        Assert.Equal(along / Math.Sqrt(moved * steep), HeadChange.Of(codes, hidden, now, before)!.Fit(states, errors), 1e-4);
    }, iter: 200);

    /// <summary>Only elements that moved, and only where the two ways differ.</summary>
    [Fact]
    public void ElementsVoteForTheWayTheyWent() =>
        Assert.Equal((1, 3), HeadChange.Of(1, 6, [1, 1, -1, 0, 1, -1], [0, 0, 0, 0, 0, 0])!.Votes([-1, -1, -1, -1, 1, -1], [1, 1, 1, 1, 1, -1]));

    [Fact]
    public void WhatDidNotMoveIsNoChange() => Assert.Null(HeadChange.Of(2, 2, [1, 2, 3, 4], [1, 2, 3, 4]));
}
