// qwen3tts bench: what speaking costs on this machine, beside what the machine allows at best.
using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Cli.Bench;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Cli;

/// <summary>A run of the benchmark.</summary>
sealed record BenchReport(string Processor, string Tier, int Threads, string Model, string Weights, string Runtime, double LoadAverage,
    Yardsticks Machine, IReadOnlyList<Figure> Figures);

sealed class BenchCommand : DocumentedCommand
{
    readonly Option<string> _model = new Option<string>("--model", "-m")
    {
        Description = "The released model whose shapes are measured. Weights are random.",
        HelpName = string.Join('|', ReleasedShapes.Names),
        DefaultValueFactory = _ => ReleasedShapes.Names[0],
    }.OneOf([.. ReleasedShapes.Names]);
    readonly Option<string> _precision = PrecisionOption.Create();
    readonly Option<bool> _map = PrecisionOption.Map();
    readonly Option<int> _frames = new NumberOption<int>("--frames", new(2, 4096))
    {
        Description = "Length of the speech; 12.5 frames are a second.",
        DefaultValueFactory = _ => 100,
    };
    readonly Option<int> _positions = new NumberOption<int>("--positions", new(16, 4096))
    {
        Description = "Length of the prompt.",
        DefaultValueFactory = _ => 76,
    };
    readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "Write the table to a file of the folder DIR/<processor> as well, named by date, model, precision and SIMD tier.",
        HelpName = "DIR",
    };
    readonly Option<bool> _json = new("--json") { Description = "Write JSON instead of a table." };
    readonly Option<int?> _threads = CommonOptions.Threads();

    public BenchCommand() : base("bench",
        "Measures what speaking costs here, part by part, and as multiples of this machine's own limits. Writes random weights of a "
        + "released model's shapes to the temporary folder (0.6B: 2.4 GB), and removes them. The cost of a training step: "
        + "qwen3tts-train bench.",
        "qwen3tts bench", "qwen3tts bench --precision int8 --threads 2", "qwen3tts bench --model 1.7B --output benchmarks")
    {
        Option[] options = [_model, _precision, _map, _frames, _positions, _output, _json, _threads];
        foreach (var option in options)
            Add(option);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        using var own = parsed.GetValue(_threads) is { } threads ? new Workers(threads) : null;
        var workers = own ?? Workers.Shared;
        var options = new SpeechBenchOptions(parsed.GetValue(_model)!,
            PrecisionOption.Precision(parsed.GetValue(_precision)!).ToWeightType(), parsed.GetValue(_positions), parsed.GetValue(_frames),
            parsed.GetValue(_map));
        var report = StatusLine.While("writing random weights", tell =>
        {
            using var bench = new SpeechBench(options, workers, tell);
            var figures = bench.Run(stop);
            var weights = (options.Type?.ToString() ?? "BFloat16") + (options.Map ? "-mapped" : "");
            return new BenchReport(Processor(), Simd.Tier.ToString(), workers.Threads, options.Size, weights,
                RuntimeInformation.FrameworkDescription, Load(), bench.Limits, figures);
        });
        var table = Table(report);
        Console.Write(parsed.GetValue(_json) ? JsonSerializer.Serialize(report, BenchJson.Default.BenchReport) + "\n" : table);
        if (parsed.GetValue(_output) is { } folder)
        {
            var name = FormattableString.Invariant($"{DateTime.UtcNow:yyyy-MM-dd}-{report.Model}-{report.Weights}-{report.Tier}.md");
            var path = Path.Combine(folder, string.Concat(report.Processor.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')), name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            OutputFile.Replace(path, stream => stream.Write(Encoding.UTF8.GetBytes(table)));
            Console.Error.WriteLine(path);
        }
        return CommandRun.Done;
    }

    static string Table(BenchReport r)
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Line($"{r.Processor}, {r.Tier}, {r.Threads} threads, {r.Runtime}, load of the machine {r.LoadAverage:0.0}.");
        Line($"Shapes of {r.Model}, weights {r.Weights}.");
        Line($"This machine reads {r.Machine.ReadGigabytes:0.0} GB/s, and computes {r.Machine.FloatGigaflops:0} GFLOP/s in float32");
        Line($"and {r.Machine.Int8Gigaops:0} GOP/s in int8. A floor is what it would need at that rate.");
        Line($"");
        Line($"| figure | measured | floor | multiple |");
        Line($"|---|---|---|---|");
        foreach (var f in r.Figures)
            Line($"| {f.Name} | {Number(f.Value, f.Unit)} | {(f.Floor is { } x ? Number(x, f.Unit) : "–")} | {f.Multiple:0.00} |");
        return text.ToString();
    }

    static string Number(double value, string unit) =>
        (value.ToString(value < 10 ? "0.00" : value < 100 ? "0.0" : "0", CultureInfo.InvariantCulture) + " " + unit).Trim();

    static string Processor()
    {
        const string file = "/proc/cpuinfo", key = "model name";
        var name = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal)) : null;
        return name?.Split(':')[^1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    static double Load() => File.Exists("/proc/loadavg")
        ? double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture) : double.NaN;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(BenchReport))]
sealed partial class BenchJson : JsonSerializerContext;
