// A page to listen to what slice did: the clips with their texts, and below them what was left out, played from the recordings.
using System.Globalization;
using Qwen3Tts.Files;
using static Qwen3Tts.Doctor.Report.Html;

namespace Qwen3Tts.Training.Slicing;

static class SlicePage
{
    /// <param name="slices">All stretches.</param>
    /// <param name="folder">The folder of the page and the clips.</param>
    public static string Write(IReadOnlyList<Slice> slices, string folder)
    {
        string Player(Slice s) => s.File is not null ? Sound(Path.GetRelativePath(Path.GetFullPath(folder), s.File))
            : Sound(Path.GetRelativePath(Path.GetFullPath(folder), s.Source)).Replace("\"></audio>",
                string.Create(CultureInfo.InvariantCulture, $"#t={s.Span.Begin:0.00},{s.Span.End:0.00}\"></audio>"),
                StringComparison.Ordinal);
        var clips = slices.Where(s => s.File is not null).ToList();
        var left = slices.Where(s => s.File is null).ToList();
        var page = Begin("Slices").Append(Heading("qwen3tts-train · slice", clips.Count > 0 ? "good" : "warn",
            $"{clips.Count} clips; {left.Count} stretches left out"));
        foreach (var (title, some) in new[] { ("Clips", clips), ("Left out", left) })
        {
            page.Append(CultureInfo.InvariantCulture, $"<h2>{title}</h2>\n<div class=\"wide\"><table>\n");
            foreach (var s in some)
                page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Player(s)}</td><td class=\"n\">{s.Span.Seconds:0.0} s</td>")
                    .Append($"<td>{Escape(s.Reason is null ? s.Text : $"{s.Reason}. {s.Text}")}</td>")
                    .Append($"<td class=\"soft\">{Escape(Printable.Text(Path.GetFileName(s.File ?? s.Source)))} ")
                    .Append(CultureInfo.InvariantCulture, $"{(s.File is null ? $"at {s.Span.Begin:0.0} s" : "")}</td></tr>\n");
            page.Append("</table></div>\n");
        }
        return End(page, "What is left out is played from the recordings, if the browser reads their format.");
    }
}
