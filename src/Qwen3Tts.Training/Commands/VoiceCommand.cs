// qwen3tts-train voice: makes a voice from recordings in one command. Every stage stores its results, so the same command, given again
// after a stop or a kill, goes on and repeats nothing that is complete. Its options are stored, too: the name is enough to go on.
using System.CommandLine;
using Qwen3Tts.Audio;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;
using Qwen3Tts.Sequence;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Training.Commands;

sealed class VoiceCommand : DocumentedCommand
{
    readonly Argument<string?> _recordings = new("recordings")
    {
        Description = "Folder or list of recordings, in any format that 'import' reads. Default: those of the voice that is resumed.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    readonly Option<string> _name = new("--name") { Description = "Name of the new voice.", Required = true, HelpName = "NAME" };
    readonly Option<string?> _model = CommonOptions.Model();
    readonly Option<string?> _output = new("--output", "-o") { Description = "Result folder. Default: out/<name>.", HelpName = "DIR" };
    readonly Option<string?> _reference = new("--reference")
    {
        Description = "Recording that the voice is taken from. Default: the one most similar to all others.",
        HelpName = "AUDIO",
    };
    readonly Option<string?> _language = new("--language")
    {
        Description = "Language of the recordings. The voice is trained with it and without a language (auto).",
        HelpName = "NAME",
    };
    readonly Option<bool> _skip = new("--skip-bad") { Description = "Leave out recordings that cannot be used, instead of stopping." };
    readonly RunOptions _run = new();
    readonly MethodOptions _method = new();
    readonly Option<string?> _say = new("--say")
    {
        Description = "Text that the new voice says at the end. Default: the text of a held-out clip.",
        HelpName = "TEXT",
    };
    readonly Option<bool> _overwrite = new("--overwrite") { Description = "Replace an existing run." };

    public VoiceCommand() : base("voice",
        "Makes a voice from recordings in one command: prepares, checks, trains until the voice gets no better, compares it with the " +
        "clone, exports and speaks. The same command again resumes the work where it was stopped; the name of the voice is enough.",
        "qwen3tts-train voice recordings/nora --name nora --model models/mini",
        "qwen3tts-train voice --name nora",
        "qwen3tts-train voice recordings --name anna --model Qwen3-TTS-12Hz-0.6B-Base --language German --memory 12GB")
    {
        GoesOn = true;
        Add(_recordings);
        AddGroup("Model and voice", _name, _model, _reference, _run.ExportAs, _say);
        AddGroup("Run", [_output, _overwrite, _skip, .. _run.Run]);
        AddGroup("Sequences", [_run.Layout, _language, .. _method.Sequences]);
        AddGroup("Optimizer", _run.Optimizer);
        AddGroup("Trained weights", _method.Trained);
        AddGroup("Memory and device", _method.Memory);
        AddGroup("Evaluation", _run.Evaluation);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        _run.Check(parsed);
        var name = parsed.GetRequiredValue(_name);
        var output = parsed.GetValue(_output) ?? Path.Combine("out", name.ToLowerInvariant());
        string In(string part) => Path.Combine(output, part);
        var (data, run, spoken) = (In("codes.jsonl"), In("run"), In($"{name.ToLowerInvariant()}.wav"));
        var begun = Begun(parsed, output, run);
        var source = Source(parsed, output, name);
        var model = parsed.GetValue(_model) is null && begun is not null ? begun.Model
            : CommonOptions.ModelFolder(parsed.GetValue(_model));
        Export.CheckName(Checkpoint.ModelFolder.Open(model).Config.TalkerConfig, name);
        var options = _method.Apply(_run.Apply((begun ?? new TrainingOptions { Model = "", Data = "" }) with
        {
            Model = Path.GetFullPath(model),
            Data = Path.GetFullPath(data),
            Speaker = name,
        }, parsed), parsed);
        source = source with { Run = options };
        OutputFile.CheckIsNoInput(output, source.Recordings, model);
        OutputFile.CheckAreOthers(
            [spoken, .. PreparedFiles.Lists(data)],
            [source.Recordings, source.Reference, .. _run.Inputs(parsed), .. OutputFile.Whole(model)]);
        foreach (var file in new[] { spoken, In(VoiceSource.FileName) })
            OutputFile.CheckIsFree(file);
        using var own = FolderLock.Take(output, "The voice's folder");
        var prepared = Prepare(source, output, data, stop);
        var existing = parsed.GetValue(_overwrite) ? Existing.Overwrite : RunFolder.IsAt(run) ? Existing.Resume : Existing.Refuse;
        var trained = ConsoleWork.Train(options, run, existing, stop);
        Console.Out.WriteLine(ConsoleWork.Summary(trained));
        if (!trained.Finished)
        {
            Console.Out.WriteLine($"Stopped. Go on with: qwen3tts-train voice --name {ShellWord.Quoted(name)}" +
                (parsed.GetValue(_output) is null ? "" : $" --output {ShellWord.Quoted(output)}"));
            return CommandRun.Interrupted;
        }
        var usual = trained.HeldOut.Count > 0 ? trained.HeldOut[0].Text : prepared.Clips[0].Clip.Text;
        Speak(trained, name, parsed.GetValue(_say) ?? usual, spoken, stop);
        return CommandRun.Done;
    }

    /// <summary>The options of the work that is resumed; null if this is a new one.</summary>
    TrainingOptions? Begun(ParseResult parsed, string output, string run) => parsed.GetValue(_overwrite) ? null
        : RunFolder.IsAt(run) ? RunFolder.Begun(run)
        : parsed.GetValue(_recordings) is null ? VoiceSource.In(output)?.Run : null;

    /// <summary>What is given; what is not is taken from the work that is resumed.</summary>
    VoiceSource Source(ParseResult parsed, string output, string name)
    {
        var before = parsed.GetValue(_overwrite) && parsed.GetValue(_recordings) is not null ? null : VoiceSource.In(output);
        var recordings = parsed.GetValue(_recordings) is { } named ? Path.GetFullPath(named) : before?.Recordings
            ?? throw new ArgumentException($"No recordings are named, and '{Printable.Text(output)}' has no work to resume. Give their " +
                $"folder: qwen3tts-train voice FOLDER --name {ShellWord.Quoted(name)}");
        return new(recordings, parsed.GetValue(_reference) ?? before?.Reference, parsed.GetValue(_language) ?? before?.Language,
            parsed.GetValue(_skip) || before?.SkipBad == true);
    }

    static PreparationReport Prepare(VoiceSource source, string output, string data, CancellationToken stop)
    {
        var prepared = ConsoleWork.Prepare(source.Run!.Model, new PreparationOptions
        {
            Input = source.Recordings,
            Output = data,
            Reference = source.Reference,
            Language = source.Language,
            SkipBad = source.SkipBad,
            Begins = () => source.Write(output),
        }, stop);
        Console.Out.WriteLine(ConsoleWork.Summary(prepared));
        return prepared;
    }

    static void Speak(TrainingResult trained, string name, string text, string file, CancellationToken stop)
    {
        StatusLine.While("Speaking", _ =>
        {
            using var tts = Tts.Load(trained.Export);
            WavFile.WriteOutput(file, tts.Say(text,
                new()
                {
                    Speaker = name,
                    Layout = Layout.TextFirst,
                    Sampling = tts.Sampling with { Seed = 1 },
                    MaxFramesPerToken = SpeechOptions.UsualMaxFramesPerToken
                }, stop).Waveform);
            return 0;
        });
        Console.Out.WriteLine($"Spoken: {file}\nThe voice: qwen3tts say {ShellWord.Quoted(text)} --model " +
            $"{ShellWord.Quoted(trained.Export)} --speaker {ShellWord.Quoted(name.ToLowerInvariant())} -o out.wav");
    }
}
