// qwen3tts inspect: shows the content of a model folder, and whether it loads.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Hub;
using Spectre.Console;
using Cell = Spectre.Console.Text;

namespace Qwen3Tts.Cli;

sealed class InspectCommand : DocumentedCommand
{
    readonly Argument<string> _model = new("model") { Description = "Folder of the model, or its id on the hub." };
    readonly Option<bool> _json = new("--json") { Description = "Write JSON instead of tables." };

    public InspectCommand() : base("inspect",
        "Shows the content of a model folder, and checks that it loads: no tensor missing, unknown or of another shape.",
        "qwen3tts inspect models/mini",
        "qwen3tts inspect models/mini --json")
    {
        Add(_model);
        Add(_json);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var folder = ModelHub.Resolve(parsed.GetRequiredValue(_model));
        var report = StatusLine.While($"loading {folder}", _ => ModelReport.Load(folder));
        if (parsed.GetValue(_json))
            Console.WriteLine(JsonSerializer.Serialize(report, ReportJson.Default.ModelReport));
        else
            Print(report);
        return report.Problems.Count == 0 ? CommandRun.Done : CommandRun.UsersMistake;
    }

    static void Print(ModelReport report)
    {
        var facts = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        void Fact(string name, string value) => facts.AddRow(new Cell(name), new Cell(value));
        Fact("model", report.Folder);
        Fact("type", $"{report.Type}, {report.Size}");
        Fact("files", $"in {report.FileLayout}");
        Fact("layouts", report.Layouts);
        Fact("languages", report.Languages.Count == 0 ? "none: Auto alone" : $"{string.Join(", ", report.Languages.Keys)}, or Auto");
        Fact("speakers", report.Speakers.Count == 0 ? "none"
            : string.Join(", ", report.Speakers
            .Select(s => Invariant($"{s.Name} (row {s.Row}, norm {s.Norm:0.00}{(s.Dialect is { } d ? $", {d}" : "")})"))));
        var g = report.Sampling;
        Fact("sampling", Drawing(g.Greedy, g.Temperature, g.TopK, g.TopP)
            + Invariant($", repetition penalty {g.RepetitionPenalty}, at most {g.MaxFrames} frames"));
        Fact("predictor", Drawing(g.PredictorGreedy, g.PredictorTemperature, g.PredictorTopK, g.PredictorTopP));
        Fact("tokenizer", report.Tokenizer);

        var parts = new Table().Border(TableBorder.Simple).AddColumns("part", "parameters", "on disk", "stored as", "sizes");
        parts.Columns[1].RightAligned();
        parts.Columns[2].RightAligned();
        foreach (var part in report.Parts)
            parts.AddRow(new Cell(part.Name), new Cell(Count(part.Parameters)), new Cell(Bytes(part.Bytes)),
                new Cell(string.Join(", ", part.Types)), new Cell(part.Shape));
        parts.AddRow(new Cell("all"), new Cell(Count(report.Parts.Sum(p => p.Parameters))),
            new Cell(Bytes(report.Parts.Sum(p => p.Bytes))));

        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = 160; // files and pipes have no width; the default of 80 columns would break the table
        AnsiConsole.Write(facts);
        AnsiConsole.Write(parts);
        Console.WriteLine(report.Problems.Count == 0 ? "It loads: no tensor is missing, unknown or of another shape."
            : string.Join(Environment.NewLine, report.Problems
                .Prepend($"It does not load; {(report.Problems.Count == 1 ? "one problem" : $"{report.Problems.Count} problems")}:")));
    }

    static string Drawing(bool greedy, double temperature, int topK, double topP) =>
        greedy ? "greedy" : Invariant($"temperature {temperature}, top-k {topK}, top-p {topP}");
    static string Count(long n) => Invariant($"{n:#,0}");
    static string Bytes(long n) => n < 1 << 30 ? Invariant($"{n / 1048576.0:0.0} MiB") : Invariant($"{n / 1073741824.0:0.00} GiB");
    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
