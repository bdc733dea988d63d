// The report as one page that needs nothing beside it: no script, no font, no picture from elsewhere. Light and dark follow the reader's
// system; colours come from variables, so the heat map reads in both.
using System.Globalization;
using System.Net;
using System.Text;
using Qwen3Tts.Doctor.Evidence;

namespace Qwen3Tts.Doctor.Report;

static class HtmlReport
{
    internal const string Style = """
        :root{--paper:#fbfaf7;--ink:#1d1f24;--soft:#6a6f7a;--line:#dedbd3;--card:#fff;--good:#1f7a4d;--bad:#b3261e;--warn:#9a6700;--heat:200,60,30;--cool:30,110,190}
        @media(prefers-color-scheme:dark){:root{--paper:#15171b;--ink:#e8e6e1;--soft:#9aa0ab;--line:#30343c;--card:#1c1f25;--good:#5fce95;--bad:#ff8a80;--warn:#f0b849;--heat:255,110,70;--cool:90,170,255}}
        *{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 4rem}
        h1{font-size:1rem;font-weight:600;color:var(--soft);margin:0 0 .5rem}h2{font-size:1.1rem;margin:2.25rem 0 .75rem}.verdict{font-size:1.5rem;line-height:1.35;font-weight:600;border-left:.35rem solid;padding-left:1rem;margin:0 0 1rem}
        .good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.soft{color:var(--soft)}code{font:.9em ui-monospace,monospace}.wide{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}th{font-weight:600;color:var(--soft)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
        tr.named td{font-weight:700}.card{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.8rem 1rem;margin:.6rem 0}.card p{margin:.25rem 0}svg{display:block;width:100%;height:56px}svg path{fill:var(--soft)}footer{margin-top:3rem;font-size:.85rem;color:var(--soft)}
        """;

    public static string Write(DoctorReport r)
    {
        var page = new StringBuilder($"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{Text(r.Healthy ? "Healthy" : r.Undecided ? "Undecided" : "Not healthy")}: {Text(Name(r.Checkpoint))}</title><style>{Style}</style></head><body><main>\n");
        page.Append($"<h1>qwen3tts doctor · {Text(Name(r.Checkpoint))}{(r.Base is null ? "" : $" · base {Text(Name(r.Base))}")}</h1>\n<p class=\"verdict {(r.Healthy ? "good" : r.Undecided ? "warn" : "bad")}\">{Text(r.Verdict)}</p>\n{string.Concat(r.Details.Select(d => $"<p>{Text(d)}</p>\n"))}");
        if (r.Hypothesis is not null)
            page.Append($"<p>Trained as <code>{Text(r.Hypothesis)}</code>: {Percent(r.Confidence)} of resampled sets of clips say so. {(r.Next is null ? "Nothing else was there to compare." : $"The next that can be told from it is <code>{Text(r.Next)}</code>, {Number(r.Margin)} times worse.")}{(r.Alike.Count == 0 ? "" : $" These clips cannot tell it from {string.Join(", ", r.Alike.Select(a => $"<code>{Text(a)}</code>"))}.")}</p>\n");
        Findings(page, r.Findings);
        Losses(page, r);
        Projection(page, r.TextProjection);
        Movement(page, r.Movement);
        Speech(page, r.Speech);
        return page.Append("<footer>Losses are in nats, measured by the engine that speaks, teacher-forced. What each finding means: docs/doctor.md.</footer>\n</main></body></html>\n").ToString();
    }

    static void Findings(StringBuilder page, IReadOnlyList<Finding> findings)
    {
        page.Append("<h2>Findings</h2>\n");
        if (findings.Count == 0)
            page.Append("<p>None.</p>\n");
        foreach (var f in findings.OrderByDescending(f => f.Severity))
            page.Append($"<div class=\"card\"><p><strong class=\"{(f.Severity == Severity.Fault ? "bad" : f.Severity == Severity.Warning ? "warn" : "soft")}\">{f.Severity}</strong> <code>{Text(f.Id)}</code></p><p>{Text(f.Evidence)}</p><p class=\"soft\">{Text(f.Remedy)}</p></div>\n");
    }

