// qwen3tts-train train: fine-tunes a model on prepared data.
using System.CommandLine;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Training.Commands;

sealed class TrainCommand : DocumentedCommand
{
    readonly Argument<string?> _data = new("codes")
    {
        Description = "The codes.jsonl that 'prepare' wrote. With --resume: default, that of the run.",
        Arity = ArgumentArity.ZeroOrOne,
    };
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
    readonly Option<string?> _language = new("--language")
    {
        Description = "A language, 'auto' (none), 'data' (what each line names), 'mixed' (data and auto, half and half), or several by " +
            "comma. Default: mixed where lines name a language, else auto.",
        HelpName = "NAME",
    };
    readonly RunOptions _run = new();
    readonly MethodOptions _method = new();
    readonly Option<int?> _threads = CommonOptions.Threads();
    readonly Option<bool> _resume = new("--resume")
    {
        Description = "Resume a run that was stopped; the result is the same as without the stop. Options that are not given are those " +
            "that the run began with.",
    };
    readonly Option<bool> _overwrite = new("--overwrite") { Description = "Replace an existing run." };

    public TrainCommand() : base("train",
        "Fine-tunes a model on prepared data, until the loss on held-out clips does not fall any more. The result is the checkpoint with " +
        "the lowest one. Ctrl-C saves the state.",
        "qwen3tts-train train out/nora/codes.jsonl --model models/mini --name nora",
        "qwen3tts-train train codes.jsonl --model Qwen3-TTS-12Hz-0.6B-Base --name anna --memory 16GB",
        "qwen3tts-train train codes.jsonl --model Qwen3-TTS-12Hz-1.7B-Base --name anna --lora 16 --memory 8GB",
        "qwen3tts-train train --name nora --resume")
    {
        Add(_data);
        AddGroup("Model and voice", _model, _name, _reference, _run.ExportAs);
        AddGroup("Run", [_output, _resume, _overwrite, .. _run.Run, _threads]);
        AddGroup("Sequences", [_run.Layout, _language, .. _method.Sequences]);
        AddGroup("Optimizer", _run.Optimizer);
        AddGroup("Trained weights", _method.Trained);
        AddGroup("Memory and device", _method.Memory);
        AddGroup("Evaluation", _run.Evaluation);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var resume = parsed.GetValue(_resume);
        if (resume && parsed.GetValue(_overwrite))
            throw new ArgumentException("--resume and --overwrite contradict each other; give one of them.");
        _run.Check(parsed);
        var folder = parsed.GetValue(_output) ?? Path.Combine("runs", parsed.GetValue(_name) ?? "voices");
        var begun = resume && RunFolder.IsAt(folder) ? RunFolder.Begun(folder) : null;
        var options = _method.Apply(_run.Apply(Start(parsed, begun), parsed), parsed);
        var existing = resume ? Existing.Resume : parsed.GetValue(_overwrite) ? Existing.Overwrite : Existing.Refuse;
        var result = ConsoleWork.Train(options, folder, existing, stop, parsed.GetValue(_threads));
        Console.Out.WriteLine(ConsoleWork.Summary(result));
        Console.Out.WriteLine(result.Finished
            ? $"Try it: qwen3tts say \"…\" --model {ShellWord.Quoted(result.Export)} --speaker " +
                $"{ShellWord.Quoted(RunManifest.Read(result.Export)!.Voices[0].Name)} -o out.wav"
            : $"Stopped. Go on with: qwen3tts-train train --output {ShellWord.Quoted(folder)} --resume");
        return result.Finished ? CommandRun.Done : CommandRun.Interrupted;
    }

    /// <summary>What the run is made from: the options that the run began with, changed by what is given.</summary>
    TrainingOptions Start(ParseResult parsed, TrainingOptions? begun)
    {
        var data = parsed.GetValue(_data) is { } named ? Path.GetFullPath(named) : begun?.Data ?? throw new ArgumentException(
            "No data is named. Give the codes.jsonl that 'qwen3tts-train prepare' wrote, or resume a run with --output and --resume.");
        var model = parsed.GetValue(_model) is null && begun is not null ? begun.Model
            : Path.GetFullPath(CommonOptions.ModelFolder(parsed.GetValue(_model)));
        var languages = parsed.GetValue(_language)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(l => l == "mixed" ? ["data", "auto"] : new[] { l }).ToArray();
        return (begun ?? new TrainingOptions { Model = model, Data = data }) with
        {
            Model = model,
            Data = data,
            Speaker = parsed.GetValue(_name) ?? begun?.Speaker,
            Reference = parsed.GetValue(_reference) ?? begun?.Reference,
            Languages = languages ?? begun?.Languages,
        };
    }
}
