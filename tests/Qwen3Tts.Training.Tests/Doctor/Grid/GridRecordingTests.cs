using Qwen3Tts.Doctor.Decision;
using Qwen3Tts.Doctor.Evidence;

namespace Qwen3Tts.Tests;

/// <summary>Trains the grid and records what the rules read of it, for GridTests. QWEN3TTS_DOCTOR_GRID names the folder for the
/// checkpoints; what is there already is not trained again, and what is recorded already is not measured again: delete its lines to measure
/// anew. It takes about an hour on two cores, may be stopped at any time, and goes on where it was.</summary>
public sealed class GridRecordingTests
{
    const int WithOthers = 60; // steps of the runs that are measured on other clips, too

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
        foreach (var run in runs.OrderByDescending(r => r.Steps).Where(r => !known.ContainsKey(Key(r))))
        {
            var checkpoint = run.Train();
            known[Key(run)] = new(run.Table, run.Trained, run.Right, run.Rate, run.Steps,
                Measure(run, checkpoint, run.From.Data, rounded),
                run.Steps == WithOthers ? Measure(run, checkpoint, run.From.New, rounded) : null);
            GridFile.Write(GridFile.Path, [.. _sets.Values.Select(s => new GridLine(s, null)),
                .. runs.Select(r => known.GetValueOrDefault(Key(r))).OfType<CheckpointFeatures>().Select(c => new GridLine(null, c))]);
        }
        Assert.Empty(rounded);
    }

    static (string, string, string, double, int) Key(GridRun r) => (r.Table, r.Trained, r.Right, r.Rate, r.Steps);

    static (string, string, string, double, int) Key(CheckpointFeatures c) => (c.Table, c.Trained, c.Right, c.Rate, c.Steps);

    /// <param name="run">Which.</param>
    /// <param name="checkpoint">Its folder.</param>
    /// <param name="data">The clips.</param>
    /// <param name="rounded">Is told where rounding the numbers changes the answer.</param>
    Measured Measure(GridRun run, string checkpoint, string data, List<string> rounded)
    {
        if (!_judges.TryGetValue(run.From.Model, out var judge))
            _judges[run.From.Model] = judge = new(run.From.Model);
        var (now, origin) = judge.Measure(checkpoint, data);
        var name = $"{Path.GetFileName(Path.GetDirectoryName(data))}/{Path.GetFileNameWithoutExtension(data)}";
        if (!_sets.TryGetValue(name, out var set))
            _sets[name] = set = KeptLosses.Describe(name, now);
        var measured = new Measured(name, new(), KeptOrigin.Describe(origin));
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