    /// <summary>A heat map: each column from its lowest loss to its highest, on a scale of logarithms.</summary>
    static void Losses(StringBuilder page, DoctorReport r)
    {
        if (r.Losses.Count == 0)
            return;
        page.Append($"<h2>Loss under each hypothesis</h2>\n<p>{r.Data!.Clips} clips, {r.Data.Frames} frames; voice: {Text(r.Data.Voice)}. Guessing a code costs {Number(r.Data.Guessing)} nats.</p>\n<div class=\"wide\"><table><tr><th>trained with</th>");
        (string Name, Func<LossRow, double?> Value)[] columns = [("total", l => l.Total), ("talker", l => l.Talker), ("first codes", l => l.Codes), ("end", l => l.End), ("predictor", l => l.Predictor), ("base, total", l => l.Base)];
        columns = [.. columns.Where(c => r.Losses.Any(l => c.Value(l) is not null))];
        page.Append(string.Concat(columns.Select(c => $"<th class=\"n\">{c.Name}</th>"))).Append("</tr>\n");
        foreach (var row in r.Losses)
            page.Append($"<tr{(row.Hypothesis == r.Hypothesis ? " class=\"named\"" : "")}><td><code>{Text(row.Hypothesis)}</code></td>{string.Concat(columns.Select(c => Heat(c.Value(row), r.Losses.Select(c.Value))))}</tr>\n");
        page.Append("</table></div>\n");
    }

    static string Heat(double? value, IEnumerable<double?> column)
    {
        if (value is not { } v)
            return "<td class=\"n soft\">–</td>";
        static double Log(double x) => Math.Log(Math.Max(x, 1e-4));
        var all = column.OfType<double>().Select(Log).ToList();
        var place = all.Max() - all.Min() < 1e-9 ? 0.5 : (Log(v) - all.Min()) / (all.Max() - all.Min());
        return string.Create(CultureInfo.InvariantCulture, $"<td class=\"n\" style=\"background:rgba(var({(place < 0.5 ? "--cool" : "--heat")}),{0.5 * Math.Abs(2 * place - 1):0.00})\">{Number(v)}</td>");
    }

    static void Projection(StringBuilder page, TextProjectionReport? p)
    {
        if (p is null)
            return;
        page.Append($"<h2>text_projection</h2>\n<p>{Text(p.Sentence)}</p>\n<p class=\"soft\"><code>{string.Join("</code> <code>", p.Layers.Select(Text))}</code></p>\n<div class=\"wide\"><table><tr><th>over</th><th class=\"n\">ids</th><th class=\"n\">|x|</th><th class=\"n\">|P(x)|</th><th class=\"n\">cosine</th><th class=\"n\">|P(x) − x| / |P(x)|</th></tr>\n");
        foreach (var (name, d) in new[] { ("the vocabulary", p.Vocabulary), ("the data's text", p.Text) })
            if (d is not null)
                page.Append($"<tr><td>{name}</td><td class=\"n\">{d.Ids}</td><td class=\"n\">{Number(d.RawNorm)}</td><td class=\"n\">{Number(d.ProjectedNorm)}</td><td class=\"n\">{Number(d.Cosine)}</td><td class=\"n\">{Number(d.Distance)}</td></tr>\n");
        page.Append("</table></div>\n");
    }

    static void Movement(StringBuilder page, MovementReport? m)
    {
        if (m is null)
            return;
        page.Append("<h2>What moved</h2>\n<div class=\"wide\"><table><tr><th>part</th><th class=\"n\">tensors</th><th class=\"n\">unmoved</th><th class=\"n\">elements changed</th><th class=\"n\">relative change</th><th class=\"n\">directions</th></tr>\n");
        foreach (var g in m.Groups)
            page.Append($"<tr><td>{Text(g.Name)}</td><td class=\"n\">{g.Tensors}</td><td class=\"n\">{g.Unmoved}</td><td class=\"n\">{Percent(g.Changed)}</td><td class=\"n\">{Number(g.Relative)}</td><td class=\"n\">{(g.EffectiveRank is null ? "" : $"{Number(g.EffectiveRank)} of {g.Rank}")}</td></tr>\n");
        page.Append($"</table></div>\n<p>Rows that changed: {m.TextRows} of the text embedding; of the codec embedding {(m.CodecRows.Count == 0 ? "none" : Text(string.Join(", ", m.CodecRows)))}.</p>\n");
    }

    static void Speech(StringBuilder page, SpeechReport? s)
    {
        if (s is null)
            return;
        page.Append($"<h2>It speaks</h2>\n<p>{s.Takes.Count} takes; {Percent(s.Runaway)} did not end; silence {Percent(s.Silence)}; repeated frames {Percent(s.Repeated)}{(s.LengthRatio is { } l ? $"; length {Number(l)} of the data's" : "")}; words heard wrongly: {(s.WordErrors is { } e ? $"{Percent(e)} ({Text(s.Recogniser)})" : Text(s.Recogniser))}.</p>\n");
        foreach (var take in s.Takes)
            page.Append($"<div class=\"card\"><p>{Text(take.Text)} <span class=\"soft\">{Number(take.Frames * 0.08)} s{(take.Ended ? "" : ", cut off")}</span></p>{Wave(take.Peaks)}</div>\n");
    }

    /// <summary>A waveform by its peaks, as wide as what holds it.</summary>
    internal static string Wave(IReadOnlyList<double> peaks)
    {
        string At(int i, int sign) => string.Create(CultureInfo.InvariantCulture, $"L{i} {50 + sign * 48 * Math.Min(1, peaks[i]):0.#}");
        var steps = Enumerable.Range(0, peaks.Count);
        return $"<svg viewBox=\"0 0 {Math.Max(1, peaks.Count)} 100\" preserveAspectRatio=\"none\"><path d=\"M0 50{string.Concat(steps.Select(i => At(i, -1)))}{string.Concat(steps.Reverse().Select(i => At(i, 1)))}Z\"/></svg>";
    }

    static string Name(string path) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
    static string Text(string text) => WebUtility.HtmlEncode(text);
    static string Percent(double? share) => share is { } s ? string.Create(CultureInfo.InvariantCulture, $"{100 * s:0.#} %") : "–";
    internal static string Number(double? value) => value is { } v ? v.ToString(Math.Abs(v) is >= 0.001 or 0 ? "0.###" : "0.0e+0", CultureInfo.InvariantCulture) : "–";
}
