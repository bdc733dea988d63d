using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Tests;

/// <summary>A pair that was not measured is NaN: otherwise a fault of the heads that was not measured would have the lowest loss, 0
/// nats.</summary>
public sealed class PairCostsTests
{
    [Fact]
    public void APairThatWasNotMeasuredIsAnError()
    {
        var (measured, other) = (new HeadTarget(0, 1), new HeadTarget(0, 2));
        var costs = new PairCosts(4, [measured]);
        costs.Add(measured, 1.5);
        costs.Add(other, 1.5); // it stays NaN after something was added to it
        Assert.Equal(1.5, costs[measured]);
        Assert.False(costs.IsMeasured(other));
        Assert.Contains("Head 0 on codebook 2", Assert.Throws<InvalidOperationException>(() => costs[other]).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void EveryPairThatAHypothesisAsksForIsMeasured()
    {
        var ids = GoldenExample.Ids(FaultyCheckpoints.Base, Golden.Json("faults", "doctor_samples.json")[0]);
        var example = FaultyCheckpoints.Examples()[0];
        var costs = new PairCosts(ids.CodeGroups, PairCosts.ListNeeded(example, ids));
        foreach (var faults in KnownFaults.ListSubsets(KnownFaults.Predictor))
            Assert.All(Hypothesis.Edit(faults, example, ids).Heads, pair => Assert.True(costs.IsMeasured(pair)));
    }

    [Fact]
    public void TheMeanOfNothingIsNotFree() => Assert.True(double.IsNaN(default(Cost).Mean));
}
