using Qwen3Tts.Training.Data;

namespace Qwen3Tts.Tests.Data;

public sealed class CoverageTests
{
    [Fact]
    public void TheTextThatAddsMostComesFirstAndKnownOnesDoNotCome()
    {
        var coverage = Coverage.Measure(["A cat, a cat!", "a cat", "A CAT"], ["A cat.", "A dog!", "A dog and a fox jump."]);
        Assert.Equal(3, coverage.Letters);
        Assert.Equal(6, coverage.Pairs); // " a", "a ", " c", "ca", "at", "t "
        Assert.Equal(["A dog and a fox jump.", "A dog!"], coverage.Next);
        Assert.Equal(0, coverage.Rare.Count(l => "cat".Contains(l, StringComparison.Ordinal)));
        Assert.Contains("x", coverage.Rare);
        Assert.InRange(coverage.Covered, 0.2, 0.5);
    }

    [Fact]
    public void EachTextOfOursAddsSoundsToTheOthers()
    {
        var all = Coverage.Measure(Coverage.English, Coverage.English, 100);
        Assert.Equal(26, all.Letters);
        Assert.Equal(1, all.Covered);
        Assert.Equal(Coverage.English.Count, Coverage.English.Distinct().Count());
        Assert.Equal(10, Coverage.Measure([], Coverage.English).Next.Count);
        Assert.All(Coverage.English, t => Assert.True(t.All(char.IsAscii), t));
    }

    [Fact]
    public void WithoutCandidatesNothingIsSuggested()
    {
        var coverage = Coverage.Measure(["Grüße"], []);
        Assert.Equal((5, 6, 0), (coverage.Letters, coverage.Pairs, coverage.Next.Count));
    }
}
