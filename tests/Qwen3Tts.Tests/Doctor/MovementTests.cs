using Qwen3Tts.Doctor.Evidence;

namespace Qwen3Tts.Tests;

/// <summary>Distinguishes rows whose updates were hidden by rounding from rows that got no update.</summary>
public sealed class MovementTests
{
    [Fact]
    public void OneRowThatStayedIsTooManyWhereNothingIsHidden()
    {
        Assert.True(Movement.IsExplainedByRounding(0, 0, 0));
        Assert.False(Movement.IsExplainedByRounding(1, 0, 0));
    }

    /// <summary>Two thousand rows. The mean number of elements that show an update is given; it differs between rows by a factor of up to
    /// two. If rows differ more, more clips of the training are not recognised, but no more other clips are accepted.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void RowsThatWereNotTrainedAreNotTakenForHiddenOnes(double mean)
    {
        const int Rows = 2000, Untrained = 120, Draws = 100;
        var random = new Random(1);
        int Poisson(double m)
        {
            var (count, left) = (0, Math.Exp(m));
            while ((left *= random.NextDouble()) > 1)
                count++;
            return count;
        }
        var (hidden, accepted) = (0, 0);
        for (var draw = 0; draw < Draws; draw++)
        {
            var shown = Enumerable.Range(0, Rows).Select(_ => Poisson(mean * (0.7 + 0.6 * random.NextDouble()))).GroupBy(n => n)
                .ToDictionary(g => g.Key, g => g.Count());
            bool IsExplained(int more) => Movement.IsExplainedByRounding(shown.GetValueOrDefault(0) + more, shown.GetValueOrDefault(1),
                shown.GetValueOrDefault(2));
            (hidden, accepted) = (hidden + (IsExplained(0) ? 1 : 0), accepted + (IsExplained(Untrained) ? 1 : 0));
        }
        Assert.InRange(hidden, Draws * 9 / 10, Draws);
        Assert.InRange(accepted, 0, Draws / 10);
    }
}
