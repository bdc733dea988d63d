using CsCheck;
using Qwen3Tts.Doctor.Evidence;

namespace Qwen3Tts.Tests;

/// <summary>The cosine that is computed without forming the gradient is compared with the cosine of the full gradient.</summary>
public sealed class HeadMovementTests
{
    /// <summary>The squared norm of the gradient is a float sum over pairs of targets, with terms of at most |e||x||e'||x'|. If the terms
    /// cancel, the relative rounding error grows by the sum of their sizes divided by the result. The tolerance grows by the same factor: 8
    /// roundings of 2^-23 each.</summary>
    [Fact]
    public void TheFitIsTheCosineWithTheDescentDirection() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 12], Gen.Int[1, 8], Gen.Int[0, 100_000]).Sample((codes, hidden, targets, seed) =>
        {
            var random = new Random(seed);
            float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
            var (now, before) = (Values(codes * hidden), Values(codes * hidden));
            var (states, errors) = (Values(targets * hidden), Values(targets * codes));
            double along = 0, moved = 0, steep = 0;
            for (var code = 0; code < codes; code++)
                for (var column = 0; column < hidden; column++)
                {
                    double change = now[code * hidden + column] - before[code * hidden + column], gradient = 0;
                    for (var target = 0; target < targets; target++)
                        gradient += (double)errors[target * codes + code] * states[target * hidden + column];
                    (along, moved, steep) = (along - change * gradient, moved + change * change, steep + gradient * gradient);
                }
            static double Norm(float[] rows, int row, int length) =>
                Math.Sqrt(rows.Skip(row * length).Take(length).Sum(v => (double)v * v));
            var terms = Enumerable.Range(0, targets).Sum(target => Norm(errors, target, codes) * Norm(states, target, hidden));
            Assert.Equal(
                along / Math.Sqrt(moved * steep), HeadChange.Compare(codes, hidden, now, before)!.Fit(states, errors),
                8 * Math.Pow(2, -23) * terms * terms / steep);
        }, iter: 20_000);

    /// <summary>A step along a direction moves the elements that changed, and no other.</summary>
    [Fact]
    public void AStepAlongADirectionMovesWhatMoved() => Assert.Equal((-1, 3), HeadChange.Compare(1, 4, [1, 1, 0, -1], [0, 0, 0, 0])!
        .Along([2, -3, 1, 0.5]).CountVotes([1, -1, 1, -1], [-1, 1, -1, 1]));

    /// <summary>Only elements vote that changed and for which the two directions differ in sign.</summary>
    [Fact]
    public void ElementsVoteForTheWayTheyWent() =>
        Assert.Equal((1, 3), HeadChange.Compare(1, 6, [1, 1, -1, 0, 1, -1], [0, 0, 0, 0, 0, 0])!.CountVotes([-1, -1, -1, -1, 1, -1],
            [1, 1, 1, 1, 1, -1]));

    [Fact]
    public void WhatDidNotMoveIsNoChange() => Assert.Null(HeadChange.Compare(2, 2, [1, 2, 3, 4], [1, 2, 3, 4]));
}
