// All fine-tunes of the grid: which faults, at which rates, for how long. The first table is about what this project's trainer does; the
// second, OtherRuns, is about what others do.
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Tests;

/// <summary>A fine-tune that is to be recorded.</summary>
/// <param name="Table">The table that it belongs to.</param>
/// <param name="Trained">Its row there.</param>
/// <param name="Faults">What is planted.</param>
/// <param name="Rate">Learning rate.</param>
/// <param name="Steps">Updates.</param>
/// <param name="From">The model and the clips.</param>
/// <param name="Train">Trains it, unless that was done, and gives the folder.</param>
sealed record GridRun(
    string Table, string Trained, FaultSet Faults, double Rate, int Steps, PlantedFaults From, Func<string> Train)
{
    public string Right => Hypothesis.Combine(Faults).Name;
}

static class GridRuns
{
    public const string Table = "doctor";
    public static readonly double[] Rates = [1e-5, 2e-4, 1e-3];
    static readonly int[] Lengths = [15, 60, 120];

    /// <summary>Each deviation alone, the official script in both states, and pairs, among them those that hide each other most.</summary>
    static IEnumerable<Hypothesis> Planted => [
        .. Hypothesis.All.Where(h => h.Faults != FaultSet.MaskBeforeProjection),
        .. new[]
        {
            FaultSet.OwnHidden | FaultSet.SubLabelsShifted, FaultSet.NoLanguage | FaultSet.NoEos,
            FaultSet.NoTextProjection | FaultSet.LabelsShiftedTwice, FaultSet.LabelsShiftedTwice | FaultSet.SubLabelsShifted,
            FaultSet.NoTextProjection | FaultSet.SpeakerAt6, FaultSet.LabelsShiftedTwice | FaultSet.OwnHidden,
        }.Select(Hypothesis.Combine),
    ];

    /// <param name="folder">Where checkpoints are kept; what is there already is not trained again.</param>
    public static IReadOnlyList<GridRun> List(string folder)
    {
        var source = new PlantedFaults(Path.Combine(folder, "full"), 60);
        IEnumerable<GridRun> Row(string trained, FaultSet faults, double[] rates, Func<double, int, string> train) =>
            from rate in rates
            from steps in Lengths
            select new GridRun(Table, trained, faults, rate, steps, source, () => train(rate, steps));
        return [
            .. Planted.SelectMany(h => Row(
                h.Name, h.Faults, Rates, (rate, steps) => source.Checkpoint(new(h.Name, h.Faults, rate, steps)))),
            .. Row("correct, both layouts, with and without language", FaultSet.None, Rates, (rate, steps) =>
                source.Checkpoint(new("default", FaultSet.None, rate, steps, ConfusionTests.AsTheTrainerDoesByDefault))),
            .. new[] { FaultSet.None, FaultSet.NoTextProjection, FaultSet.LabelsShiftedTwice, FaultSet.OwnHidden, FaultSet.Official }
                .SelectMany(f => Row($"{Hypothesis.Combine(f).Name}, LoRA merged", f, [1e-3], (_, steps) => source.MergedLora(f, steps))),
            .. new[] { FaultSet.None, FaultSet.Official }.SelectMany(f => Row($"{Hypothesis.Combine(f).Name}, BF16 without masters", f,
                Rates, (rate, steps) => source.WithoutMasters(f, rate, steps))),
            .. OtherRuns.List(folder),
        ];
    }
}
