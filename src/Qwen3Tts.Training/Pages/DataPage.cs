// An HTML page about the data, in one file: the table, histograms, and all messages.
using System.Text;
using Qwen3Tts.Audio;
using Qwen3Tts.Training.Data;
using static Qwen3Tts.Doctor.Report.Html;

namespace Qwen3Tts.Training.Pages;

static class DataPage
{
    /// <param name="title">Name of the list.</param>
    /// <param name="data">Its summary.</param>
    public static string Write(string title, DataSummary data)
    {
        var verdict = $"{data.Rows.Count} clips; {data.LeftOut.Count} left out, {data.Doubts.Count} to listen to";
        var page = Begin(title, Chart.Style)
            .Append(Heading($"qwen3tts-train · data · {title}", data.LeftOut.Count + data.Doubts.Count == 0 ? "good" : "warn", verdict))
            .Append("<table>\n");
        foreach (var (name, value) in data.Table())
            page.Append($"<tr><th>{Escape(name)}</th><td>{Escape(value)}</td></tr>\n");
        page.Append("</table>\n<h2>Distributions</h2>\n");
        foreach (var (name, unit, of) in new (string, string, Func<DataRow, double?>)[]
        {
            ("length of a clip", "s", r => r.Seconds),
            ("tokens of a text", "tokens", r => r.Tokens),
            ("frames for each token", "frames", r => r.FramesPerToken),
            ("level of speech, as recorded", "dBFS", r => r.Levels is { Rms: > 0 } l ? RecordingChecks.Decibel(l.Rms) : null),
            ("peak, as recorded", "dBFS", r => r.Levels is { Peak: > 0 } l ? RecordingChecks.Decibel(l.Peak) : null),
            ("voice: distance from the medoid clip", "deviations", r => r.VoiceDistance),
        })
            page.Append(Chart.Histogram(name, [.. data.Rows.Select(of).OfType<double>()], unit));
        Messages(page, "Left out", "bad", data.LeftOut.Messages);
        Messages(page, "To listen to", "warn", data.Doubts);
        return End(page, "Levels are those of the original recordings, before trimming and levelling.");
    }

    static void Messages(StringBuilder page, string title, string kind, IReadOnlyList<string> messages)
    {
        if (messages.Count > 0)
            page.Append($"<h2 class=\"{kind}\">{title}</h2>\n")
                .AppendJoin("", messages.Select(m => $"<div class=\"card\"><p>{Escape(m)}</p></div>\n"));
    }
}
