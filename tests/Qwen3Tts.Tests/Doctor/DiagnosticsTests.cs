using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Decision;
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Kernels;
using Qwen3Tts.Talker;

namespace Qwen3Tts.Tests;

/// <summary>The faults of every faulty checkpoint are named, with and without its base.</summary>
public sealed class DiagnosticsTests
{
    public static TheoryData<string, bool> Checkpoints
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var name in FaultyCheckpoints.Stored)
                foreach (var withBase in new[] { false, true })
                    data.Add(name, withBase);
            return data;
        }
    }

    [Theory, MemberData(nameof(Checkpoints))]
    public void TheFaultIsNamed(string name, bool withBase)
    {
        var (folder, original) = (ModelFolder.Open(FaultyCheckpoints.Folder(name)),
            ModelFolder.Open(Golden.Checkpoint(FaultyCheckpoints.Base)));
        using var weights = folder.OpenWeights();
        using var before = original.OpenWeights();
        var movement = new Movement(weights, before, folder.Config.TalkerConfig);
        var clues = movement.ReadRows().ToList();
        var reading = Diagnostics.Diagnose(Measure(folder), withBase
            ? new Origin(Measure(original), clues, HeadMovement.Compare(weights, before, folder.Config.TalkerConfig),
            movement.MayBeTrainedOn(FaultyCheckpoints.Examples()))
            : null);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{name} {withBase}: {reading.Hypothesis.Name} sure {reading.Confidence} next {reading.Next?.Name} margin {reading.Margin} " +
            $"alike {string.Join(",", reading.Alike.Select(a => a.Name))}\n{string.Join("\n", clues)}");
        Assert.Equal(name == "mask_before_projection" ? "correct" : name, reading.Hypothesis.Name);
        Assert.True(reading.Confidence > 0.95);
        Assert.True(reading.Margin > 1);
    }

    static Measurement Measure(ModelFolder folder)
    {
        using var weights = folder.OpenWeights();
        return new(new TalkerModel(weights, folder.Config.TalkerConfig, Workers.Shared),
            GoldenExample.Ids(FaultyCheckpoints.Base, Golden.Json("faults", "doctor_samples.json")[0]), FaultyCheckpoints.Examples());
    }
}
