// The data as one page that needs nothing beside it: the table, histograms, and every message.
using System.Net;
using System.Text;
using Qwen3Tts.Doctor.Report;
using Qwen3Tts.Training.Data;

namespace Qwen3Tts.Training.Pages;

static class DataPage
{
    /// <param name="title">Name of the list.</param>
    /// <param name="data">What is in it.</param>
    public static string Of(string title, DataSummary data)
    {
        var page = new StringBuilder($"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/><title>{Text(title)}</title><style>{HtmlReport.Style}{Chart.Style}</style></head><body><main>\n");
        page.Append($"<h1>qwen3tts-train · data · {Text(title)}</h1>\n<p class=\"verdict {(data.LeftOut.Count + data.Doubts.Count == 0 ? "good" : "warn")}\">{data.Rows.Count} clips; {data.LeftOut.Count} left out, {data.Doubts.Count} to listen to</p>\n<table>\n");
        foreach (var (name, value) in data.Table())
            page.Append($"<tr><th>{Text(name)}</th><td>{Text(value)}</td></tr>\n");
        page.Append("</table>\n<h2>How they are spread</h2>\n");
        foreach (var (name, unit, of) in new (string, string, Func<DataRow, double?>)[]
        {
            ("length of a clip", "s", r => r.Seconds),
            ("tokens of a text", "tokens", r => r.Tokens),
            ("pace", "frames a token", r => r.FramesPerToken),
            ("level of speech, as recorded", "dBFS", r => r.Levels is { Rms: > 0 } l ? ClipChecks.Decibel(l.Rms) : null),
            ("peak, as recorded", "dBFS", r => r.Levels is { Peak: > 0 } l ? ClipChecks.Decibel(l.Peak) : null),
            ("voice, from the clip most like all others", "deviations", r => r.VoiceDistance),
        })
            page.Append(Chart.Histogram(name, [.. data.Rows.Select(of).OfType<double>()], unit));
        Messages(page, "Left out", "bad", data.LeftOut.Messages);
        Messages(page, "To listen to", "warn", data.Doubts);
        return page.Append("<footer>Levels are those of the recordings before anything was changed in them.</footer>\n</main></body></html>\n").ToString();
    }

    static void Messages(StringBuilder page, string title, string kind, IReadOnlyList<string> messages)
    {
        if (messages.Count > 0)
            page.Append($"<h2 class=\"{kind}\">{title}</h2>\n").AppendJoin("", messages.Select(m => $"<div class=\"card\"><p>{Text(m)}</p></div>\n"));
    }

    static string Text(string text) => WebUtility.HtmlEncode(text);
}
