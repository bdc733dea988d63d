// The HTML page of a run, beside the audio files that it plays: index.html in the run's folder, updated while the run goes on. First what
// came out, in words; then the takes of each text side by side: the recording, the untouched model, and each checkpoint. The listener
// judges; the numbers say where to listen.
using System.Globalization;
using System.Text;
using Qwen3Tts.Data;
using Qwen3Tts.Likeness;
using Qwen3Tts.Sequence;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Options;
using static Qwen3Tts.Doctor.Report.Html;

namespace Qwen3Tts.Training.Pages;

/// <summary>What the page shows of a run.</summary>
/// <param name="Folder">Folder of the run, which also has the page.</param>
/// <param name="Options">Options of the run.</param>
/// <param name="Clips">All clips of the data.</param>
/// <param name="HeldOut">Held-out clips.</param>
/// <param name="Spoken">Clips whose texts are spoken in evaluations.</param>
sealed record RunPageData(
    string Folder, TrainingOptions Options, IReadOnlyList<Clip> Clips, IReadOnlyList<Clip> HeldOut, IReadOnlyList<Clip> Spoken)
{
    /// <summary>Frames a second of the model's codec.</summary>
    public required double FramesPerSecond { get; init; }
    /// <summary>A few words about the state of the run.</summary>
    public required string State { get; init; }
    /// <summary>All steps so far.</summary>
    public required IReadOnlyList<StepReport> Log { get; init; }
    /// <summary>All evaluations so far.</summary>
    public required IReadOnlyList<Evaluation> Evaluations { get; init; }
    /// <summary>The preflight; null if the run was killed before it was written.</summary>
    public required PreflightReport? Preflight { get; init; }
}

static class RunPage
{
    const string Style = """
        .take{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.7rem .9rem;margin:.6rem 0}.take p{margin:0 0 .4rem;font-weight:600}.sounds{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,11.5rem),1fr));gap:.5rem .8rem}
        .sounds div{font-size:.85rem;color:var(--soft);padding:.15rem .3rem;border-radius:.3rem}.sounds .best,tr.best td{background:rgba(var(--cool),.15);color:var(--ink)}audio{width:100%;height:2.2rem;display:block}.figures td,.figures th{white-space:nowrap}.figures th.n{white-space:normal;min-width:4.5rem}
        """;

    /// <summary>The whole page.</summary>
    public static string Write(RunPageData run)
    {
        var (options, state, log) = (run.Options, run.State, run.Log);
        var outcome = RunOutcome.Of(log, run.Evaluations, run.Preflight?.HeldOut);
        var page = Begin($"{options.Title}, {state}", Chart.Style, Style).Append(Heading(
            $"qwen3tts-train · {options.Title} · from {Path.GetFileName(options.Model)}", "good",
            $"{state}: step {(log.Count == 0 ? 0 : log[^1].Step)} of {options.Steps}"));
        Result(page, outcome);
        Takes(page, run, outcome.Course?.Best);
        Curves(page, run, outcome.Course?.Best);
        Data(page, run);
        Preflight(page, run.Preflight);
        return End(page, "Losses are in nats a code. Numbers for each step: log.jsonl, and tensorboard/ for TensorBoard.");
    }

    static void Result(StringBuilder page, RunOutcome outcome)
    {
        if (outcome.Kept is { } kept)
            page.Append($"<p>{Escape(kept)} It is in <code>export/</code>.</p>\n");
        if (outcome.Comparison is { } compared)
            page.Append(Card(compared.Kind, "Compared with the clone", compared.Verdict, compared.Numbers));
        if (outcome.Overfitting is { } overfitting)
            page.Append(Card("warn", "Learned by heart", overfitting,
                "The earlier checkpoint is kept. More recordings let a run go on for longer."));
    }

