// All fine-tunes of the grid: their faults, learning rates and numbers of steps. The first table has runs of this project's trainer; the
// second, OtherRuns, has runs as other people make them.
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Tests;

/// <summary>A fine-tune to record.</summary>
/// <param name="Table">The table that it belongs to.</param>
/// <param name="Trained">Its row in this table.</param>
/// <param name="Faults">The planted faults.</param>
/// <param name="Rate">Learning rate.</param>
/// <param name="Steps">Number of updates.</param>
/// <param name="From">The model and the clips.</param>
/// <param name="Train">Trains it, unless the checkpoint exists, and returns its folder.</param>
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

    /// <summary>Each single fault, both versions of the official script, and pairs of faults, including the pairs that are hardest to
    /// distinguish.</summary>
    static IEnumerable<Hypothesis> Planted => [
        .. Hypothesis.All.Where(h => h.Faults != FaultSet.MaskBeforeProjection),
        .. new[]
        {
            FaultSet.OwnHidden | FaultSet.SubLabelsShifted, FaultSet.NoLanguage | FaultSet.NoEos,
            FaultSet.NoTextProjection | FaultSet.LabelsShiftedTwice, FaultSet.LabelsShiftedTwice | FaultSet.SubLabelsShifted,
            FaultSet.NoTextProjection | FaultSet.SpeakerAt6, FaultSet.LabelsShiftedTwice | FaultSet.OwnHidden,
        }.Select(Hypothesis.Combine),
    ];

    /// <param name="folder">The folder of the checkpoints; a checkpoint that exists there is not trained again.</param>
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
