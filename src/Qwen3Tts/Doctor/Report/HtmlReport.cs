// The doctor's report as a page.
using System.Globalization;
using System.Text;
using Qwen3Tts.Doctor.Evidence;
using static Qwen3Tts.Doctor.Report.Html;

namespace Qwen3Tts.Doctor.Report;

static class HtmlReport
{
    const int MostSounds = 20; // a take of five seconds adds a third of a megabyte to the page

    public static string Write(DoctorReport r)
    {
        var (kind, word) = r.Healthy ? ("good", "Healthy") : r.Undecided ? ("warn", "Undecided") : ("bad", "Not healthy");
        var name = Name(r.Checkpoint);
        var page = Html.Begin($"{word}: {name}");
        page.Append(Html.Heading($"qwen3tts doctor · {name}{(r.Base is null ? "" : $" · base {Name(r.Base)}")}", kind, r.Verdict));
        foreach (var detail in r.Details)
            page.Append($"<p>{Escape(detail)}</p>\n");
        if (r.Hypothesis is not null)
            Hypothesis(page, r);
        Findings(page, r.Findings);
        Losses(page, r);
        Projection(page, r.TextProjection);
        Movement(page, r.Movement);
        Speech(page, r.Speech);
        Legend(page, r.Legend);
        return Html.End(
            page, "Losses are in nats, measured by the inference engine with teacher forcing. What each finding means: docs/doctor.md.");
    }

    static void Hypothesis(StringBuilder page, DoctorReport r)
    {
        page.Append($"<p>Trained as <code>{Escape(r.Hypothesis!)}</code>: {Percent(r.Confidence)} of resampled sets of clips say so. ");
        page.Append(r.Next is null ? "There was no other hypothesis to compare."
            : $"The next hypothesis that can be distinguished is <code>{Escape(r.Next)}</code>, {Number(r.Margin)} times worse.");
        if (r.Alike.Count > 0)
            page.Append($" These clips cannot distinguish it from {string.Join(", ", r.Alike.Select(a => $"<code>{Escape(a)}</code>"))}.");
        page.Append("</p>\n");
    }

    static void Findings(StringBuilder page, IReadOnlyList<Finding> findings)
    {
        page.Append("<h2>Findings</h2>\n");
        if (findings.Count == 0)
            page.Append("<p>None.</p>\n");
        foreach (var f in findings.OrderByDescending(f => f.Severity))
        {
            page.Append(Card(
                f.Severity == Severity.Fault ? "bad" : f.Severity == Severity.Warning ? "warn" : "soft", $"{f.Severity}", f.Evidence,
                f.Remedy, f.Id));
            if (f.Source is { } source)
                page.Append($"<p class=\"soft\">{Escape(source.Sentence)}</p>\n");
        }
    }

    /// <summary>The losses as a heat map. The colours of each column go from its lowest loss to its highest, on a logarithmic
    /// scale.</summary>
    static void Losses(StringBuilder page, DoctorReport r)
    {
        if (r.Losses.Count == 0)
            return;
        page.Append($"<h2>Loss under each hypothesis</h2>\n<p>{Escape(r.Data!.Sentence)}</p>\n");
        page.Append("<div class=\"wide\"><table><tr><th>trained with</th>");
        (string Name, Func<LossRow, double?> Value)[] columns = [("total", l => l.Total), ("talker", l => l.Talker),
            ("first codes", l => l.Codes), ("end", l => l.End), ("predictor", l => l.Predictor), ("base, total", l => l.Base)];
        columns = [.. columns.Where(c => r.Losses.Any(l => c.Value(l) is not null))];
        page.Append(string.Concat(columns.Select(c => $"<th class=\"n\">{c.Name}</th>"))).Append("</tr>\n");
        foreach (var row in r.Losses)
        {
            var named = row.Hypothesis == r.Hypothesis ? " class=\"named\"" : "";
            page.Append($"<tr{named}><td><code>{Escape(row.Hypothesis)}</code></td>");
            if (row.NotMeasured is { } reason)
                page.Append($"<td class=\"soft\" colspan=\"{columns.Length}\">{Escape(reason)}</td>");
            else
                foreach (var (_, value) in columns)
                    page.Append(Heat(value(row), r.Losses.Select(value)));
            page.Append("</tr>\n");
        }
        page.Append("</table></div>\n");
    }

    static string Heat(double? value, IEnumerable<double?> column)
    {
        if (value is not { } v)
            return "<td class=\"n soft\">–</td>";
        static double Log(double x) => Math.Log(Math.Max(x, 1e-4));
        var all = column.OfType<double>().Select(Log).ToList();
        var place = all.Max() - all.Min() < 1e-9 ? 0.5 : (Log(v) - all.Min()) / (all.Max() - all.Min());
        var colour = place < 0.5 ? "cool" : "heat";
        var strength = (0.5 * Math.Abs(2 * place - 1)).ToString("0.00", CultureInfo.InvariantCulture);
        return $"<td class=\"n\" style=\"background:rgba(var(--{colour}),{strength})\">{Number(v)}</td>";
    }

