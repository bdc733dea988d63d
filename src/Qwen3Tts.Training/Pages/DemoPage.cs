// The HTML page of a demo, beside the audio files that it plays.
using System.Globalization;
using System.Text;
using Qwen3Tts.Audio;
using Qwen3Tts.Doctor;
using Qwen3Tts.Listening;
using Qwen3Tts.Training.Log;
using static Qwen3Tts.Doctor.Report.Html;

namespace Qwen3Tts.Training.Pages;

/// <summary>One version of the held-out texts, such as the recordings or the fine-tuned voice.</summary>
/// <param name="Name">Name on the page.</param>
/// <param name="Files">A WAV file for each text, relative to the page.</param>
/// <param name="Takes">All speech of this version, several takes of each text, with the text.</param>
/// <param name="Heard">Word error rate of the takes; null without a recogniser.</param>
sealed record DemoVoice(string Name, IReadOnlyList<string> Files, IReadOnlyList<(Waveform Speech, string Text)> Takes,
    WordErrorRate? Heard = null);

/// <summary>The same run with the faults of a faulty script.</summary>
/// <param name="Run">Its steps and result.</param>
/// <param name="Faults">The names of the faults.</param>
/// <param name="Refusal">The preflight's message about it.</param>
sealed record FaultyRun(TrainingResult Run, string Faults, string Refusal);

static class DemoPage
{
    const string Style = """
        .numbers{display:flex;flex-wrap:wrap;gap:.6rem}.numbers .card{flex:1 1 11rem;margin:0}.numbers b{display:block;font-size:1.35rem}
        .takes{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:1rem}audio{width:100%;height:2.2rem;margin-top:.3rem}
        """;

    /// <param name="name">Name of the voice.</param>
    /// <param name="run">Result of the correct run.</param>
    /// <param name="faulty">The same run with faults.</param>
    /// <param name="texts">Held-out texts.</param>
    /// <param name="voices">The versions; each has speech for all texts.</param>
    /// <param name="ears">The recogniser, or why there is none.</param>
    /// <param name="takes">Number of takes of each text.</param>
    public static string Write(
        string name, TrainingResult run, FaultyRun faulty, IReadOnlyList<string> texts,
        IReadOnlyList<DemoVoice> voices, string ears, int takes)
    {
        var page = Begin($"{name}, fine-tuned", Chart.Style, Style).Append(Heading(
            "qwen3tts demo", "good", $"{name} in {run.Log.Count} steps, {Minutes(run.Log.Sum(l => l.Seconds))}"));
        Numbers(page, voices);
        Losses(page, run, faulty);
        page.Append($"<h2>Curves</h2>\n<p>Losses of the correct run in nats a code: each step (grey), running mean (green), and on " +
            $"{texts.Count} held-out recordings (dots).</p>\n");
        Curves(page, "talker: the first code of each frame, and the end of speech", run.Log, l => l.Talker, l => l.HeldOutTalker);
        Curves(page, "code predictor: the other 15 codes", run.Log, l => l.Predictor, l => l.HeldOutPredictor);
        page.Append("<h2>Held-out texts</h2>\n");
        for (var i = 0; i < texts.Count; i++)
        {
            page.Append($"<div class=\"card\"><p><strong>{Escape(texts[i])}</strong></p><div class=\"takes\">");
            foreach (var voice in voices)
            {
                page.Append($"<div><span class=\"soft\">{Escape(voice.Name)}</span>{Wave(SpeechCheck.Peaks(voice.Takes[i].Speech))}");
                page.Append($"{Sound(voice.Files[i])}</div>");
            }
            page.Append("</div></div>\n");
        }
        return End(
            page, $"Words were recognised by {Escape(ears)}, over {takes} takes of each text: a few words more or less mean nothing. "
                + "The voice itself is the folder <code>run/export</code>.");
    }

    static void Numbers(StringBuilder page, IReadOnlyList<DemoVoice> voices)
    {
        page.Append("<div class=\"numbers\">");
        foreach (var voice in voices)
            if (voice.Heard is { } heard)
                page.Append(string.Create(CultureInfo.InvariantCulture,
                    $"<div class=\"card\"><span class=\"soft\">{Escape(voice.Name)}</span><b>{100 * heard.Rate:0} %</b>of {heard.Words} " +
                    $"words recognised wrongly</div>"));
        page.Append("</div>\n");
    }

    static void Losses(StringBuilder page, TrainingResult run, FaultyRun faulty)
    {
        page.Append("<h2>The same run with the faults of the official script</h2>\n<div class=\"wide\"><table><tr><th>mean loss of the " +
            "first and the last tenth, nats a code</th><th class=\"n\">talker</th><th class=\"n\">code predictor</th></tr>\n");
        foreach (var (title, log) in new[] { ("trained as the model speaks", run.Log), (faulty.Faults, faulty.Run.Log) })
        {
            var tenth = Math.Max(1, log.Count / 10);
            string Course(Func<StepReport, double> of) =>
                string.Create(CultureInfo.InvariantCulture,
                $"<td class=\"n\">{log.Take(tenth).Average(of):0.00} → {log.TakeLast(tenth).Average(of):0.00}</td>");
            page.Append($"<tr><td>{Escape(title)}</td>{Course(l => l.Talker)}{Course(l => l.Predictor)}</tr>\n");
        }
        page.Append($"</table></div>\n<p>Its loss also falls, but this shows nothing, because it is measured on the wrong labels. The " +
            $"preflight's message about it:</p>\n<div class=\"card\"><p>{Escape(faulty.Refusal).Replace("\n", "<br>")}</p></div>\n");
    }

    static void Curves(StringBuilder page, string title, IReadOnlyList<StepReport> log, Func<StepReport, double> of,
        Func<StepReport, double?> heldOut) =>
        page.Append(Chart.Lines(title, [.. log.Select(l => (l.Step, of(l)))],
            [.. log.Where(l => heldOut(l) is not null).Select(l => (l.Step, heldOut(l)!.Value))]));

    static string Minutes(double seconds) =>
        TimeSpan.FromSeconds(seconds) is var t && t.TotalMinutes < 1 ? $"{t.Seconds} s" : $"{(int)t.TotalMinutes} min {t.Seconds} s";
}
