using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Bench;

namespace Qwen3Tts.Tests;

/// <summary>
/// doctor --engines on every golden checkpoint and the miniature: both engines compute the same for every kind of prompt.
/// </summary>
public sealed class EnginesTests
{
    public static TheoryData<string> Models => [.. Golden.Checkpoints.Select(Golden.Checkpoint), Mini.Model];

    [Theory]
    [MemberData(nameof(Models))]
    public void BothEnginesAgree(string model)
    {
        var differences = EngineComparison.Compare(model, _ => { }, TestContext.Current.CancellationToken);
        Assert.True(differences.Count >= 6);
        Assert.All(differences, d => Assert.True(d.Agrees, $"{d}"));
        Assert.All(differences, d => Assert.True(d.Largest > 0.01 && double.IsFinite(d.Largest), $"{d}"));
        var config = ModelFolder.Open(model).Config.TalkerConfig;
        Assert.Equal(config.SpkId.Count > 0, differences.Any(d => d.Sequence.StartsWith("speaker", StringComparison.Ordinal)));
    }

    [Fact]
    public void ADifferenceShows()
    {
        var right = new EngineDifference("", 1, 1e-6, 1e-5, 1e-5, 10);
        Assert.True(right.Agrees);
        Assert.All([right with { Input = 1e-3 }, right with { Talker = 1e-2 }, right with { Predictor = double.NaN }], d =>
            Assert.False(d.Agrees));
        Assert.True(double.IsNaN(EngineComparison.Largest([1, double.NaN, 2])));
        Assert.Equal(3, EngineComparison.Largest([1, -3, 2]));
    }
}
