// The commands of qwen3tts-train: what each option means, and what is printed. All work is done elsewhere.
using System.CommandLine;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Data;

namespace Qwen3Tts.Training;

static class Commands
{
    public static RootCommand Root()
    {
        var root = new RootCommand("Fine-tunes Qwen3-TTS on a voice.") { HelpName = "qwen3tts-train" };
        Command[] all =
        [
            new ImportCommand(), PrepareCommand(), TrainCommand(), new VoiceCommand(), new ExportCommand(), DemoCommand(),
            new EnginesCommand(), new BenchCommand(),
        ];
        foreach (var command in all)
            root.Add(command);
        return root;
    }

    static DocumentedCommand PrepareCommand()
    {
        var input = new Argument<string>("recordings") { Description = "Folder of WAV and TXT files of equal names, or any list that 'import' reads or writes." };
        var model = CommonOptions.Model();
        var output = new Option<string?>("--output", "-o") { Description = "The list to write. Default: codes.jsonl in out/<name of the recordings>.", HelpName = "FILE" };
        var reference = new Option<string?>("--reference") { Description = "Recording that the voice is taken from. Default: the one that the list names, else the one that is most like all others.", HelpName = "WAV" };
        var language = new Option<string?>("--language") { Description = "Language of all recordings that the list gives none for.", HelpName = "NAME" };
        var trim = new Option<bool?>("--trim") { Description = "Cut to the speech, with 40 ms before and 160 ms after. Default: yes, but no for a list that names references.", HelpName = "true|false" };
        var level = new Option<bool?>("--level") { Description = "Bring all recordings to one loudness. Default: yes, but no for a list that names references.", HelpName = "true|false" };
        var skip = new Option<bool>("--skip-bad") { Description = "Leave out what cannot be used, instead of stopping." };
        var command = new DocumentedCommand("prepare", "Turns recordings into training data: codes.jsonl, in the official format.",
            "qwen3tts-train prepare recordings/nora --model models/mini -o out/nora/codes.jsonl",
            "qwen3tts-train prepare train_raw.jsonl --model Qwen3-TTS-12Hz-1.7B-Base -o codes.jsonl --skip-bad")
        { input, model, output, reference, language, trim, level, skip };
        command.Does((parsed, stop) =>
        {
            var recordings = parsed.GetValue(input)!;
            var list = parsed.GetValue(output) ?? Path.Combine("out", Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(recordings)), "codes.jsonl");
            var options = new PreparationOptions
            {
                Input = recordings,
                Output = list,
                Reference = parsed.GetValue(reference),
                Language = parsed.GetValue(language),
                Trim = parsed.GetValue(trim),
                Level = parsed.GetValue(level),
                SkipBad = parsed.GetValue(skip),
            };
            var report = Prepare(CommonOptions.ModelFolder(parsed.GetValue(model)), options, stop);
            Console.Out.WriteLine(Summary(report));
            Console.Out.WriteLine($"Written: {list}");
            return CommandRun.Done;
        });
        return command;
    }

    /// <summary>Prepares with a line of progress, and notes beside the list what was changed.</summary>
    public static PreparationReport Prepare(string model, PreparationOptions options, CancellationToken stop) => StatusLine.While("Loading the codec", line =>
    {
        OutputFile.CheckAreOthers(PreparedFiles.Lists(options.Output), OutputFile.Whole(model));
        var encoder = ModelEncoder.Load(ModelFolder.Open(model));
        var report = Preparation.Run(options, encoder, new Told<(int Done, int Of)>(p => line($"Encoding recordings: {p.Done} of {p.Of}")), stop);
        if (report.Clips.Any(c => c.Shaped is not null))
            OutputFile.WriteText(Path.ChangeExtension(options.Output, ".changes.tsv"), string.Concat(ChangesTable(report).Select(line => line + Environment.NewLine)));
        OutputFile.WriteText(Path.ChangeExtension(options.Output, ".html"), DataPage.Of(Path.GetFileName(options.Output), DataSummary.Of(report)));
        return report;
    });

    static IEnumerable<string> ChangesTable(PreparationReport report) => report.Clips.Where(c => c.Shaped is not null)
        .Select(c => FormattableString.Invariant($"{Path.GetFileName(c.Clip.Audio)}\t{c.Shaped!.SecondsBefore:0.000}\t{c.Shaped.CutBefore:0.000}\t{c.Shaped.CutAfter:0.000}\t{20 * Math.Log10(c.Shaped.Gain):0.0}"))
        .Prepend("clip\tseconds before\tcut at the start\tcut at the end\tgain dB");

    public static string Summary(PreparationReport report)
    {
        var summary = DataSummary.Of(report);
        var lines = summary.Table().Append(("encoded before", $"{report.Clips.Count(c => c.Known)}")).ToList();
        if (report.Clips.Where(c => c.Shaped is not null).Select(c => c.Shaped!).ToList() is { Count: > 0 } shaped)
            lines.Add(("changed", FormattableString.Invariant($"cut {shaped.Sum(s => s.CutBefore + s.CutAfter):0.0} s of {shaped.Sum(s => s.SecondsBefore):0.0} s; gain {Decibel(shaped.Min(s => s.Gain)):+0.0;-0.0} to {Decibel(shaped.Max(s => s.Gain)):+0.0;-0.0} dB; by clip: the .changes.tsv beside the list")));
        lines.Add(("reference", report.Chosen.Count > 0 ? $"{string.Join(", ", report.Chosen.Select(Path.GetFileName))}, most like all others" : string.Join(", ", report.Clips.Select(c => Path.GetFileName(c.Clip.Reference)).Distinct().Take(3))));
        return DataSummary.Text(lines, report.LeftOut, report.Doubts);
    }

    /// <summary>To a tenth; adding zero makes a negative zero a plain one.</summary>
    static double Decibel(double gain) => Math.Round(20 * Math.Log10(gain), 1) + 0.0;

    static DocumentedCommand TrainCommand()
    {
        var data = new Argument<string>("codes") { Description = "The codes.jsonl that 'prepare' wrote." };
        var model = CommonOptions.Model();
        var name = new Option<string?>("--name") { Description = "Name of the new voice. Default: each line's 'speaker' is a voice; all are trained on equally often.", HelpName = "NAME" };
        var run = new Option<string?>("--run") { Description = "Folder of the run. Default: runs/<name>, or runs/voices.", HelpName = "DIR" };
        var reference = new Option<string?>("--reference") { Description = "Recording that the voice is taken from. Default: the one that the data names.", HelpName = "WAV" };
        var layout = new Option<LayoutPolicy>("--layout") { Description = "Where the text lies: text-first (what named speakers use), interleaved (what streaming uses) or mixed.", DefaultValueFactory = _ => LayoutPolicy.Mixed, CustomParser = WayOptions.Choice<LayoutPolicy>, HelpName = "text-first|interleaved|mixed" };
        var language = new Option<string?>("--language") { Description = "A language, 'auto' (none), 'data' (what each line names), 'mixed' (data and auto, half and half), or several by comma. Default: mixed where lines name a language, else auto.", HelpName = "NAME" };
        var steps = new NumberOption<int?>("--steps", TrainingRanges.Steps) { Description = "Optimizer steps. Default: 150 for a small model; for a released one as many as one epoch has, and at least 400." };
        var epochs = new NumberOption<double?>("--epochs", TrainingRanges.Epochs) { Description = "Passes through the data, instead of --steps." };
        var batch = new NumberOption<int>("--batch", TrainingRanges.Batch) { Description = "Clips a step.", DefaultValueFactory = _ => 8 };
        var rate = new NumberOption<double?>("--lr", TrainingRanges.LearningRate) { Description = "Largest learning rate. Default: 5e-6 for a released model, 2e-4 for a small one; with --lora 2e-5 and 5e-4.", HelpName = "RATE" };
        var warm = new NumberOption<int?>("--warmup", TrainingRanges.WarmUp) { Description = "Steps until the learning rate is reached. Default: 50, and 10 for a small model." };
        var schedule = new Option<Schedule>("--schedule") { Description = "How the learning rate goes down to a tenth: constant (not at all), linear or cosine.", DefaultValueFactory = _ => Schedule.Linear, CustomParser = WayOptions.Choice<Schedule>, HelpName = "constant|linear|cosine" };
        var heldOut = new NumberOption<int>("--held-out", TrainingRanges.HeldOut) { Description = "Clips that are measured and not trained on.", DefaultValueFactory = _ => 0 };
        var exportAs = new Option<ExportAs>("--export-as") { Description = "What the result is: custom_voice (speaks by name, as the official script makes it) or base (keeps the speaker encoder, so it clones too).", CustomParser = r => ExportKind(r), HelpName = "custom_voice|base" };
        var save = new NumberOption<int?>("--save-every", TrainingRanges.SaveEvery) { Description = "Steps between two saved states: what a killed run loses at most. Default: a tenth of the run, at least 25." };
        var evaluate = new NumberOption<int?>("--evaluate-every", TrainingRanges.EvaluateEvery) { Description = "Steps between two evaluations: held-out texts are spoken and judged, and the best checkpoint is kept. 0: never. Default: a quarter of the run, with --held-out." };
        var patience = new NumberOption<int?>("--patience", TrainingRanges.Patience) { Description = "Stop early, after so many evaluations without a better one." };
        var grammar = new Option<string?>("--grammar") { Description = "JSGF grammar of all that is said, for pocketsphinx.", HelpName = "FILE" };
        var dictionary = new Option<string[]>("--dictionary") { Description = "Pronunciations that pocketsphinx lacks.", HelpName = "FILE" };
        var force = new Option<bool>("--force") { Description = "Begin although the preflight says that the run cannot work; the result says so." };
        var ways = new WayOptions();
        var seed = CommonOptions.Seed();
        var threads = CommonOptions.Threads();
        var resume = new Option<bool>("--resume") { Description = "Go on with a run that was stopped; the result is the same as if it had not been." };
        var overwrite = new Option<bool>("--overwrite") { Description = "Begin anew where a run is." };
        var command = new DocumentedCommand("train", "Fine-tunes a model on prepared data; Ctrl-C saves and exports what is there.",
            "qwen3tts-train train out/nora/codes.jsonl --model models/mini --name nora",
            "qwen3tts-train train codes.jsonl --model Qwen3-TTS-12Hz-0.6B-Base --name anna --memory 16GB --held-out 16",
            "qwen3tts-train train codes.jsonl --model Qwen3-TTS-12Hz-1.7B-Base --name anna --lora 16 --memory 8GB",
            "qwen3tts-train train codes.jsonl --model models/mini --name nora --resume")
        { data, model, name, run, reference, layout, language, steps, epochs, batch, rate, warm, schedule, heldOut, evaluate, patience, grammar, dictionary, exportAs, save, force, seed, threads, resume, overwrite };
        foreach (var option in ways.All)
            command.Add(option);
        command.Does((parsed, stop) =>
        {
            if (parsed.GetValue(resume) && parsed.GetValue(overwrite))
                throw new ArgumentException("--resume and --overwrite contradict each other; give one of them.");
            if (parsed.GetValue(steps) is not null && parsed.GetValue(epochs) is not null)
                throw new ArgumentException("--steps and --epochs contradict each other; give one of them.");
            var options = ways.In(new TrainingOptions
            {
                Model = Path.GetFullPath(CommonOptions.ModelFolder(parsed.GetValue(model))),
                Data = Path.GetFullPath(parsed.GetValue(data)!),
                Speaker = parsed.GetValue(name),
                Reference = parsed.GetValue(reference),
                Layout = parsed.GetValue(layout),
                Languages = parsed.GetValue(language)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).SelectMany(l => l == "mixed" ? ["data", "auto"] : new[] { l }).ToArray(),
                HeldOut = parsed.GetValue(heldOut),
                Steps = parsed.GetValue(steps),
                Epochs = parsed.GetValue(epochs),
                Batch = parsed.GetValue(batch),
                LearningRate = parsed.GetValue(rate),
                WarmUp = parsed.GetValue(warm),
                Schedule = parsed.GetValue(schedule),
                Seed = parsed.GetValue(seed) ?? 1,
                ExportAs = parsed.GetValue(exportAs),
                SaveEvery = parsed.GetValue(save),
                EvaluateEvery = parsed.GetValue(evaluate),
                Patience = parsed.GetValue(patience),
                Grammar = parsed.GetValue(grammar),
                Dictionaries = parsed.GetValue(dictionary) is { Length: > 0 } files ? files : null,
                Force = parsed.GetValue(force),
            }, parsed);
            var existing = parsed.GetValue(resume) ? Existing.Resume : parsed.GetValue(overwrite) ? Existing.Overwrite : Existing.Refuse;
            var folder = parsed.GetValue(run) ?? Path.Combine("runs", options.Speaker ?? "voices");
            var result = Train(options, folder, existing, stop, parsed.GetValue(threads));
            Console.Out.WriteLine(Summary(result));
            Console.Out.WriteLine(result.Finished ? $"Try it: qwen3tts say \"…\" --model {result.Best} --speaker {RunManifest.Read(result.Export)!.Voices[0].Name} -o out.wav" : "Stopped. Go on with the same command and --resume.");
            return result.Finished ? CommandRun.Done : CommandRun.Interrupted;
        });
        return command;
    }

    /// <summary>
    /// Trains with a line of progress: losses, speed and the time that is left. A miniature's matrices are too small to share: a second thread
    /// makes it a sixth faster on idle cores and many times slower on busy ones, where libtorch's threads wait for each other.
    /// </summary>
    public static TrainingResult Train(TrainingOptions options, string run, Existing existing, CancellationToken stop, int? threads = null) => StatusLine.While("Loading the model", line =>
    {
        if ((threads ?? (TrainingOptions.IsReleased(ModelFolder.Open(options.Model).Config.TalkerConfig) ? null : 1)) is { } n)
            TorchSharp.torch.set_num_threads(n);
        var pace = new TrainingPace();
        return Trainer.Run(options, run, existing, new Told<StepReport>(r => line(pace.Line(r))), stop, doubt => Console.Error.WriteLine($"{(doubt.Refuses ? "Forced" : "Unusual")}: {doubt}"), Console.Error.WriteLine);
    });

    public static string Summary(TrainingResult result)
    {
        if (result.Log.Count == 0)
            return $"No step was made. Written: {result.Export}";
        var tenth = Math.Max(1, result.Log.Count / 10);
        string Course(Func<StepReport, double> of) => FormattableString.Invariant($"{result.Log.Take(tenth).Average(of):0.00} → {result.Log.TakeLast(tenth).Average(of):0.00}");
        return $"{result.Log.Count} steps in {TimeSpan.FromSeconds(result.Log.Sum(r => r.Seconds)):m\\:ss}: talker loss {Course(r => r.Talker)}, predictor loss {Course(r => r.Predictor)} (means of the first and the last tenth).{Best(result)}\nWritten: {result.Export}";
    }

    static string Best(TrainingResult result)
    {
        var run = Path.GetDirectoryName(result.Export)!;
        return Evaluator.BestOf(Evaluator.Read(run)) is not { } best ? ""
            : FormattableString.Invariant($"\nBest by its takes: step {best.Step}, in {Path.Combine(run, "best")}. Compare by ear: {Path.Combine(run, "index.html")}");
    }

    static ExportAs ExportKind(System.CommandLine.Parsing.ArgumentResult result)
    {
        switch (result.Tokens[0].Value.ToLowerInvariant())
        {
            case "custom_voice": return ExportAs.CustomVoice;
            case "base": return ExportAs.Base;
            default:
                result.AddError($"--export-as is '{Printable.Text(result.Tokens[0].Value)}'; give custom_voice or base.");
                return default;
        }
    }

    static DocumentedCommand DemoCommand()
    {
        var model = new Option<string?>("--model", "-m") { Description = "Folder of a Base model. Default: the repository's models/mini.", HelpName = "DIR" };
        var recordings = new Option<string?>("--recordings") { Description = "Folder of WAV and TXT files. Default: the repository's recordings/nora.", HelpName = "DIR" };
        var output = new Option<string>("--out", "-o") { Description = "Where everything goes.", DefaultValueFactory = _ => Path.Combine("out", "demo"), HelpName = "DIR" };
        var steps = new NumberOption<int?>("--steps", TrainingRanges.Steps) { Description = "Optimizer steps. Default: as 'train'." };
        var force = new Option<bool>("--force") { Description = "Go on although the preflight says that the run cannot work." };
        var command = new DocumentedCommand("demo", "The whole way in a few minutes: prepares recordings of a voice, fine-tunes on them as it should be and with the faults of the official script, speaks with both, and shows it on a page.",
            "qwen3tts-train demo", "qwen3tts-train demo --recordings my-voice --model Qwen3-TTS-12Hz-0.6B-Base --out out/my-voice")
        { model, recordings, output, steps, force };
        command.Does((parsed, stop) => Demo.Run(parsed.GetValue(model), parsed.GetValue(recordings), parsed.GetValue(output)!, parsed.GetValue(steps), stop, parsed.GetValue(force)));
        return command;
    }

    /// <summary>Tells at once and on the caller's thread, where System.Progress would queue.</summary>
    sealed class Told<T>(Action<T> tell) : IProgress<T>
    {
        public void Report(T value) => tell(value);
    }
}

/// <summary>Speed over the last steps, and what it says about the rest. Times nothing that is reported as a result.</summary>
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
        var heldOut = r.HeldOutTalker is { } h ? FormattableString.Invariant($" · held out {h:0.00}, {r.HeldOutPredictor:0.00}") : "";
        return FormattableString.Invariant($"step {r.Step} of {r.Of} · talker {r.Talker:0.00}, predictor {r.Predictor:0.00}{heldOut} · {_last.Sum(s => s.Tokens) / seconds:0} tokens/s · {Environment.WorkingSet / 1e9:0.0} GB · {left:m\\:ss} left");
    }
}
