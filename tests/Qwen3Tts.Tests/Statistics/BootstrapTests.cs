using Qwen3Tts.Statistics;

namespace Qwen3Tts.Tests;

public sealed class BootstrapTests
{
    /// <summary>Of 200 samples of 48 texts whose words are wrong with probability 0.3, about 95 % of the intervals contain 0.3.</summary>
    [Fact]
    public void TheIntervalContainsTheTruthAsOftenAsItSays()
    {
        const double Truth = 0.3;
        var random = new Pcg32(7);
        var covered = 0;
        for (var sample = 0; sample < 200; sample++)
        {
            var wrong = Enumerable.Range(0, 48).Select(_ => Enumerable.Range(0, 8).Count(_ => random.NextUnit() < Truth));
            var estimate = Bootstrap.Ratio([.. wrong.Select(w => ((double)w, 8.0))]);
            Assert.InRange(estimate.Value, estimate.Low, estimate.High);
            covered += estimate.Low <= Truth && Truth <= estimate.High ? 1 : 0;
        }
        Assert.InRange(covered, 180, 200);
    }

    [Fact]
    public void OneSeedGivesOneInterval()
    {
        (double, double)[] texts = [(1, 8), (0, 7), (5, 8), (2, 9), (0, 8)];
        Assert.Equal(Bootstrap.Ratio(texts), Bootstrap.Ratio(texts));
        Assert.NotEqual(Bootstrap.Ratio(texts), Bootstrap.Ratio(texts, seed: 2));
        Assert.Equal(new Estimate(0.5, 0.5, 0.5), Bootstrap.Ratio([(1, 2), (2, 4)])); // all texts alike
    }
}
