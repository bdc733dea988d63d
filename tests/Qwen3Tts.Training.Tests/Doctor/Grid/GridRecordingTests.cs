using Qwen3Tts.Doctor.Decision;
using Qwen3Tts.Doctor.Evidence;

namespace Qwen3Tts.Tests;

/// <summary>Trains the checkpoints of the grid and records the numbers that the rules read, for GridTests. QWEN3TTS_DOCTOR_GRID names the
/// folder for the checkpoints. A checkpoint that exists is not trained again. Of one that is recorded, only numbers are measured that a
/// decision needs and that are missing; to measure all again, delete its line. The recording takes about an hour on two cores. It can be
/// stopped at any time and then continues where it stopped.</summary>
public sealed class GridRecordingTests
{
    const int WithOthers = 60; // runs of this many steps are also measured on other clips

    readonly Dictionary<string, ClipFeatures> _sets = [];
    readonly Dictionary<string, Judge> _judges = [];

    [Fact]
    public void TheGridIsRecorded()
    {
        var folder = Environment.GetEnvironmentVariable("QWEN3TTS_DOCTOR_GRID");
        Assert.SkipWhen(string.IsNullOrEmpty(folder), "An hour: QWEN3TTS_DOCTOR_GRID names the folder for checkpoints.");
        var lines = GridFile.Read(GridFile.Path);
        foreach (var set in lines.Select(l => l.Set).OfType<ClipFeatures>())
            _sets[set.Name] = set;
        var known = lines.Select(l => l.Checkpoint).OfType<CheckpointFeatures>().ToDictionary(Key);
        var (runs, rounded) = (GridRuns.List(folder!).ToList(), new List<string>());
        foreach (var run in runs.OrderByDescending(r => r.Steps).Where(r => !known.TryGetValue(Key(r), out var c) || LacksNumbers(c)))
        {
            var (checkpoint, before) = (run.Train(), known.GetValueOrDefault(Key(run)));
            known[Key(run)] = new(run.Table, run.Trained, run.Right, run.Rate, run.Steps,
                Measure(run, checkpoint, run.From.Data, before?.Own, rounded),
                run.Steps == WithOthers ? Measure(run, checkpoint, run.From.New, before?.Others, rounded) : null);
            GridFile.Write(GridFile.Path, [.. _sets.Values.Select(s => new GridLine(s, null)),
                .. runs.Select(r => known.GetValueOrDefault(Key(r))).OfType<CheckpointFeatures>().Select(c => new GridLine(null, c))]);
        }
        Assert.Empty(rounded);
    }

    static (string, string, string, double, int) Key(GridRun r) => (r.Table, r.Trained, r.Right, r.Rate, r.Steps);

    static (string, string, string, double, int) Key(CheckpointFeatures c) => (c.Table, c.Trained, c.Right, c.Rate, c.Steps);

    /// <summary>Whether the decision about a recorded checkpoint needs a number that is not recorded.</summary>
    bool LacksNumbers(CheckpointFeatures checkpoint)
    {
        try
        {
            foreach (var measured in new[] { checkpoint.Own, checkpoint.Others }.OfType<Measured>())
                foreach (var origin in new[] { new KeptOrigin(_sets[measured.Clips], measured.Origin), null })
                    Diagnostics.Diagnose(new KeptLosses(_sets[measured.Clips], measured.Losses), origin);
            return false;
        }
        catch (InvalidDataException)
        {
            return true;
        }
    }

    /// <param name="run">The run.</param>
    /// <param name="checkpoint">Its folder.</param>
    /// <param name="data">The clips.</param>
    /// <param name="before">What is recorded; only what it lacks is measured. Null: nothing.</param>
    /// <param name="rounded">Receives a message if rounding the numbers changes the answer.</param>
    Measured Measure(GridRun run, string checkpoint, string data, Measured? before, List<string> rounded)
    {
        if (!_judges.TryGetValue(run.From.Model, out var judge))
            _judges[run.From.Model] = judge = new(run.From.Model);
        var (now, origin) = judge.Measure(checkpoint, data);
        var name = $"{Path.GetFileName(Path.GetDirectoryName(data))}/{Path.GetFileNameWithoutExtension(data)}";
        if (!_sets.TryGetValue(name, out var set))
            _sets[name] = set = KeptLosses.Describe(name, now);
        var measured = before ?? new Measured(name, new(), KeptOrigin.Describe(origin));
        var (losses, moved) = (new KeptLosses(set, measured.Losses, now), new KeptOrigin(set, measured.Origin, origin));
        foreach (var (_, rules) in GridDecisions.Ablations.Prepend(("", Rules.All)))
            foreach (var from in new[] { moved, null })
                Diagnostics.Diagnose(losses, from, rules);
        foreach (var (exact, kept) in new[] { (origin, moved), ((IOriginEvidence?)null, (IOriginEvidence?)null) })
            if (GridDecisions.Name(Diagnostics.Diagnose(now, exact)) is var said
                && said != GridDecisions.Name(Diagnostics.Diagnose(losses, kept)))
                rounded.Add($"{run.Trained}, {run.Rate}, {run.Steps} on {name} is {said} before its numbers are rounded.");
        return measured;
    }
}