    static void Projection(StringBuilder page, TextProjectionReport? p)
    {
        if (p is null)
            return;
        page.Append($"<h2>text_projection</h2>\n<p>{Escape(p.Sentence)}</p>\n<p " +
            $"class=\"soft\"><code>{string.Join("</code> <code>", p.Layers.Select(Escape))}</code></p>\n<div " +
            $"class=\"wide\"><table><tr><th>over</th><th class=\"n\">ids</th><th class=\"n\">|x|</th><th class=\"n\">|P(x)|</th><th " +
            $"class=\"n\">cosine</th><th class=\"n\">|P(x) − x| / |P(x)|</th></tr>\n");
        foreach (var (name, d) in new[] { ("the vocabulary", p.Vocabulary), ("the data's text", p.Text) })
            if (d is not null)
                page.Append($"<tr><td>{name}</td><td class=\"n\">{d.Ids}</td><td class=\"n\">{Number(d.RawNorm)}</td><td " +
                    $"class=\"n\">{Number(d.ProjectedNorm)}</td><td class=\"n\">{Number(d.Cosine)}</td><td " +
                    $"class=\"n\">{Number(d.Distance)}</td></tr>\n");
        page.Append("</table></div>\n");
    }

    static void Movement(StringBuilder page, MovementReport? m)
    {
        if (m is null)
            return;
        page.Append("<h2>Changes since the base</h2>\n<div class=\"wide\"><table><tr><th>part</th><th class=\"n\">tensors</th><th " +
            "class=\"n\">unmoved</th><th class=\"n\">elements changed</th><th class=\"n\">relative change</th><th " +
            "class=\"n\">directions</th></tr>\n");
        foreach (var g in m.Groups)
            page.Append($"<tr><td>{Escape(g.Name)}</td><td class=\"n\">{g.Tensors}</td><td class=\"n\">{g.Unmoved}</td><td " +
                $"class=\"n\">{Percent(g.Changed)}</td><td class=\"n\">{Number(g.Relative)}</td><td " +
                $"class=\"n\">{(g.EffectiveRank is null ? "" : $"{Number(g.EffectiveRank)} of {g.Rank}")}</td></tr>\n");
        page.Append($"</table></div>\n<p>Rows that changed: {m.TextRows} of the text embedding; of the codec embedding " +
            $"{(m.CodecRows.Count == 0 ? "none" : Escape(string.Join(", ", m.CodecRows)))}.</p>\n");
    }

    static void Speech(StringBuilder page, SpeechReport? s)
    {
        if (s is null)
            return;
        page.Append($"<h2>It speaks</h2>\n<p>{s.Takes.Count} takes; {Percent(s.Runaway)} did not end; silence {Percent(s.Silence)}; " +
            $"repeated frames {Percent(s.Repeated)}{(s.LengthRatio is { } l ? $"; length {Number(l)} of the data's" : "")}; words heard " +
            $"wrongly: {(s.WordErrors is { } e ? $"{Percent(e)} ({Escape(s.Recogniser)})" : Escape(s.Recogniser))}.</p>\n");
        if (s.Likeness is { } likeness)
            page.Append($"<p>{Escape(likeness.Sentence)}</p>\n");
        foreach (var (i, take) in s.Takes.Index())
            page.Append($"<div class=\"card\"><p>{Escape(take.Text)} <span class=\"soft\">{Number(take.Seconds)} " +
                $"s{(take.Ended ? "" : ", cut off")}</span></p>{Wave(take.Peaks)}{(i < MostSounds ? Player(take) : "")}</div>\n");
        if (s.Takes.Count > MostSounds)
            page.Append($"<p class=\"soft\">The first {MostSounds} takes can be played; more would make the page too large.</p>\n");
    }

    static string Player(Take take) => take.Sound is not { Samples: [_, ..] samples } sound ? ""
        : Array.TrueForAll(samples, float.IsFinite) ? Sound(sound)
        : "<p class=\"soft\">It contains NaN or infinity: it cannot be played.</p>";

    static void Legend(StringBuilder page, IReadOnlyList<LegendEntry> legend)
    {
        if (legend.Count == 0)
            return;
        page.Append("<h2>What the numbers mean</h2>\n<div class=\"wide\"><table>\n");
        foreach (var (number, meaning) in legend)
            page.Append($"<tr><td>{Escape(number)}</td><td>{Escape(meaning)}</td></tr>\n");
        page.Append("</table></div>\n");
    }

    static string Name(string path) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
}
