// Turns lists of recordings in any supported format into one manifest. Nothing is encoded yet, so no model is needed. The held-out clips
// are chosen here, once; all later commands keep this choice.
using System.Collections.Concurrent;
using Qwen3Tts.Data;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Data;

sealed record ImportOptions
{
    public required string Input { get; init; }
    /// <summary>The manifest to write.</summary>
    public required string Output { get; init; }
    /// <summary>Format of the input; null detects it.</summary>
    public ListFormat? Format { get; init; }
    /// <summary>Only clips of this speaker.</summary>
    public string? OnlySpeaker { get; init; }
    /// <summary>Language of clips for which the input names none.</summary>
    public string? Language { get; init; }
    /// <summary>Which clips are held out; null keeps the list's choice, or holds out a twentieth of the texts if it has none.</summary>
    public HeldOut? HeldOut { get; init; }
    public int Seed { get; init; } = 1;
    public bool SkipBad { get; init; }
}

static class Import
{
    static readonly HeldOut Usual = new(0.05, null);

    /// <exception cref="InvalidDataException">Some clips cannot be used; up to twenty are named.</exception>
    /// <exception cref="ArgumentException">The requested held-out clips contradict the list, or are all clips.</exception>
    public static DataSummary Run(ImportOptions options, CancellationToken stop)
    {
        var (problems, doubts) = (new ListProblems(), new List<string>());
        var listed = ClipList.Read(options.Input, problems, options.Format).ConvertAll(c => ClipList.InOneLanguage(c, options.Language));
        if (options.OnlySpeaker is { } speaker && !listed.Any(c => SpeakerName.IsSame(c.Speaker, speaker)))
            throw problems.Count > 0 ? new InvalidDataException($"{problems}") : new ArgumentException(
                $"{options.Input}: no clip is spoken by '{Printable.Text(speaker)}'. "
                + $"Its speakers: {string.Join(", ", listed.Select(c => c.Speaker ?? "none named").Distinct().Take(20))}.");
        listed.RemoveAll(c => options.OnlySpeaker is { } only && !SpeakerName.IsSame(c.Speaker, only));
        OutputFile.CheckAreNoInputs([options.Output],
            [options.Input, .. listed.SelectMany(c => new[] { c.Audio, c.Reference, PreparedFiles.Transcript(c) })]);

        var rows = Measured(listed, problems, stop);
        var contradictions = new List<(Clip Clip, string Message)>();
        ClipChecks.Duplicates(rows.Where(r => r.Levels is not null).Select(r => (r.Clip, r.Levels!.Content)), contradictions, doubts);
        foreach (var (clip, message) in contradictions)
            problems.Add(clip.Place, message);
        rows.RemoveAll(r => contradictions.Any(c => c.Clip.Place == r.Clip.Place));
        if (!options.SkipBad)
            problems.ThrowIfAny();
        if (rows.Count == 0)
            throw new InvalidDataException($"{options.Input}: no clip can be used.\n{problems}");

        var heldOut = ChooseHeldOut([.. rows.Select(r => r.Clip)], options);
        rows = [.. rows.Select((r, i) => r with { Clip = r.Clip with { HeldOut = heldOut[i] } })];
        foreach (var row in rows)
            doubts.AddRange(ClipChecks.CheckText(row.Clip, null)
                .Concat(row.Levels is null ? [] : ClipGate.Doubts(row.Clip, row.Levels, trimmed: true)));
        CodesFile.Write(options.Output, rows.Select(r => r.Clip));
        return new(rows, problems, doubts);
    }

    static bool[] ChooseHeldOut(IReadOnlyList<Clip> clips, ImportOptions options) =>
        clips.All(c => c.HeldOut is null) ? (options.HeldOut ?? Usual).Choose(clips, options.Seed)
        : options.HeldOut is null ? [.. clips.Select(c => c.HeldOut == true)]
        : throw new ArgumentException(
            $"{options.Input}: the list says already which clips are held out, with 'split'. Leave --held-out out, or remove 'split' " +
            $"from its lines.");

    /// <summary>Checks the recordings; each is read once. The recording of a clip that has codes need not exist.</summary>
    static List<DataRow> Measured(List<Clip> clips, ListProblems problems, CancellationToken stop)
    {
        var (rows, wrong) = (new DataRow?[clips.Count], new ClipProblem?[clips.Count]);
        var references = new ConcurrentDictionary<string, string?>();
        Parallel.For(0, clips.Count, new ParallelOptions { CancellationToken = stop }, i =>
        {
            var clip = clips[i];
            try
            {
                if (ClipGate.Error(clip) is { } text)
                    wrong[i] = new(clip.Place, text);
                var levels = clip.Codes is not null && !File.Exists(clip.Audio) ? null
                    : ClipGate.Read(clip.Place, clip.Audio, ClipChecks.LeaveOut).Levels;
                if (clip.Reference is { } reference)
                    wrong[i] ??= !File.Exists(reference)
                        ? new(clip.Place, $"the reference '{Printable.Text(reference)}' is not there. "
                            + "Correct 'ref_audio', or remove it to have one chosen.", "no reference")
                        : references.GetOrAdd(reference, ClipGate.ReferenceProblem) is { } problem ? new(clip.Place, problem) : null;
                rows[i] = new(clip, levels, null);
            }
            catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                wrong[i] ??= ClipProblem.From(clip, e);
            }
        });
        foreach (var problem in wrong.OfType<ClipProblem>())
            problem.AddTo(problems);
        return [.. rows.Where((r, i) => r is not null && wrong[i] is null).Select(r => r!)];
    }
}
