// The table of all stretches, and the summary.
using System.Globalization;
using System.Text;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Slicing;

static class SliceTable
{
    /// <summary>One line for each stretch, with tabs between the fields.</summary>
    public static string Write(IReadOnlyList<Slice> slices, string folder)
    {
        var table = new StringBuilder("clip\trecording\tbegin\tend\tseconds\tdB above noise\tkind\treason\ttext\n");
        foreach (var s in slices)
            table.Append(s.File is null ? "" : Path.GetRelativePath(Path.GetFullPath(folder), s.File))
                .Append(CultureInfo.InvariantCulture, $"\t{Printable.Text(Path.GetFileName(s.Source))}")
                .Append(CultureInfo.InvariantCulture, $"\t{s.Span.Begin:0.00}\t{s.Span.End:0.00}\t")
                .Append(CultureInfo.InvariantCulture, $"{s.Span.Seconds:0.00}\t{s.Distance:0.0}\t{s.Kind}\t{s.Reason}\t{s.Text}\n");
        return table.ToString();
    }

    /// <summary>The summary, for the console.</summary>
    public static string Summary(SliceReport report)
    {
        var clips = report.Slices.Where(s => s.File is not null).ToList();
        var lengths = clips.Select(c => c.Span.Seconds).Order().ToList();
        var lines = new List<(string, string)>
        {
            ("recordings", F($"{report.Recordings}, {report.Seconds / 60:0.0} minutes")),
            ("clips", clips.Count == 0 ? "none"
                : F($"{clips.Count}, {lengths.Sum() / 60:0.0} minutes; median {lengths[lengths.Count / 2]:0.0}, ")
                    + F($"{lengths[0]:0.0} to {lengths[^1]:0.0} s")),
            ("texts", $"{clips.Count(c => c.Text.Length > 0)} of {clips.Count}"),
        };
        foreach (var kind in report.Slices.Where(s => s.File is null).GroupBy(s => s.Kind)
            .OrderByDescending(k => k.Sum(s => s.Span.Seconds)))
            lines.Add(("left out", F($"{kind.Count()}, {kind.Sum(s => s.Span.Seconds) / 60:0.0} minutes: {kind.Key}; for example ")
                + F($"{Printable.Text(Path.GetFileName(kind.First().Source))} at {kind.First().Span.Begin:0.0} s: {kind.First().Reason}")));
        return string.Join('\n', lines.Select(l => $"{l.Item1,-16}{l.Item2}").Concat(report.Notes));
    }

    static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
