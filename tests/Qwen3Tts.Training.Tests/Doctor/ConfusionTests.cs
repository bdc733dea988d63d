using System.Globalization;
using System.Text;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor;
using Qwen3Tts.Doctor.Decision;
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Tests;

/// <summary>
/// Every fault planted by this project's trainer on the miniature is named; healthy runs are healthy. A few short runs in every test run;
/// with QWEN3TTS_DOCTOR_GRID naming a folder, all faults at three rates and three lengths, trained into that folder (half an hour) and
/// judged: the table of docs/doctor-method.md.
/// </summary>
public sealed class ConfusionTests
{
    static readonly double[] Rates = [1e-5, 2e-4, 1e-3];
    static readonly int[] Lengths = [15, 60, 120];

    /// <summary>Each deviation alone, the official script in both states, and pairs, among them those that hide each other most.</summary>
    static IEnumerable<Hypothesis> Grid => [
        .. Hypothesis.All.Where(h => h.Faults != FaultSet.MaskBeforeProjection),
        .. new[]
        {
            FaultSet.OwnHidden | FaultSet.SubLabelsShifted, FaultSet.NoLanguage | FaultSet.NoEos,
                FaultSet.NoTextProjection | FaultSet.LabelsShiftedTwice,
            FaultSet.LabelsShiftedTwice | FaultSet.SubLabelsShifted, FaultSet.NoTextProjection | FaultSet.SpeakerAt6,
                FaultSet.LabelsShiftedTwice | FaultSet.OwnHidden,
        }.Select(Hypothesis.Combine),
    ];

    static TrainingOptions AsTheTrainerDoesByDefault(TrainingOptions options) => options with
    {
        Layout = LayoutPolicy.Mixed,
        Languages = ["data", "auto"],
    };

    static readonly Lazy<PlantedFaults> Few = new(() => new(Scratch.New("planted"), clips: 20));
    static readonly Judge TheJudge = new(PlantedFaults.Base);

    /// <summary>Fifteen steps each: the losses of most are still those of the base.</summary>
    [Theory]
    [InlineData(FaultSet.None, 2e-4)]
    [InlineData(FaultSet.OwnHidden, 1e-4)]
    [InlineData(FaultSet.OwnHidden | FaultSet.SubLabelsShifted, 2e-4)]
    [InlineData(FaultSet.NoEos, 2e-4)]
    [InlineData(FaultSet.NoTextProjection | FaultSet.LabelsShiftedTwice, 2e-4)]
    [InlineData(FaultSet.Official, 2e-4)]
    [InlineData(FaultSet.None, 1e-5)] // where rounding hides most of what moved
    [InlineData(FaultSet.NoEos, 1e-5)]
    [InlineData(FaultSet.NoSpeaker, 1e-5)]
    [InlineData(FaultSet.Official, 1e-5)]
    [InlineData(FaultSet.OfficialBefore, 1e-5)]
    internal void AShortRunIsNamed(FaultSet faults, double rate)
    {
        var checkpoint = Few.Value.Checkpoint(new(Hypothesis.Combine(faults).Name, faults, rate, 15));
        Assert.Equal(Hypothesis.Combine(faults).Name, TheJudge.Read(checkpoint, Few.Value.Data, withBase: true).Hypothesis.Name);
    }

    /// <summary>A fault's loss is far above guessing after a few small steps; that hides no fault either.</summary>
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

    /// <summary>
    /// Once its labels are shifted, a model's loss is lower without a speaker than under what it was trained with; that must not hide the
    /// fault.
    /// </summary>
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

    /// <summary>Updates that a BF16 weight does not hold are told, whatever it was trained with, and hide nothing of that.</summary>
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

    /// <summary>Of clips that were not trained on, gradients at the base say nothing; so nothing is made of them.</summary>
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

