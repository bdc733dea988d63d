// qwen3tts-train train: fine-tunes a model on prepared data.
using System.CommandLine;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Training.Commands;

sealed class TrainCommand : DocumentedCommand
{
    readonly Argument<string> _data = new("codes") { Description = "The codes.jsonl that 'prepare' wrote." };
    readonly Option<string?> _model = CommonOptions.Model();
    readonly Option<string?> _name = new("--name")
    {
        Description = "Name of the new voice. Default: each line's 'speaker' is a voice; all are trained on equally often.",
        HelpName = "NAME",
    };
    readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "Folder of the run. Default: runs/<name>, or runs/voices.",
        HelpName = "DIR",
    };
    readonly Option<string?> _reference = new("--reference")
    {
        Description = "Recording that the voice is taken from. Default: the one that the data names.",
        HelpName = "AUDIO",
    };
    readonly Option<LayoutPolicy> _layout = new("--layout")
    {
        Description = "Where the text stands: text-first (what named speakers use), interleaved (what streaming uses) or mixed.",
        DefaultValueFactory = _ => LayoutPolicy.Mixed,
        CustomParser = MethodOptions.Choice<LayoutPolicy>,
        HelpName = "text-first|interleaved|mixed",
    };
    readonly Option<string?> _language = new("--language")
    {
        Description = "A language, 'auto' (none), 'data' (what each line names), 'mixed' (data and auto, half and half), or several by " +
            "comma. Default: mixed where lines name a language, else auto.",
        HelpName = "NAME",
    };
    readonly NumberOption<int?> _steps = new NumberOption<int?>("--steps", TrainingRanges.Steps)
    {
        Description = "Number of optimizer steps. Default: 150 for a small model; for a released one those of one epoch, and at least 400.",
    };
    readonly NumberOption<double?> _epochs = new NumberOption<double?>("--epochs", TrainingRanges.Epochs)
    {
        Description = "Number of epochs, instead of --steps.",
    };
    readonly NumberOption<int> _batch = new NumberOption<int>("--batch", TrainingRanges.Batch)
    {
        Description = "Number of clips of a step.",
        DefaultValueFactory = _ => 8,
    };
    readonly NumberOption<double?> _rate = new NumberOption<double?>("--lr", TrainingRanges.LearningRate)
    {
        Description = "Largest learning rate. Default: 5e-6 for a released model, 2e-4 for a small one; with --lora 2e-5 and 5e-4.",
        HelpName = "RATE",
    };
    readonly NumberOption<int?> _warmUp = new NumberOption<int?>("--warmup", TrainingRanges.WarmUp)
    {
        Description = "Warm-up: number of steps until the learning rate is reached. Default: 50, and 10 for a small model.",
    };
    readonly Option<Schedule> _schedule = new("--schedule")
    {
        Description = "The learning rate after the warm-up: constant, or linear or cosine decay to a tenth.",
        DefaultValueFactory = _ => Schedule.Linear,
        CustomParser = MethodOptions.Choice<Schedule>,
        HelpName = "constant|linear|cosine",
    };
    readonly NumberOption<int> _heldOut = new NumberOption<int>("--held-out", TrainingRanges.HeldOut)
    {
        Description = "Number of held-out clips, which are measured and not trained on.",
        DefaultValueFactory = _ => 0,
    };
    readonly Option<ExportAs> _exportAs = new("--export-as")
    {
        Description = "Kind of the result: custom-voice (speaks by name, as from the official script) or base (keeps the speaker " +
            "encoder, so that it also clones).",
        CustomParser = MethodOptions.Choice<ExportAs>,
        HelpName = "custom-voice|base",
    };
    readonly NumberOption<int?> _saveEvery = new NumberOption<int?>("--save-every", TrainingRanges.SaveEvery)
    {
        Description = "Steps between two saved states; a killed run loses at most that many. Default: a tenth of the run, at least 25.",
    };
    readonly NumberOption<int?> _evaluateEvery = new NumberOption<int?>("--evaluate-every", TrainingRanges.EvaluateEvery)
    {
        Description = "Steps between two evaluations: held-out texts are spoken and judged, and the best checkpoint is kept. 0: no " +
            "evaluation. Default: a quarter of the run, with --held-out.",
    };
    readonly NumberOption<int?> _patience = new NumberOption<int?>("--patience", TrainingRanges.Patience)
    {
        Description = "Stop early, after this many evaluations without a better one.",
    };
    readonly Option<string?> _grammar = new("--grammar")
    {
        Description = "JSGF grammar of all sentences that are spoken, for pocketsphinx.",
        HelpName = "FILE",
    };
    readonly Option<string[]> _dictionaries = new("--dictionary")
    {
        Description = "Dictionary with the pronunciations that pocketsphinx lacks.",
        HelpName = "FILE",
    };
    readonly Option<bool> _force = new("--force")
    {
        Description = "Start the run although the preflight refuses it; the result's manifest says so.",
    };
    readonly MethodOptions _method = new();
    readonly Option<int?> _seed = CommonOptions.Seed("1");
    readonly Option<int?> _threads = CommonOptions.Threads();
    readonly Option<bool> _resume = new("--resume")
    {
        Description = "Resume a run that was stopped; the result is the same as without the stop.",
    };
    readonly Option<bool> _overwrite = new("--overwrite") { Description = "Replace an existing run." };

    public TrainCommand() : base("train", "Fine-tunes a model on prepared data. Ctrl-C saves the state and exports the model.",
        "qwen3tts-train train out/nora/codes.jsonl --model models/mini --name nora",
        "qwen3tts-train train codes.jsonl --model Qwen3-TTS-12Hz-0.6B-Base --name anna --memory 16GB --held-out 16",
        "qwen3tts-train train codes.jsonl --model Qwen3-TTS-12Hz-1.7B-Base --name anna --lora 16 --memory 8GB",
        "qwen3tts-train train codes.jsonl --model models/mini --name nora --resume")
    {
        Add(_data);
        AddGroup("Model and voice", _model, _name, _reference, _exportAs);
        AddGroup("Run", _output, _resume, _overwrite, _force, _saveEvery, _seed, _threads);
        AddGroup("Sequences", [_layout, _language, .. _method.Sequences]);
        AddGroup("Optimizer", _steps, _epochs, _batch, _rate, _warmUp, _schedule);
        AddGroup("Trained weights", _method.Trained);
        AddGroup("Memory and device", _method.Memory);
        AddGroup("Evaluation", _heldOut, _evaluateEvery, _patience, _grammar, _dictionaries);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        if (parsed.GetValue(_resume) && parsed.GetValue(_overwrite))
            throw new ArgumentException("--resume and --overwrite contradict each other; give one of them.");
        if (parsed.GetValue(_steps) is not null && parsed.GetValue(_epochs) is not null)
            throw new ArgumentException("--steps and --epochs contradict each other; give one of them.");
        var options = _method.Apply(new TrainingOptions
        {
            Model = Path.GetFullPath(CommonOptions.ModelFolder(parsed.GetValue(_model))),
            Data = Path.GetFullPath(parsed.GetValue(_data)!),
            Speaker = parsed.GetValue(_name),
            Reference = parsed.GetValue(_reference),
            Layout = parsed.GetValue(_layout),
            Languages = parsed.GetValue(_language)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .SelectMany(l => l == "mixed" ? ["data", "auto"] : new[] { l }).ToArray(),
            HeldOut = parsed.GetValue(_heldOut),
            Steps = parsed.GetValue(_steps),
            Epochs = parsed.GetValue(_epochs),
            Batch = parsed.GetValue(_batch),
            LearningRate = parsed.GetValue(_rate),
            WarmUp = parsed.GetValue(_warmUp),
            Schedule = parsed.GetValue(_schedule),
            Seed = parsed.GetValue(_seed) ?? 1,
            ExportAs = parsed.GetValue(_exportAs),
            SaveEvery = parsed.GetValue(_saveEvery),
            EvaluateEvery = parsed.GetValue(_evaluateEvery),
            Patience = parsed.GetValue(_patience),
            Grammar = parsed.GetValue(_grammar),
            Dictionaries = parsed.GetValue(_dictionaries) is { Length: > 0 } files ? files : null,
            Force = parsed.GetValue(_force),
        }, parsed);
        var existing = parsed.GetValue(_resume) ? Existing.Resume : parsed.GetValue(_overwrite) ? Existing.Overwrite : Existing.Refuse;
        var folder = parsed.GetValue(_output) ?? Path.Combine("runs", options.Speaker ?? "voices");
        var result = ConsoleWork.Train(options, folder, existing, stop, parsed.GetValue(_threads));
        Console.Out.WriteLine(ConsoleWork.Summary(result));
        Console.Out.WriteLine(result.Finished
            ? $"Try it: qwen3tts say \"…\" --model {result.Best} --speaker {RunManifest.Read(result.Export)!.Voices[0].Name} -o out.wav"
            : "Stopped. Go on with the same command and --resume.");
        return result.Finished ? CommandRun.Done : CommandRun.Interrupted;
    }
}
