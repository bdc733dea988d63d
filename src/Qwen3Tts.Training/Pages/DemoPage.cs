// The HTML page of a demo, beside the audio files that it plays: sound first, then numbers, then how the runs went.
using System.Globalization;
using System.Text;
using Qwen3Tts.Listening;
using Qwen3Tts.Training.Log;
using static Qwen3Tts.Doctor.Report.Html;

namespace Qwen3Tts.Training.Pages;

/// <summary>The same run with the faults of a faulty script.</summary>
/// <param name="Run">Its steps and result.</param>
/// <param name="Faults">The names of the faults.</param>
/// <param name="Refusals">Why the preflight refuses it; empty if it does not.</param>
sealed record FaultyRun(TrainingResult Run, string Faults, IReadOnlyList<PreflightFinding> Refusals);

static class DemoPage
{
    const int FirstTexts = 3; // as many as a screen holds; the others are folded

    const string Style = """
        :root{color-scheme:light dark}main{max-width:76rem;padding-top:1.2rem}.voices{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:.2rem 1rem}.voices .said{grid-column:1/-1;font-weight:600;margin:.5rem 0 0;border-top:1px solid var(--line);padding-top:.5rem}
        .voice b{display:block;font-size:1.6rem;line-height:1.2}.voice h2,.voice{margin:0}.voice h2{font-size:.95rem}audio{width:100%;height:2.2rem;display:block;margin:.2rem 0}.heard{font-size:.85rem;margin:0}.heard del{color:var(--bad);text-decoration:none;border-bottom:2px solid}
        svg{height:36px}svg.chart{height:auto;max-width:36rem}summary{cursor:pointer;font-weight:600}details{margin:1rem 0}.soft{font-size:.85rem}.take .name{display:none}
        @media(max-width:50rem){.voices{grid-template-columns:repeat(2,minmax(0,1fr))}.take .name{display:block}.names{display:none}}
        """;

    /// <param name="name">Name of the voice.</param>
    /// <param name="run">Result of the correct run.</param>
    /// <param name="faulty">The same run with faults.</param>
    /// <param name="texts">Held-out texts; the voices have takes of the first ones.</param>
    /// <param name="voices">The recordings, the clone, the tuned voice and the faulty one.</param>
    /// <param name="decoded">The recordings as the codec gives them back.</param>
    /// <param name="ears">A sentence about the recogniser.</param>
    public static string Write(string name, TrainingResult run, FaultyRun faulty, IReadOnlyList<string> texts,
        IReadOnlyList<DemoVoice> voices, DemoVoice decoded, string ears)
    {
        var page = Begin($"{name}, fine-tuned", Chart.Style, Style).Append(Heading("qwen3tts demo", "good", Story(name, run, voices)))
            .Append("<p>None of these texts was trained on. Play a row from left to right.</p>\n<div class=\"voices names\">");
        foreach (var voice in voices)
            page.Append($"<div class=\"voice\"><h2>{Escape(voice.Name)}</h2></div>");
        page.Append("</div>\n");
        var rows = voices[0].Takes.Count;
        Texts(page, texts, voices, Enumerable.Range(0, Math.Min(FirstTexts, rows)));
        page.Append($"<div class=\"voices\"><p class=\"said\">Measured over {texts.Count} such texts</p>");
        foreach (var voice in voices)
            page.Append($"<div class=\"voice take\"><span class=\"name soft\">{Escape(voice.Name)}</span>{Numbers(voice)}</div>\n");
        page.Append("</div>\n<p class=\"soft\">In brackets: the interval of 95 % confidence. Likeness by the long-term spectrum: 0 is " +
            $"the mean of other voices, 1 that of the recordings. {Escape(ears)} {Escape(DemoTable.CostOfTheCodec(decoded))}</p>\n");
        if (rows > FirstTexts)
        {
            page.Append("<details><summary>More texts to listen to</summary>\n");
            Texts(page, texts, voices, Enumerable.Range(FirstTexts, rows - FirstTexts));
            page.Append("</details>\n");
        }
        Experiment(page, run, faulty);
        Curves(page, run);
        return End(page, "The fine-tuned voice is the folder <code>run/export</code>.");
    }

    /// <summary>What training changed, in a sentence; the voices are in the order of the table.</summary>
    static string Story(string name, TrainingResult run, IReadOnlyList<DemoVoice> voices) => string.Create(CultureInfo.InvariantCulture,
        $"{name}, {run.Log.Count} steps in {Minutes(run.Log.Sum(l => l.Seconds))}")
        + (voices[1].Words is { } before && voices[2].Words is { } after ? string.Create(CultureInfo.InvariantCulture,
            $": {100 * before.Value:0} % of words wrong before, {100 * after.Value:0} % after") : "");