    static void Takes(StringBuilder page, RunPageData run, int? best)
    {
        var evaluations = run.Evaluations;
        if (evaluations.Count == 0)
            return;
        page.Append("<h2>Takes to compare by ear</h2>\n<p>Held-out texts, which were not trained on. Step 0 is the untouched model with ")
            .Append($"the same voice: the clone. Words: {Escape(evaluations[0].Ears)}.</p>\n");
        string Name(Evaluation e) => e.Step == 0 ? "step 0: clone" : e.Step == best ? $"step {e.Step}: result" : $"step {e.Step}";
        Figures(page, evaluations, Name, best);
        for (var i = 0; i <= evaluations.Max(e => e.Takes.Select(t => t.Text).DefaultIfEmpty(-1).Max()) && i < run.Spoken.Count; i++)
        {
            page.Append($"<div class=\"take\"><p>{Escape(run.Spoken[i].Text)}</p><div class=\"sounds\">");
            page.Append($"<div>the recording{Sound(Path.GetRelativePath(run.Folder, run.Spoken[i].Audio))}</div>");
            foreach (var e in evaluations)
                page.Append($"<div{(e.Step == best ? " class=\"best\"" : "")}>{Name(e)}")
                    .AppendJoin("", e.Takes.Where(t => t.Text == i).Select(t => Sound(t.File))).Append("</div>");
            page.Append("</div></div>\n");
        }
    }

    /// <summary>One row for each checkpoint, and one for the recordings.</summary>
    static void Figures(StringBuilder page, IReadOnlyList<Evaluation> evaluations, Func<Evaluation, string> name, int? best)
    {
        var own = evaluations.Select(e => e.OwnModels).LastOrDefault(m => m is not null); // each of them has a column
        IEnumerable<string> Own(string similarity, string score) =>
            new[] { own?.Speaker is null ? null : similarity, own?.Mos is null ? null : score }.OfType<string>();
        string[] titles = ["words wrong", "do not end", "length, of the recording's", "distance of the spectrum",
            .. Own($"similarity by {Path.GetFileName(own?.Speaker)}", $"score by {Path.GetFileName(own?.Mos)}"), "pitch, Hz",
            "range, semitones", "letters a second", "pauses", "distortion, dB"];
        page.Append("<div class=\"wide\"><table class=\"figures\"><tr><th></th>")
            .AppendJoin("", titles.Select(t => $"<th class=\"n\">{Escape(t)}</th>")).Append("</tr>\n");
        void Row(string title, string style, string[] before, SpeechFigures? f, ModelFigures? m) => page
            .Append($"<tr{style}><td>{title}</td>")
            .AppendJoin("", before.Concat([Or(f?.Spectrum, "0.00"), .. Own(Or(m?.Similarity, "0.00"), Or(m?.Mos, "0.00")),
                Or(f?.PitchMedian, "0"), Or(f?.PitchRange, "0.0"), Or(f?.Pace, "0.0"), f?.Pauses is { } p ? P(p) : "–",
                Or(f?.Distortion, "0.0")]).Select(c => $"<td class=\"n\">{c}</td>")).Append("</tr>\n");
        foreach (var e in evaluations)
            Row(name(e), e.Step == best ? " class=\"best\"" : "",
                [e.WordErrors is { } w ? P(w) : "–", P(e.Runaway), N(e.LengthRatio)], e.Figures, e.OwnModels == own ? e.Models : null);
        Row("the recordings", "", ["–", "–", "1.00"], evaluations[0].Recordings,
            evaluations.LastOrDefault(e => e.OwnModels == own)?.RecordingModels);
        page.Append("</table></div>\n<p class=\"soft\">The spectrum of a recording of this voice is usually at distance 1; lower is ")
            .Append("nearer. None of these figures is a mark for quality, and docs/likeness.md says what each is not.</p>\n");
    }

    static void Curves(StringBuilder page, RunPageData run, int? best)
    {
        var log = run.Log;
        if (log.Count == 0)
            return;
        List<(int, double)> Line(Func<StepReport, double> of) => [.. log.Select(l => (l.Step, of(l)))];
        List<(int, double)> HeldOut(double? before, Func<StepReport, double?> of) =>
            [
                .. before is { } b ? [(0, b)] : Array.Empty<(int, double)>(),
                .. log.Where(l => of(l) is not null).Select(l => (l.Step, of(l)!.Value)),
            ];
        var untouched = run.Preflight?.HeldOut;
        page.Append("<h2>Curves</h2>\n");
        page.Append(Chart.Lines("loss of the talker: the first code of each frame, and the end of speech", Line(l => l.Talker),
            HeldOut(untouched?.Talker, l => l.HeldOutTalker), best));
        page.Append(Chart.Lines("loss of the code predictor: the other codes", Line(l => l.Predictor),
            HeldOut(untouched?.Predictor, l => l.HeldOutPredictor), best));
        page.Append(Chart.Lines("total loss on held-out clips, which chooses the result", [],
            HeldOut(untouched is null ? null : TotalLoss.Compute(untouched.Talker, untouched.Predictor), l => l.HeldOutTotal), best));
        page.Append(Chart.Lines("loss of the end of speech", Line(l => l.End), []));
        page.Append(Chart.Lines("norm of the gradient", Line(l => l.GradientNorm), []));
        page.Append(Chart.Lines("learning rate", Line(l => l.LearningRate), []));
    }

    static void Data(StringBuilder page, RunPageData run)
    {
        var (clips, heldOut) = (run.Clips, run.HeldOut);
        var seconds = clips.Select(c => c.Codes!.Count / run.FramesPerSecond).ToList();
        page.Append($"<h2>Data</h2>\n<p>{clips.Count} clips, {N(seconds.Sum() / 60)} minutes; {heldOut.Count} of them are held out. " +
            $"Languages: {Escape(string.Join(", ", clips.Select(c => c.Language ?? "none named").Distinct()))}.</p>\n");
        page.Append(Chart.Histogram("length of a clip", seconds, "s"))
            .Append(Chart.Histogram("pace", [.. clips.Select(c => c.Text.Length / (c.Codes!.Count / run.FramesPerSecond))],
            "characters a second"));
    }

    static void Preflight(StringBuilder page, PreflightReport? report)
    {
        if (report is null)
            return;
        page.Append($"<h2>Preflight</h2>\n<p>The untouched model on {report.Clips} clips; guessing a code costs " +
            $"{N(report.Guessing)}.</p>\n<div class=\"wide\"><table><tr><th>trained as</th><th class=\"n\">talker</th><th " +
            $"class=\"n\">code predictor</th></tr>\n");
        foreach (var loss in report.Losses)
            page.Append($"<tr><td><code>{Escape(loss.Under)}</code></td><td class=\"n\">{Number(loss.Talker)}</td><td " +
                $"class=\"n\">{Number(loss.Predictor)}</td></tr>\n");
        page.Append("</table></div>\n");
        foreach (var doubt in report.Doubts)
            page.Append(doubt.Refuses ? Card("bad", "Warning (started with --force)", doubt.Evidence, doubt.Remedy)
                : Card("warn", "Unusual", doubt.Evidence, doubt.Remedy));
    }

    static string Or(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "–";
    static string N(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
    static string P(double share) => (100 * share).ToString("0", CultureInfo.InvariantCulture) + " %";
}
