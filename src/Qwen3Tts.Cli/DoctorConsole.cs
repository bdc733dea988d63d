// The doctor's report on the console: the verdict, then the evidence, and last what the numbers mean.
using Qwen3Tts.Doctor.Report;
using Spectre.Console;
using Cell = Spectre.Console.Text;

namespace Qwen3Tts.Cli;

static class DoctorConsole
{
    const int Width = 160; // of a file or pipe nothing is known, and 80 columns would break the tables

    public static void Print(DoctorReport r)
    {
        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = Width;
        Print(r, AnsiConsole.Console);
    }

    public static void Print(DoctorReport r, IAnsiConsole console)
    {
        console.Write(new Markup($"[bold {(r.Healthy ? "green" : r.Undecided ? "yellow" : "red")}]{Markup.Escape(r.Verdict)}[/]\n"));
        foreach (var detail in r.Details)
            console.Write(new Cell($"{detail}\n"));
        Training(r, console);
        if (r.TextProjection is { } p)
            console.Write(new Cell($"{p.Sentence}\n"));
        if (r.Movement is { } m)
            console.Write(Rows(Columns("moved", "tensors", "unmoved", "elements", "relative", "directions"), m.Groups, g =>
                [g.Name, $"{g.Tensors}", $"{g.Unmoved}", Html.Percent(g.Changed), Html.Number(g.Relative), g.EffectiveRank is null ? ""
                : $"{Html.Number(g.EffectiveRank)} of {g.Rank}"]));
        if (r.Speech is { } s)
            console.Write(new Cell(
                $"It speaks: {s.Takes.Count} takes, {Html.Percent(s.Runaway)} do not end, length {Html.Number(s.LengthRatio)} of the " +
                $"data's, silence {Html.Percent(s.Silence)}, repeated frames {Html.Percent(s.Repeated)}, words heard wrongly " +
                $"{Html.Percent(s.WordErrors)} ({s.Recogniser})\n{(s.Likeness is { } l ? $"{l.Sentence}\n" : "")}"));
        foreach (var (number, meaning) in r.Legend)
            console.Write(new Cell($"{number}: {meaning}\n"));
    }

    static void Training(DoctorReport r, IAnsiConsole console)
    {
        if (r.Hypothesis is not null)
            console.Write(new Cell(
                $"trained as {r.Hypothesis}; sure {Html.Percent(r.Confidence)}"
                + (r.Next is null ? "" : $"; next {r.Next}, {Html.Number(r.Margin)} times worse")
                + (r.Alike.Count == 0 ? "" : $"; cannot be distinguished from {string.Join(", ", r.Alike)}") + "\n"));
        if (r.Data is { } data)
            console.Write(new Cell($"{data.Sentence}\n"));
        if (r.Findings.Count > 0)
            console.Write(Rows(Columns("", "finding", "evidence", "remedy"), r.Findings.OrderByDescending(f => f.Severity), f =>
                [f.Severity.ToString().ToLowerInvariant(), f.Id, f.Evidence, f.Remedy]));
        foreach (var (id, source) in r.Findings.Where(f => f.Source is not null).Select(f => (f.Id, f.Source!)))
            console.Write(new Cell($"{id} in {source.Sentence}\n"));
        if (r.Losses.Count > 0)
            console.Write(Rows(Columns("hypothesis", "total", "talker", "first codes", "end", "predictor", "base, total"), r.Losses,
                l => l.NotMeasured is { } reason ? [l.Hypothesis, reason, "", "", "", "", ""]
                : [l.Hypothesis, .. new[] { l.Total, l.Talker, l.Codes, l.End, l.Predictor, l.Base }.Select(n => Html.Number(n))]));
    }

    public static Table Columns(params string[] names) => new Table().Border(TableBorder.Simple).AddColumns(names);

    static Table Rows<T>(Table table, IEnumerable<T> items, Func<T, string[]> row)
    {
        foreach (var item in items)
            table.AddRow(row(item).Select(c => new Cell(c)));
        return table;
    }
}