    static void Texts(StringBuilder page, IReadOnlyList<string> texts, IReadOnlyList<DemoVoice> voices, IEnumerable<int> which)
    {
        page.Append("<div class=\"voices\">\n");
        foreach (var i in which)
        {
            page.Append($"<p class=\"said\">{Escape(texts[i])}</p>\n");
            foreach (var voice in voices)
                page.Append($"<div class=\"take\"><span class=\"name soft\">{Escape(voice.Name)}</span>{Wave(voice.Takes[i].Peaks)}" +
                    $"{Sound(voice.Takes[i].File)}{Heard(texts[i], voice.Takes[i].Heard)}</div>\n");
        }
        page.Append("</div>\n");
    }

    static string Numbers(DemoVoice voice)
    {
        static string Line(string what, string number) => $"<div class=\"soft\">{what} {number}</div>";
        var words = voice.Words is { } w ? string.Create(CultureInfo.InvariantCulture,
            $"<b>{100 * w.Value:0} %</b><div class=\"soft\">words wrong ({100 * w.Low:0}–{100 * w.High:0})</div>") : "";
        return words + (voice.Likeness is null ? "" : Line("likeness", DemoTable.Number(voice.Likeness)))
            + (voice.OldWords is null ? "" : Line("old sentences:", DemoTable.Percent(voice.OldWords)));
    }

    /// <summary>What the recogniser heard; words that the text does not have at this place are marked.</summary>
    static string Heard(string text, string? heard)
    {
        if (heard is null)
            return "";
        var (said, words) = (SpokenWords.Split(text), SpokenWords.Split(heard));
        var kept = Common(said, words);
        return $"<p class=\"heard\">heard: {(words.Count == 0 ? "<del>nothing</del>" : string.Join(' ',
            words.Select((w, i) => kept.Contains(i) ? Escape(w) : $"<del>{Escape(w)}</del>")))}</p>";
    }

    /// <summary>The indices of heard words that belong to a longest common sequence with the text.</summary>
    static HashSet<int> Common(IReadOnlyList<string> said, IReadOnlyList<string> heard)
    {
        var most = new int[said.Count + 1, heard.Count + 1];
        for (var i = said.Count - 1; i >= 0; i--)
            for (var j = heard.Count - 1; j >= 0; j--)
                most[i, j] = said[i] == heard[j] ? most[i + 1, j + 1] + 1 : Math.Max(most[i + 1, j], most[i, j + 1]);
        var kept = new HashSet<int>();
        for (var (i, j) = (0, 0); i < said.Count && j < heard.Count;)
            if (said[i] == heard[j])
                (i, _) = (i + 1, kept.Add(j++));
            else if (most[i + 1, j] >= most[i, j + 1])
                i++;
            else
                j++;
        return kept;
    }

    static void Experiment(StringBuilder page, TrainingResult run, FaultyRun faulty)
    {
        page.Append("<details><summary>The experiment: the same run with the official script's faults</summary>\n<p>Our check refuses " +
            "this run; for the demo it ran anyway. Its loss also falls, but this shows nothing, because it is measured on the wrong " +
            "labels.</p>\n<div class=\"wide\"><table><tr><th>mean loss of the first and the last tenth, nats a code</th>" +
            "<th class=\"n\">talker</th><th class=\"n\">code predictor</th></tr>\n");
        foreach (var (title, log) in new[] { ("trained as the model speaks", run.Log), (faulty.Faults, faulty.Run.Log) })
        {
            var tenth = Math.Max(1, log.Count / 10);
            string Course(Func<StepReport, double> of) => string.Create(CultureInfo.InvariantCulture,
                $"<td class=\"n\">{log.Take(tenth).Average(of):0.00} → {log.TakeLast(tenth).Average(of):0.00}</td>");
            page.Append($"<tr><td>{Escape(title)}</td>{Course(l => l.Talker)}{Course(l => l.Predictor)}</tr>\n");
        }
        page.Append("</table></div>\n<p>What the check says about it:</p>\n<ul>");
        foreach (var refusal in faulty.Refusals)
            page.Append($"<li>{Escape(refusal.ToString())}</li>\n");
        page.Append(faulty.Refusals.Count == 0 ? "<li>Nothing: it does not refuse this run.</li></ul></details>\n" : "</ul></details>\n");
    }

    static void Curves(StringBuilder page, TrainingResult run)
    {
        page.Append($"<details><summary>Losses of the correct run</summary>\n<p>In nats a code: each step (grey), running mean (green), " +
            $"and on {run.HeldOut.Count} held-out recordings (dots).</p>\n");
        foreach (var (title, of, heldOut) in new (string, Func<StepReport, double>, Func<StepReport, double?>)[]
        {
            ("talker: the first code of each frame, and the end of speech", l => l.Talker, l => l.HeldOutTalker),
            ("code predictor: the other 15 codes", l => l.Predictor, l => l.HeldOutPredictor),
        })
            page.Append(Chart.Lines(title, [.. run.Log.Select(l => (l.Step, of(l)))],
                [.. run.Log.Where(l => heldOut(l) is not null).Select(l => (l.Step, heldOut(l)!.Value))]));
        page.Append("</details>\n");
    }

    static string Minutes(double seconds) =>
        TimeSpan.FromSeconds(seconds) is var t && t.TotalMinutes < 1 ? $"{t.Seconds} s" : $"{(int)t.TotalMinutes} min {t.Seconds} s";
}
