// An HTML page about the data, in one file beside the recordings: what to listen to with a player for each, the table, histograms, what to
// record next, and all clips.
using System.Text;
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Training.Data;
using static Qwen3Tts.Doctor.Report.Html;

namespace Qwen3Tts.Training.Pages;

static class DataPage
{
    const string Style = """
        .charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,17rem),1fr));gap:1rem}.charts figure.chart,.charts svg.chart{width:100%;margin:0}.charts svg.chart text{font-size:16px}
        .clips{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:.6rem;align-items:start}.clips .card{margin:0;overflow-wrap:anywhere}audio{width:100%;height:2.4rem;margin-top:.4rem}
        td audio{width:14rem}summary{cursor:pointer;margin:2.25rem 0 .75rem;font-size:1.1rem;font-weight:600}:focus-visible{outline:3px solid var(--good)}
        """;

    /// <param name="title">Name of the list.</param>
    /// <param name="data">Its summary.</param>
    /// <param name="folder">The folder of the page, which the players' paths are relative to.</param>
    public static string Write(string title, DataSummary data, string folder)
    {
        var verdict = $"{data.Rows.Count} clips; {data.LeftOut.Count} left out, {data.Doubts.Count} to listen to";
        var page = Begin(title, Chart.Style, Style)
            .Append(Heading($"qwen3tts-train · data · {title}", data.LeftOut.Count + data.Doubts.Count == 0 ? "good" : "warn", verdict));
        Messages(page, "Left out", "bad", data.LeftOut.Messages, _ => "");
        var places = data.Rows.GroupBy(r => r.Clip.Place).ToDictionary(g => g.Key, g => g.First().Clip);
        Messages(page, "To listen to", "warn", data.Doubts, message => Places(message)
            .Select(p => places.GetValueOrDefault(p)).FirstOrDefault(c => c is not null) is { } clip
            ? $"<p class=\"soft\">{Escape(clip.Text)}</p>{Player(clip, folder)}" : "");
        page.Append("<h2>Summary</h2>\n<div class=\"wide\"><table>\n");
        foreach (var (name, value) in data.Table())
            page.Append($"<tr><th>{Escape(name)}</th><td>{Escape(value)}</td></tr>\n");
        page.Append("</table></div>\n<h2>Distributions</h2>\n<div class=\"charts\">\n");
        foreach (var (name, unit, of) in Measures)
            page.Append(Chart.Histogram(name, [.. data.Rows.Select(of).OfType<double>()], unit));
        page.Append("</div>\n");
        if (data.Coverage is { Next.Count: > 0 } coverage)
            page.Append($"<h2>To record next</h2>\n<p class=\"soft\">These texts have the most pairs of letters that fewer than " +
                $"{Coverage.Enough} clips have.</p>\n<ol>{string.Concat(coverage.Next.Select(t => $"<li>{Escape(t)}</li>"))}</ol>\n");
        Clips(page, data.Rows, folder);
        return End(page, "Measures are those of the original recordings; the players have what was made of them.");
    }

    static readonly (string Name, string Unit, Func<DataRow, double?> Of)[] Measures =
    [
        ("length of a clip", "s", r => r.Seconds),
        ("tokens of a text", "tokens", r => r.Tokens),
        ("frames for each token", "frames", r => r.FramesPerToken),
        ("nats that a text saves", "nats", r => r.TextSaves),
        ("voice: distance from the medoid", "deviations", r => r.VoiceDistance),
        ("loudness", "LUFS", r => r.Sound?.Lufs),
        ("level of speech", "dBFS", r => r.Levels is { Rms: > 0 } l ? RecordingChecks.Decibel(l.Rms) : null),
        ("peak", "dBFS", r => r.Levels is { Peak: > 0 } l ? RecordingChecks.Decibel(l.Peak) : null),
        ("noise below the speech", "dB", r => r.Sound?.BelowSpeech),
        ("bandwidth", "kHz", r => r.Sound?.Bandwidth / 1000),
        ("reverberation, estimated", "s", r => r.Sound?.Decay),
    ];

    static void Messages(StringBuilder page, string title, string kind, IReadOnlyList<string> messages, Func<string, string> player)
    {
        if (messages.Count > 0)
            page.Append($"<h2 class=\"{kind}\">{title}</h2>\n<div class=\"clips\">\n")
                .AppendJoin("", messages.Select(m => $"<div class=\"card\"><p>{Escape(m)}</p>{player(m)}</div>\n")).Append("</div>\n");
    }

    /// <summary>What may be the place at the beginning of a message; a place may have colons in it.</summary>
    static IEnumerable<string> Places(string message)
    {
        for (var at = 0; (at = message.IndexOf(": ", at, StringComparison.Ordinal)) >= 0; at++)
            yield return message[..at];
    }

    static string Player(Clip clip, string folder) => File.Exists(clip.Audio)
        ? Sound(CodesFile.Relative(Path.GetFullPath(folder), clip.Audio)) : "";

    static void Clips(StringBuilder page, IReadOnlyList<DataRow> rows, string folder)
    {
        static string Cell(double? value, string format) =>
            $"<td class=\"n\">{value?.ToString(format, System.Globalization.CultureInfo.InvariantCulture) ?? "–"}</td>";
        page.Append("<details><summary>All clips</summary><div class=\"wide\"><table><tr><th>clip</th><th>text</th><th class=\"n\">s</th>")
            .Append("<th class=\"n\">LUFS</th><th class=\"n\">noise, dB</th><th class=\"n\">kHz</th><th class=\"n\">room, s</th>")
            .Append("<th class=\"n\">nats saved</th><th></th></tr>\n");
        foreach (var row in rows)
            page.Append($"<tr><td>{Escape(Path.GetFileName(row.Clip.Audio))}</td><td>{Escape(row.Clip.Text)}</td>")
                .Append(Cell(row.Seconds, "0.0")).Append(Cell(row.Sound?.Lufs, "0.0")).Append(Cell(-row.Sound?.BelowSpeech, "0"))
                .Append(Cell(row.Sound?.Bandwidth / 1000, "0.0")).Append(Cell(row.Sound?.Decay, "0.00")).Append(Cell(row.TextSaves, "0.0"))
                .Append($"<td>{Player(row.Clip, folder)}</td></tr>\n");
        page.Append("</table></div></details>\n");
    }
}
