using Qwen3Tts.Doctor.Decision;
using static Qwen3Tts.Doctor.Decision.EndInHeads;

namespace Qwen3Tts.Tests;

/// <summary>The decision whether the end of speech was taught, from the evidence of single clips.</summary>
public sealed class EndRulesTests
{
    /// <summary>Numbers of a correct run on 25 clips, of which one lasts 39 s and is not among the ten measured ones: for every clip with
    /// votes, the row moved as without end targets, but the loss of the ends fell.</summary>
    [Fact]
    public void ALongClipThatIsNotMeasuredAccusesNobody()
    {
        ClipEnd[] clips = [new(0, 0, 1e-4), new(0, 0, 0), new(6, 0, 4e-4), new(1, 0, 0), new(19, 7.1e-3, 1.9e-3), new(54, 1.47, 2.2e-3),
            new(0, 0, 2e-4), new(0, 0, 0), new(0, 0, 0)];
        var verdict = Judge(clips);
        Assert.True(verdict.IsTaught);
        Assert.InRange(verdict.Sure, 0.5, 0.99);
    }

    /// <summary>A single clip, however long it is, has at most as many votes as the row has elements.</summary>
    [Fact]
    public void OneClipOfTwentyFiveDecidesNothing()
    {
        var others = Enumerable.Repeat(new ClipEnd(-20, 1e-3, 1e-3), 24);
        Assert.Equal(new EndVerdict(true, 1), Judge([.. others, new ClipEnd(192, 6.6, 6.6)]) with { Sure = 1 });
    }

    /// <summary>Numbers measured after fifteen steps without end targets at learning rate 1e-5, where rounding hides most
    /// updates.</summary>
    [Fact]
    public void AShortTrainingWithoutAnEndIsTold()
    {
        ClipEnd[] clips = [new(0, 2.0e-7, 2.1e-7), new(0, 3.8e-7, 3.9e-7), new(2, 6.1e-5, 6.2e-5), new(0, 1.1e-5, 1.15e-5),
            new(-1, 7.8e-6, 7.7e-6), new(8, 5.8e-6, 6.2e-6), new(7, 9.0e-2, 9.2e-2), new(0, 3.0e-7, 3.1e-7), new(11, 1.1e-3, 1.2e-3),
            new(0, 2.0e-6, 2.0e-6)];
        var verdict = Judge(clips);
        Assert.False(verdict.IsTaught);
        Assert.True(verdict.Sure >= 0.95);
    }

    /// <summary>If the row shows a missing end only in some sets of clips, the end counts as taught, and the answer is less sure.</summary>
    [Fact]
    public void VotesThatDependOnTheClipsAreNotEnough()
    {
        var verdict = Judge([.. Enumerable.Range(0, 10).Select(i => new ClipEnd(i < 6 ? 10 : -10, 0.01, 0.02))]);
        Assert.True(verdict.IsTaught);
        Assert.InRange(verdict.Sure, 0.05, 0.6);
    }

    [Fact]
    public void WithoutAVoteTheEndIsTaught() => Assert.Equal(new EndVerdict(true, 1), Judge([new(0, 1, 2), new(0, 1, 2)]));

    /// <summary>As measured without the base after hundreds of steps without an end: a tiny model that began with random weights, and the
    /// miniature, which knew ends before and keeps them.</summary>
    [Theory]
    [InlineData(10.08, 1088, false)]
    [InlineData(0.71, 1280, true)]
    public void LossesTellOnlyOfAnEndThatTheBaseDidNotKnow(double mean, int vocabulary, bool isTaught) =>
        Assert.Equal(isTaught, EndInLosses.Judge(mean, vocabulary).IsTaught);
}
