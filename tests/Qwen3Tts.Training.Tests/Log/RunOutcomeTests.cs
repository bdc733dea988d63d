using Qwen3Tts.Training.Log;

namespace Qwen3Tts.Tests;

/// <summary>What is said about a run, on numbers that are made up.</summary>
public sealed class RunOutcomeTests
{
    static StepReport Step(int step, double training, double? heldOut) => new(step, 100, training, 0, 1, 1, 1e-4, 100, 1, heldOut,
        heldOut is null ? null : 0, heldOut is { } h ? [h - 0.9, h + 0.9] : null);

    static readonly HeldOutLoss Untouched = new(4, 0, [3, 5]);

    static List<StepReport> Course(Func<int, double> training, Func<int, double> heldOut) =>
        [.. Enumerable.Range(1, 60).Select(s => Step(s, training(s), s % 5 == 0 ? heldOut(s) : null))];

    [Fact]
    public void OverfittingIsToldWhereTrainingFallsAndTheHeldOutLossRises()
    {
        var log = Course(s => 4 - 0.06 * s, s => 3 + Math.Abs(s - 20) / 40.0);
        var outcome = RunOutcome.Of(log, [], Untouched);
        Assert.Equal((20, 3.0, 60, 4.0), (outcome.Course!.Best, outcome.Course.Lowest, outcome.Course.Last, outcome.Course.LastLoss));
        Assert.Contains("step 20 of 60", outcome.Kept);
        Assert.Contains("lower by 1.00 ± 0.20 than before training (2 clips", outcome.Kept);
        Assert.Contains("by heart: the held-out loss was lowest at step 20 (3.00) and is 4.00 at step 60", outcome.Overfitting);
        Assert.True(outcome.Course.HasEnded(40));
        Assert.False(outcome.Course.HasEnded(41));
        Assert.False(outcome.Course.HasEnded(0)); // no early end
        // both rise: the run diverges, which is not learning by heart
        Assert.Null(RunOutcome.Of(Course(s => 1 + 0.06 * s, s => 3 + Math.Abs(s - 20) / 40.0), [], Untouched).Overfitting);
        // both fall
        Assert.Null(RunOutcome.Of(Course(s => 4 - 0.06 * s, s => 4 - 0.01 * s), [], Untouched).Overfitting);
        Assert.Contains("was never lower. Tuning did not help", RunOutcome.Of(Course(s => 4, s => 4 + s), [], Untouched).Kept);
    }

    /// <summary>Eight clips whose losses rise by 0.06 in the mean, each by so much more or less.</summary>
    [Theory]
    [InlineData(0.04, true)]
    [InlineData(0.12, false)] // one standard error is 0.045
    public void ARiseCountsIfItIsLargerThanItsNoise(double noise, bool learnedByHeart)
    {
        var (low, high) = (Step(5, 3, 3) with { HeldOutEach = [.. Enumerable.Range(0, 8).Select(i => 2 + i / 3.5)] }, Step(10, 2, 3.06));
        high = high with { HeldOutEach = [.. low.HeldOutEach!.Select((l, i) => l + 0.06 + (i % 2 == 0 ? noise : -noise))] };
        Assert.Equal(learnedByHeart, RunOutcome.Of([low, high], [], Untouched).Overfitting is not null);
        // one clip says nothing about noise
        Assert.Null(RunOutcome.Of([low with { HeldOutEach = [3] }, high with { HeldOutEach = [4] }], [], Untouched).Overfitting);
    }

    /// <summary>An evaluation of eight texts, two takes each.</summary>
    static Evaluation Speech(int step, Func<int, int>? wrong, Func<int, double>? spectrum, Func<int, bool>? ended = null) =>
        new(step, 0, 1, "ears", [.. Enumerable.Range(0, 16).Select(i => new SpokenTake($"{i}.wav", i / 2, 2, ended?.Invoke(i) ?? true,
            wrong is null ? null : 8, wrong?.Invoke(i), spectrum?.Invoke(i)))]);

    static Comparison Compare(Evaluation clone, Evaluation tuned) => Comparison.Of([clone, tuned], tuned.Step)!;

    [Fact]
    public void TuningHelpedOnlyBeyondTheNoise()
    {
        var clone = Speech(0, i => 2 + i % 3, i => 2 + i % 4 / 10.0);
        var better = Compare(clone, Speech(20, i => i % 2, i => 2 + i % 4 / 10.0));
        Assert.Equal("good", better.Kind);
        Assert.StartsWith("Tuning helped: the voice says more words right than the clone.", better.Verdict);
        Assert.Contains("8 held-out texts", better.Numbers);
        var nearer = Compare(clone, Speech(20, i => 2 + i % 3, i => 1.2));
        Assert.Contains("is nearer to the recordings", nearer.Verdict);

        var same = Compare(clone, Speech(20, i => 2 + (i + 1) % 3, i => 2 + (i + 1) % 4 / 10.0));
        Assert.Equal("warn", same.Kind);
        Assert.StartsWith("Tuning did not help: the clone is as good.", same.Verdict);
        Assert.StartsWith("Tuning did not help", Compare(clone, clone with { Step = 20 }).Verdict); // no difference at all

        var worse = Compare(clone, Speech(20, i => 5 + i % 3, i => 1.2));
        Assert.Equal("bad", worse.Kind);
        Assert.Contains("the clone says more words right, though the tuned voice sounds more like the recordings", worse.Verdict);
        Assert.Equal("bad", Compare(clone, Speech(20, i => 2 + i % 3, i => 2 + i % 4 / 10.0, i => i % 4 == 0)).Kind);

        var unheard = Compare(Speech(0, null, i => 2), Speech(20, null, i => 2));
        Assert.Contains("no recogniser counted words", unheard.Verdict);
        Assert.Null(Comparison.Of([clone], 20));
        Assert.Null(Comparison.Of([clone], 0));
    }

    /// <summary>One text says nothing about noise, so nothing is claimed.</summary>
    [Fact]
    public void OneTextProvesNothing()
    {
        static Evaluation One(Evaluation e) => e with { Takes = [.. e.Takes.Take(2)] };
        var compared = Compare(One(Speech(0, i => 8, i => 3)), One(Speech(20, i => 0, i => 1)));
        Assert.StartsWith("Tuning did not help", compared.Verdict);
    }
}