    [Fact]
    public void TheWholeGrid()
    {
        var folder = Environment.GetEnvironmentVariable("QWEN3TTS_DOCTOR_GRID");
        Assert.SkipWhen(string.IsNullOrEmpty(folder),
            "Half an hour of training: QWEN3TTS_DOCTOR_GRID names the folder for its checkpoints.");
        var (trained, wrong, accused) = (new PlantedFaults(folder!, 60), new List<string>(), new List<string>());
        var table = new StringBuilder(
            "| trained with | 1e-5 | 2e-4 | 1e-3 | other clips | without base: 1e-5 | 2e-4 | 1e-3 |\n|---|---|---|---|---|---|---|---|\n");
        foreach (var hypothesis in Grid)
        {
            var checkpoints = Rates.Select(rate => Lengths
                .Select(steps => trained.Checkpoint(new(hypothesis.Name, hypothesis.Faults, rate, steps))).ToList()).ToList();
            Add(hypothesis.Name, checkpoints);
        }
        var byDefault = Rates.Select(rate =>
            Lengths.Select(steps => trained.Checkpoint(new("default", FaultSet.None, rate, steps, AsTheTrainerDoesByDefault))).ToList())
            .ToList();
        Add("correct", byDefault, "correct, both layouts, with and without language");
        foreach (var faults in new[] { FaultSet.None, FaultSet.NoTextProjection, FaultSet.LabelsShiftedTwice, FaultSet.OwnHidden,
            FaultSet.Official })
            Add(Hypothesis.Combine(faults).Name, [[], [], [.. Lengths.Select(steps => trained.MergedLora(faults, steps))]],
                $"{Hypothesis.Combine(faults).Name}, LoRA merged");
        foreach (var (faults, name) in new[] { (FaultSet.None, "correct, BF16 without masters"),
            (FaultSet.Official, "official, BF16 without masters") })
            Add(Hypothesis.Combine(faults).Name,
                [.. Rates.Select(rate => Lengths.Select(steps => trained.WithoutMasters(faults, rate, steps)).ToList())], name);
        File.WriteAllText(Path.Combine(folder!, "table.md"), table.ToString());
        if (Readme.IsToBeWritten)
            Readme.Write("docs/doctor-method.md", "doctor", table.ToString());
        Assert.DoesNotContain(wrong, w => w.StartsWith("correct", StringComparison.Ordinal));
        Assert.Empty(accused);
        // a LoRA leaves code predictor and prefix as they were, which would tell the other faults
        Assert.True(wrong.TrueForAll(w => w.StartsWith("official, LoRA", StringComparison.Ordinal)), string.Join("\n", wrong));

        void Add(string right, List<List<string>> checkpoints, string? name = null)
        {
            List<List<string>> Said(string data, bool withBase) =>
                [.. checkpoints.Select(c => c.Select(folder => Name(TheJudge.Read(folder, data, withBase))).ToList())];
            var (with, others, without) = (Said(trained.Data, true), Said(trained.New, true), Said(trained.Data, false));
            accused.AddRange(with.Concat(others).Concat(without).SelectMany(s => s)
                .Where(s => right == "correct" && s != right && s != Undecided));
            wrong.AddRange(with.SelectMany(s => s).Where(s => s != right && s != Undecided).Select(s => $"{name ?? right} is called {s}"));
            var cells = with.Append([.. others.SelectMany(s => s)]).Concat(without).Select(said => Cell(said, right));
            table.Append(CultureInfo.InvariantCulture, $"| {name ?? right} | {string.Join(" | ", cells)} |\n");
        }
    }

    const string Undecided = "undecided";

    static string Name(Diagnosis reading) => reading.ByLossAlone && !Mismatch(reading).Any() ? Undecided : reading.Hypothesis.Name;

    /// <summary>How many are named rightly, and what the others are called.</summary>
    static string Cell(List<string> said, string right)
    {
        var others = said.Where(s => s != right).GroupBy(s => s).OrderByDescending(g => g.Count())
            .Select(g => $"{g.Count()} {(g.Key == Undecided ? "" : "as ")}{g.Key}");
        return said.Count == 0 ? "–" : string.Join("; ", new[] { $"{said.Count(s => s == right)} of {said.Count}" }.Concat(others));
    }
}
