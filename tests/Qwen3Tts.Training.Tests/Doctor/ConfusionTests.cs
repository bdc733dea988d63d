using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor;
using Qwen3Tts.Doctor.Decision;
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Tests;

/// <summary>Faults that this project's trainer plants in the miniature are named, and correct runs are healthy. These are a few short runs
/// that every test run trains. The many runs of the grid are tested with recorded numbers (GridTests).</summary>
public sealed class ConfusionTests
{
    internal static TrainingOptions AsTheTrainerDoesByDefault(TrainingOptions options) => options with
    {
        Layout = LayoutPolicy.Mixed,
        Languages = ["data", "auto"],
    };

    static readonly Lazy<PlantedFaults> Few = new(() => new(Scratch.New("planted"), clips: 20));
    static readonly Judge TheJudge = new(PlantedFaults.Base);

    /// <summary>Fifteen steps each: the losses of most checkpoints are still close to those of the base.</summary>
    [Theory]
    [InlineData(FaultSet.None, 2e-4)]
    [InlineData(FaultSet.OwnHidden, 1e-4)]
    [InlineData(FaultSet.OwnHidden | FaultSet.SubLabelsShifted, 2e-4)]
    [InlineData(FaultSet.NoEos, 2e-4)]
    [InlineData(FaultSet.NoTextProjection | FaultSet.LabelsShiftedTwice, 2e-4)]
    [InlineData(FaultSet.Official, 2e-4)]
    [InlineData(FaultSet.None, 1e-5)] // rounding hides most updates
    [InlineData(FaultSet.NoEos, 1e-5)]
    [InlineData(FaultSet.NoSpeaker, 1e-5)]
    [InlineData(FaultSet.Official, 1e-5)]
    [InlineData(FaultSet.OfficialBefore, 1e-5)]
    internal void AShortRunIsNamed(FaultSet faults, double rate)
    {
        var checkpoint = Few.Value.Checkpoint(new(Hypothesis.Combine(faults).Name, faults, rate, 15));
        Assert.Equal(Hypothesis.Combine(faults).Name, TheJudge.Read(checkpoint, Few.Value.Data, withBase: true).Hypothesis.Name);
    }

    /// <summary>After a few small steps the loss under a fault is still far above guessing; the fault is named all the same.</summary>
    [Fact]
    public void AFaultOfAShortRunIsNotTakenForAnUntrainedModel()
    {
        var report = Examination.Run(new()
        {
            Checkpoint = Few.Value.Checkpoint(new("official", FaultSet.Official, 1e-5, 15)),
            Base = PlantedFaults.Base,
            Data = Few.Value.Data
        }, null, _ => { });
        Assert.Equal("official", report.Hypothesis);
        Assert.StartsWith("Mismatch", report.Verdict, StringComparison.Ordinal);
        Assert.True(report.Losses.Single(l => l.Hypothesis == "official").Talker > report.Data!.Guessing);
    }

    /// <summary>The miniature knows single sentences. In clips of three it expects an end after each, so the row of the end moves alike
    /// with and without end targets. A correct run of a few steps is not accused, and a missing end is undecided.</summary>
    [Theory]
    [InlineData(FaultSet.None, 2, "Mismatch", false)]
    [InlineData(FaultSet.None, 4, "Mismatch", false)]
    [InlineData(FaultSet.NoEos, 8, "Undecided: these clips cannot show whether the end of speech was taught.", true)]
    internal void JoinedSentencesCannotShowWhetherTheEndWasTaught(FaultSet faults, int steps, string verdict, bool said)
    {
        var report = Examination.Run(new()
        {
            Checkpoint = Joined.Value.Checkpoint(new(Hypothesis.Combine(faults).Name, faults, 2e-4, steps, AsTheTrainerDoesByDefault)),
            Base = Mini.Model,
            Data = Joined.Value.Data,
        }, null, _ => { });
        Assert.Equal(said, report.Verdict.StartsWith(verdict, StringComparison.Ordinal));
        Assert.Contains(report.Findings, f => f.Id == "end_not_tested");
        Assert.Equal(FaultSet.None, Hypothesis.Parse(report.Hypothesis!).Faults & KnownFaults.Mismatch);
    }

