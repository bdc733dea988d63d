using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Training.Bench;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Tests;

/// <summary>The benchmarks measure what they say. How long something takes is not tested.</summary>
[Collection(nameof(LeakTests))] // memory is measured
public sealed class BenchTests
{
    [Theory]
    [InlineData("base-0b6")]
    [InlineData("base-1b7")]
    public void EveryMethodComputesThePlainStep(string name)
    {
        var ways = new[] { Precision.Mixed, Precision.Bfloat16Moments }
            .SelectMany(p => new[] { false, true }.Select(again => new TrainingMethod { Precision = p, Checkpointing = new(again, 4) }))
            .ToList();
        var result = TrainingBench.Run(
            new()
            {
                Model = ModelFolder.Open(Golden.Checkpoint(name)).Config,
                Batch = 2,
                Frames = 9,
                TextTokens = 5,
                Steps = 2,
                Methods = ways
            }, _ => { });
        Assert.Equal(ways, result.Methods.Select(w => w.Method));
        Assert.All(result.Methods, w => Assert.Equal(2, w.Cost.Seconds.Count));
        Assert.All(result.Methods, w => Assert.Equal(result.Plain.Loss, w.Cost.Loss, 0.01 * result.Plain.Loss));
        Assert.Equal(result.Methods[0].Cost.Loss, result.Methods[1].Cost.Loss); // gradient checkpointing: the same bits
        Assert.True(result.Methods[2].Cost.Plan!.Peak < result.Methods[0].Cost.Plan!.Peak);
    }

    [Fact]
    public void TheDoctorOfACheckpointAloneIsMeasuredUnderEveryHypothesis()
    {
        var model = ModelFolder.Open(Golden.Checkpoint("base-0b6")).Config;
        var inputs = Hypothesis.All.Select(h => h.Faults & KnownFaults.Input).Where(f => !f.HasFlag(FaultSet.NoTextProjection)).Distinct();
        Assert.True(DoctorBench.Run(model, withBase: false, _ => { }).Runs >= inputs.Count() * DoctorBench.Clips);
    }

    /// <summary>The rows of a correct training rule most hypotheses out, so the two models together need fewer passes than one under
    /// every hypothesis.</summary>
    [Fact]
    public void TheDoctorWithABaseSkipsWhatTheChangedRowsRuleOut()
    {
        var model = ModelFolder.Open(Golden.Checkpoint("base-1b7")).Config;
        int Runs(bool withBase) => DoctorBench.Run(model, withBase, _ => { }).Runs;
        Assert.InRange(Runs(withBase: true), 2 * DoctorBench.Clips, Runs(withBase: false) - 1);
    }
}
