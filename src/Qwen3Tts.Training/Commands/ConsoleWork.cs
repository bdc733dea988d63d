// Preparation and training with a line of progress on the console, and the text that is printed at their end. Several commands use both.
using System.Globalization;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Pages;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Training.Commands;

static class ConsoleWork
{
    /// <summary>Prepares with a line of progress, and writes a list of the changes beside the list of clips.</summary>
    public static PreparationReport Prepare(string model, PreparationOptions options, CancellationToken stop) =>
        StatusLine.While("Loading the codec", line =>
    {
        OutputFile.CheckAreOthers(PreparedFiles.Lists(options.Output), OutputFile.Whole(model));
        var folder = ModelFolder.Open(model);
        var encoder = ModelEncoder.Load(folder, options.CompareTexts ?? !TrainingOptions.IsReleased(folder.Config.TalkerConfig));
        var report = Preparation.Run(options, encoder,
            new ImmediateProgress<(string What, int Done, int Of)>(p => line($"{p.What}: {p.Done} of {p.Of}")), stop);
        if (report.Clips.Any(c => c.Shaped is not null))
            OutputFile.WriteText(Path.ChangeExtension(options.Output, ".changes.tsv"), string
                .Concat(ChangesTable(report).Select(line => line + Environment.NewLine)));
        OutputFile.WriteText(Path.ChangeExtension(options.Output, ".html"),
            DataPage.Write(Path.GetFileName(options.Output), DataSummary.Summarise(report),
                Path.GetDirectoryName(Path.GetFullPath(options.Output))!));
        return report;
    });

    static IEnumerable<string> ChangesTable(PreparationReport report) => report.Clips.Where(c => c.Shaped is not null)
        .Select(c => string.Create(CultureInfo.InvariantCulture,
            $"{Path.GetFileName(c.Clip.Audio)}\t{c.Shaped!.SecondsBefore:0.000}\t{c.Shaped.CutBefore:0.000}\t{c.Shaped.CutAfter:0.000}\t")
            + FormattableString.Invariant($"{20 * Math.Log10(c.Shaped.Gain):0.0}"))
        .Prepend("clip\tseconds before\tcut at the start\tcut at the end\tgain dB");

    public static string Summary(PreparationReport report)
    {
        var summary = DataSummary.Summarise(report);
        var lines = summary.Table().Append(("encoded before", $"{report.Clips.Count(c => c.Known)}")).ToList();
        if (report.Clips.Where(c => c.Shaped is not null).Select(c => c.Shaped!).ToList() is { Count: > 0 } shaped)
            lines.Add(("changed", string.Create(CultureInfo.InvariantCulture,
                $"cut {shaped.Sum(s => s.CutBefore + s.CutAfter):0.0} s of {shaped.Sum(s => s.SecondsBefore):0.0} s; gain " +
                $"{Decibel(shaped.Min(s => s.Gain)):+0.0;-0.0} to {Decibel(shaped.Max(s => s.Gain)):+0.0;-0.0} dB; for each clip: the " +
                $".changes.tsv beside the list")));
        lines.Add(("reference", report.Chosen.Count > 0
            ? $"{string.Join(", ", report.Chosen.Select(Path.GetFileName))}, most similar to all others"
            : string.Join(", ", report.Clips.Select(c => Path.GetFileName(c.Clip.Reference)).Distinct().Take(3))));
        if (report.Coverage is { Next: [var next, ..] })
            lines.Add(("record next", $"\"{next}\"; more are on the page beside the list"));
        return DataSummary.Text(lines, report.LeftOut.Messages, report.Doubts);
    }

    /// <summary>A number with one decimal; adding zero turns a negative zero into zero.</summary>
    static double Decibel(double gain) => Math.Round(20 * Math.Log10(gain), 1) + 0.0;

    /// <summary>
    /// Trains with a line of progress: losses, speed and the time that is left. The matrices of a miniature are too small for several
    /// threads: a second thread makes training a sixth faster on idle cores, and many times slower on busy ones, where libtorch's threads
    /// wait for each other.
    /// </summary>
    public static TrainingResult Train(TrainingOptions options, string run, Existing existing, CancellationToken stop,
        int? threads = null) => StatusLine.While("Loading the model", line =>
    {
        if ((threads ?? (TrainingOptions.IsReleased(ModelFolder.Open(options.Model).Config.TalkerConfig) ? null : 1)) is { } n)
            TorchSharp.torch.set_num_threads(n);
        return Trainer.Run(options, run, existing, new ConsoleObserver(line), stop);
    });

    public static string Summary(TrainingResult result)
    {
        if (result.Log.Count == 0)
            return $"No step was made. Written: {result.Export}";
        var run = Path.GetDirectoryName(result.Export)!;
        var tenth = Math.Max(1, result.Log.Count / 10);
        string Course(Func<StepReport, double> of) =>
            FormattableString.Invariant($"{result.Log.Take(tenth).Average(of):0.00} → {result.Log.TakeLast(tenth).Average(of):0.00}");
        return $"{result.Log.Count} steps in {TimeSpan.FromSeconds(result.Log.Sum(r => r.Seconds)):m\\:ss}: talker loss " +
            $"{Course(r => r.Talker)}, predictor loss {Course(r => r.Predictor)} (means of the first and the last " +
            $"tenth).\n{string.Join('\n', RunOutcome.Of(run, result.Log).Lines)}\nWritten: {result.Export}. Listen and compare: " +
            $"{Path.Combine(run, "index.html")}";
    }

    /// <summary>Reports immediately and on the caller's thread; <see cref="Progress{T}"/> would use a queue.</summary>
    sealed class ImmediateProgress<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}

/// <summary>Shows steps in a line of progress, and all other messages on standard error.</summary>
sealed class ConsoleObserver(Action<string> line) : RunObserver
{
    readonly TrainingPace _pace = new();

    public override void OnWork(string what) => line(what);

    public override void OnStep(StepReport step) => line(_pace.Line(step));

    public override void OnFinding(PreflightFinding finding) =>
        Console.Error.WriteLine($"{(finding.Refuses ? "Warning (started with --force)" : "Unusual")}: {finding}");

    public override void OnNote(string message) => Console.Error.WriteLine(message);
}

/// <summary>The speed over the last steps, and the time that is left. Only for the display.</summary>
sealed class TrainingPace
{
    const int Window = 20;
    readonly Queue<StepReport> _last = [];

    public string Line(StepReport r)
    {
        _last.Enqueue(r);
        if (_last.Count > Window)
            _last.Dequeue();
        var seconds = _last.Sum(s => s.Seconds);
        var left = TimeSpan.FromSeconds((r.Of - r.Step) * seconds / _last.Count);
        var heldOut = r.HeldOutTalker is { } h ? FormattableString.Invariant($" · held-out {h:0.00}, {r.HeldOutPredictor:0.00}") : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"step {r.Step} of {r.Of} · talker {r.Talker:0.00}, predictor {r.Predictor:0.00}{heldOut} · " +
            $"{_last.Sum(s => s.Tokens) / seconds:0} tokens/s · {Environment.WorkingSet / 1e9:0.0} GB · {left:m\\:ss} left");
    }
}
