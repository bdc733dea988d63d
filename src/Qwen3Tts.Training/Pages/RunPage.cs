// The HTML page of a run, beside the audio files that it plays: index.html in the run's folder, updated while the run goes on. The takes of
// each text are side by side: the recording, the untouched model, and each checkpoint. The listener judges; the numbers say where to
// listen.
using System.Globalization;
using System.Text;
using Qwen3Tts.Data;
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
    const string Style = ".takes td{min-width:14rem}audio{width:100%;height:2.2rem}td.best{background:rgba(var(--cool),.15)}";

    /// <summary>The whole page.</summary>
    public static string Write(RunPageData run)
    {
        var (options, state, log) = (run.Options, run.State, run.Log);
        var page = Begin($"{options.Title}, {state}", Chart.Style, Style).Append(Heading(
            $"qwen3tts-train · {options.Title} · from {Path.GetFileName(options.Model)}", "good",
            $"{state}: step {(log.Count == 0 ? 0 : log[^1].Step)} of {options.Steps}"));
        Takes(page, run);
        Curves(page, log, run.Evaluations);
        Data(page, run);
        Preflight(page, run.Preflight);
        return End(page, "Losses are in nats a code. Numbers for each step: log.jsonl, and tensorboard/ for TensorBoard.");
    }

    static void Takes(StringBuilder page, RunPageData run)
    {
        var evaluations = run.Evaluations;
        if (evaluations.Count == 0)
            return;
        var best = Evaluation.FindBest(evaluations);
        string Cell(Evaluation e) => e == best ? "<td class=\"best\">" : "<td>";
        page.Append("<h2>Takes to compare by ear</h2>\n");
        page.Append("<p>Held-out texts. Step 0 is the untouched model with the same voice.");
        if (best is not null)
        {
            page.Append($" The best trained checkpoint by score is that of step {best.Step}, kept in <code>best/</code>");
            page.Append(evaluations[0].Step == 0 && evaluations[0].Score < best.Score
                ? "; the untouched model says the words no worse, so judge by the voice." : ".");
        }
        page.Append($" Words: {Escape(evaluations[0].Ears)}.</p>\n<div class=\"wide\"><table class=\"takes\">");
        page.Append("<tr><th>step</th><th>the recording</th>");
        foreach (var e in evaluations)
            page.Append($"<th>{e.Step}</th>");
        page.Append("</tr>\n");
        TakeRows(page, run, Cell);
        page.Append("</table></div>\n");
    }

    /// <summary>One row for each number, and one for each text with its audio.</summary>
    static void TakeRows(StringBuilder page, RunPageData run, Func<Evaluation, string> cell)
    {
        var evaluations = run.Evaluations;
        foreach (var (title, of) in new (string, Func<Evaluation, string>)[]
        {
            ("score, lower is better", e => N(e.Score)),
            ("words recognised wrongly", e => e.WordErrors is { } w ? P(w) : "–"),
            ("do not end", e => P(e.Runaway)),
            ("length, divided by the recording's", e => N(e.LengthRatio)),
            ("held-out loss: talker, predictor", e => $"{N(e.HeldOutTalker)}, {N(e.HeldOutPredictor)}"),
        })
        {
            page.Append($"<tr><td>{title}</td><td></td>");
            foreach (var e in evaluations)
                page.Append($"{cell(e)}{of(e)}</td>");
            page.Append("</tr>\n");
        }
        for (var i = 0; i <= evaluations.Max(e => e.Takes.Max(t => t.Text)); i++)
        {
            page.Append($"<tr><td><strong>{Escape(run.Spoken[i].Text)}</strong></td>");
            page.Append($"<td>{Sound(Path.GetRelativePath(run.Folder, run.Spoken[i].Audio))}</td>");
            foreach (var e in evaluations)
                page.Append(cell(e)).AppendJoin("", e.Takes.Where(t => t.Text == i).Select(t => Sound(t.File))).Append("</td>");
            page.Append("</tr>\n");
        }
    }

    static void Curves(StringBuilder page, IReadOnlyList<StepReport> log, IReadOnlyList<Evaluation> evaluations)
    {
        if (log.Count == 0)
            return;
        List<(int, double)> Line(Func<StepReport, double> of) => [.. log.Select(l => (l.Step, of(l)))];
        List<(int, double)> HeldOut(Func<StepReport, double?> inLog, Func<Evaluation, double> evaluated) =>
            [
                .. log.Where(l => inLog(l) is not null).Select(l => (l.Step, inLog(l)!.Value)),
                .. evaluations.Select(e => (e.Step, evaluated(e))),
            ];
        page.Append("<h2>Curves</h2>\n<p>Each step (grey), running mean (green), and held-out clips (dots).</p>\n");
        page.Append(Chart.Lines("talker: the first code of each frame, and the end of speech", Line(l => l.Talker),
            HeldOut(l => l.HeldOutTalker, e => e.HeldOutTalker)));
        page.Append(Chart.Lines("code predictor: the other codes", Line(l => l.Predictor),
            HeldOut(l => l.HeldOutPredictor, e => e.HeldOutPredictor)));
        page.Append(Chart.Lines("end of speech", Line(l => l.End), []));
        page.Append(Chart.Lines("norm of the gradient", Line(l => l.GradientNorm), []));
        if (evaluations.Count > 0)
            page.Append(Chart.Lines("score of the takes, lower is better", [], [.. evaluations.Select(e => (e.Step, e.Score))]));
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

    static string N(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
    static string P(double share) => (100 * share).ToString("0", CultureInfo.InvariantCulture) + " %";
}