    static readonly Lazy<PlantedFaults> Joined = new(() =>
    {
        var recordings = Scratch.New("three");
        for (var i = 0; i < 10; i++)
        {
            var joined = Slicing.Joined.Nora(3 * i, 3, 0.3, 0.3);
            var file = Path.Combine(recordings, $"{i}.wav");
            WavFile.Write(file, new(joined.Clean, joined.Rate));
            File.WriteAllText(Path.ChangeExtension(file, ".txt"), string.Join(' ', joined.Truth.Select(c => c.Text)));
        }
        return new(Scratch.New("joined"), clips: 10, Mini.Model, source: recordings);
    });

    /// <summary>After a training with shifted labels, the loss is lower without a speaker than under the true hypothesis. The fault must be
    /// named all the same.</summary>
    [Fact]
    public void APromptWithoutASpeakerHidesNoShiftedLabels()
    {
        var checkpoint = Few.Value.Checkpoint(new("labels_shifted_twice", FaultSet.LabelsShiftedTwice, 2e-4, 15));
        Assert.True(TheJudge.Read(checkpoint, Few.Value.Data, withBase: false).Hypothesis.Faults.HasFlag(FaultSet.NoSpeaker));
        Assert.Equal(FaultSet.LabelsShiftedTwice, TheJudge.Read(checkpoint, Few.Value.Data, withBase: true).Hypothesis.Faults);
    }

    [Fact]
    public void ARunOfTheTrainerAndALoraAreHealthy()
    {
        Assert.Empty(Mismatch(TheJudge.Read(Few.Value.Checkpoint(new("default", FaultSet.None, 2e-4, 15, AsTheTrainerDoesByDefault)),
            Few.Value.Data, withBase: true)));
        Assert.Empty(Mismatch(TheJudge.Read(Few.Value.MergedLora(FaultSet.None, 15), Few.Value.Data, withBase: true)));
    }

    /// <summary>Updates that BF16 rounding loses are reported under every fault, and they do not hide the fault.</summary>
    [Theory]
    [InlineData(FaultSet.None)]
    [InlineData(FaultSet.Official)]
    internal void AnOptimiserWithoutMastersIsTold(FaultSet faults)
    {
        string[] Findings(string checkpoint)
        {
            using var now = ModelFolder.Open(checkpoint).OpenWeights();
            using var before = ModelFolder.Open(PlantedFaults.Base).OpenWeights();
            return [.. MovementFindings.List(new Movement(now, before, ModelFolder.Open(checkpoint).Config.TalkerConfig).Report())
                .Select(f => f.Id)];
        }
        var checkpoint = Few.Value.WithoutMasters(faults, 2e-5, 15);
        Assert.Contains("updates_lost", Findings(checkpoint));
        Assert.DoesNotContain("updates_lost",
            Findings(Few.Value.Checkpoint(new(Hypothesis.Combine(FaultSet.Official).Name, FaultSet.Official, 2e-4, 15))));
        Assert.Equal(Hypothesis.Combine(faults).Name, TheJudge.Read(checkpoint, Few.Value.Data, withBase: true).Hypothesis.Name);
    }

    /// <summary>On clips that were not trained on, gradients at the base are no evidence, so they are not used.</summary>
    [Fact]
    public void OnOtherClipsARightRunIsNotCalledFaulty()
    {
        foreach (var checkpoint in new[]
        {
            Few.Value.Checkpoint(new("correct", FaultSet.None, 1e-5, 15)), Few.Value.Checkpoint(new("correct", FaultSet.None, 2e-4, 15)),
                Few.Value.Checkpoint(new("correct", FaultSet.None, 1e-3, 60)),
            Few.Value.WithoutMasters(FaultSet.None, 2e-5, 15), Few.Value.MergedLora(FaultSet.None, 15),
                Few.Value.MergedLora(FaultSet.None, 60),
        })
        {
            var reading = TheJudge.Read(checkpoint, Few.Value.New, withBase: true);
            Assert.True(reading.ByLossAlone, checkpoint);
            Assert.Empty(Mismatch(reading));
        }
    }

    static IEnumerable<Fault> Mismatch(Diagnosis reading) => KnownFaults.ListParts(reading.Hypothesis.Faults & KnownFaults.Mismatch);
}
