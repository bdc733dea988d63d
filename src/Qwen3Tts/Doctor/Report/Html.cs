// The common parts of this project's pages: the report of the doctor, and those of data, runs and demos. A page needs no other files but
// the sounds that it plays: no script, no font, no picture. Light or dark follows the reader's system. Colours come from variables, so that
// a heat map can be read in both.
using System.Globalization;
using System.Net;
using System.Text;
using Qwen3Tts.Audio;

namespace Qwen3Tts.Doctor.Report;

static class Html
{
    const string Style = """
        :root{--paper:#fbfaf7;--ink:#1d1f24;--soft:#6a6f7a;--line:#dedbd3;--card:#fff;--good:#1f7a4d;--bad:#b3261e;--warn:#9a6700;--heat:200,60,30;--cool:30,110,190}
        @media(prefers-color-scheme:dark){:root{--paper:#15171b;--ink:#e8e6e1;--soft:#9aa0ab;--line:#30343c;--card:#1c1f25;--good:#5fce95;--bad:#ff8a80;--warn:#f0b849;--heat:255,110,70;--cool:90,170,255}}
        *{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 4rem}
        h1{font-size:1rem;font-weight:600;color:var(--soft);margin:0 0 .5rem}h2{font-size:1.1rem;margin:2.25rem 0 .75rem}.verdict{font-size:1.5rem;line-height:1.35;font-weight:600;border-left:.35rem solid;padding-left:1rem;margin:0 0 1rem}
        .good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.soft{color:var(--soft)}code{font:.9em ui-monospace,monospace}.wide{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}th{font-weight:600;color:var(--soft)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
        tr.named td{font-weight:700}.card{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.8rem 1rem;margin:.6rem 0}.card p{margin:.25rem 0}svg{display:block;width:100%;height:56px}svg path{fill:var(--soft)}footer{margin-top:3rem;font-size:.85rem;color:var(--soft)}
        """;

    /// <summary>Everything before the first heading.</summary>
    /// <param name="title">Plain text.</param>
    /// <param name="styles">CSS that this page adds.</param>
    public static StringBuilder Begin(string title, params ReadOnlySpan<string> styles) => new StringBuilder()
        .Append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>")
        .Append("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>")
        .Append($"<title>{Escape(title)}</title><style>{Style}{string.Concat(styles)}</style></head><body><main>\n");

    /// <summary>The whole page, with a last line in small letters.</summary>
    /// <param name="page">The page, begun by <see cref="Begin"/>.</param>
    /// <param name="footer">HTML of the last line.</param>
    public static string End(StringBuilder page, string footer) =>
        page.Append($"<footer>{footer}</footer>\n</main></body></html>\n").ToString();

    /// <summary>The small heading that says what the page is, and the large sentence below it.</summary>
    /// <param name="heading">Plain text.</param>
    /// <param name="kind">good, warn or bad.</param>
    /// <param name="verdict">Plain text.</param>
    public static string Heading(string heading, string kind, string verdict) =>
        $"<h1>{Escape(heading)}</h1>\n<p class=\"verdict {kind}\">{Escape(verdict)}</p>\n";

    /// <summary>A finding: how much it matters, what was seen, and what to do.</summary>
    /// <param name="kind">good, soft, warn or bad.</param>
    /// <param name="heading">Plain text.</param>
    /// <param name="evidence">Plain text.</param>
    /// <param name="remedy">Plain text.</param>
    /// <param name="id">A name to look up, if there is one.</param>
    public static string Card(string kind, string heading, string evidence, string remedy, string? id = null)
    {
        var name = id is null ? "" : $" <code>{Escape(id)}</code>";
        return $"<div class=\"card\"><p><strong class=\"{kind}\">{heading}</strong>{name}</p><p>{Escape(evidence)}</p>"
            + $"<p class=\"soft\">{Escape(remedy)}</p></div>\n";
    }

    /// <summary>An audio player for a file.</summary>
    /// <param name="file">Path of the sound, relative to the page.</param>
    public static string Sound(string file)
    {
        var address = Uri.EscapeDataString(file.Replace('\\', '/')).Replace("%2F", "/", StringComparison.Ordinal);
        return $"<audio controls preload=\"none\" src=\"{Escape(address)}\"></audio>";
    }

    /// <summary>An audio player with the sound in the page itself.</summary>
    /// <param name="wave">Finite samples.</param>
    public static string Sound(Waveform wave)
    {
        using var file = new MemoryStream();
        WavFile.Write(file, wave);
        return $"<audio controls preload=\"none\" src=\"data:audio/wav;base64,{Convert.ToBase64String(file.ToArray())}\"></audio>";
    }

    /// <summary>A drawing of a waveform by its peaks. It is as wide as the element that contains it.</summary>
    public static string Wave(IReadOnlyList<double> peaks)
    {
        string At(int i, int sign) => string.Create(CultureInfo.InvariantCulture, $"L{i} {50 + sign * 48 * Math.Min(1, peaks[i]):0.#}");
        var steps = Enumerable.Range(0, peaks.Count);
        return $"<svg viewBox=\"0 0 {Math.Max(1, peaks.Count)} 100\" preserveAspectRatio=\"none\"><path d=\"M0 " +
            $"50{string.Concat(steps.Select(i => At(i, -1)))}{string.Concat(steps.Reverse().Select(i => At(i, 1)))}Z\"/></svg>";
    }

    public static string Escape(string text) => WebUtility.HtmlEncode(text);

    /// <summary>A share as a percentage, or a dash.</summary>
    public static string Percent(double? share) => share is { } s ? string.Create(CultureInfo.InvariantCulture, $"{100 * s:0.#} %") : "–";

    /// <summary>A number with three digits after the point, or with a power of ten if these digits would all be 0; a dash if there is no
    /// number.</summary>
    public static string Number(double? value) =>
        value is { } v ? v.ToString(Math.Abs(v) is >= 0.001 or 0 ? "0.###" : "0.0e+0", CultureInfo.InvariantCulture) : "–";
}
