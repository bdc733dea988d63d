// qwen3tts-train voice: makes a voice from recordings in one command. Every stage stores its results, so the same command, given again
// after a stop or a kill, goes on and repeats nothing that is complete.
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
    const int MostHeldOut = 8;

    readonly Argument<string> _recordings = new("recordings")
    {
        Description = "Folder or list of recordings, in any format that 'import' reads.",
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
    readonly Option<int?> _steps = new NumberOption<int?>("--steps", TrainingRanges.Steps)
    {
        Description = "Number of optimizer steps. Default: as for 'train'.",
    };
    readonly Option<double?> _rate = new NumberOption<double?>("--lr", TrainingRanges.LearningRate)
    {
        Description = "Largest learning rate. Default: as for 'train'.",
        HelpName = "RATE",
    };
    readonly Option<double?> _epochs = new NumberOption<double?>("--epochs", TrainingRanges.Epochs)
    {
        Description = "Number of epochs, instead of --steps.",
    };
    readonly Option<int> _batch = new NumberOption<int>("--batch", TrainingRanges.Batch)
    {
        Description = "Number of clips of a step.",
        DefaultValueFactory = _ => 8,
    };
    readonly Option<int?> _evaluate = new NumberOption<int?>("--evaluate-every", TrainingRanges.EvaluateEvery)
    {
        Description = "Steps between two evaluations. Default: as for 'train'.",
    };
    readonly Option<bool> _skip = new("--skip-bad") { Description = "Leave out recordings that cannot be used, instead of stopping." };
    readonly MethodOptions _method = new();
    readonly Option<int?> _heldOut = new NumberOption<int?>("--held-out", TrainingRanges.HeldOut)
    {
        Description = $"Number of held-out clips, whose texts are spoken in evaluations. Default: those that the list holds out, else an " +
            $"eighth, at most {MostHeldOut}.",
    };
    readonly Option<int?> _patience = new NumberOption<int?>("--patience", TrainingRanges.Patience)
    {
        Description = "Stop early, after this many evaluations without a better one.",
    };
    readonly Option<string?> _grammar = new("--grammar")
    {
        Description = "JSGF grammar of all sentences that are spoken, for pocketsphinx.",
        HelpName = "FILE",
    };
    readonly Option<string[]> _dictionary = new("--dictionary")
    {
        Description = "Dictionary with the pronunciations that pocketsphinx lacks.",
        HelpName = "FILE",
    };
    readonly Option<string?> _say = new("--say")
    {
        Description = "Text that the new voice says at the end. Default: the text of a held-out clip.",
        HelpName = "TEXT",
    };
    readonly Option<bool> _force = new("--force") { Description = "Start the run although the preflight refuses it." };
    readonly Option<bool> _overwrite = new("--overwrite") { Description = "Replace an existing run." };
    readonly Option<int?> _seed = CommonOptions.Seed("1");

    public VoiceCommand() : base("voice",
        "Makes a voice from recordings in one command: prepares, checks, trains, judges, exports and speaks. The same command again " +
        "resumes the work where it was stopped.",
        "qwen3tts-train voice recordings/nora --name nora --model models/mini",
        "qwen3tts-train voice recordings --name anna --model Qwen3-TTS-12Hz-0.6B-Base --language German --memory 12GB")
    {
        Add(_recordings);
        AddGroup("Model and voice", _name, _model, _reference, _say);
        AddGroup("Run", _output, _overwrite, _force, _skip, _seed);
        AddGroup("Sequences", [_language, .. _method.Sequences]);
        AddGroup("Optimizer", _steps, _epochs, _batch, _rate);
        AddGroup("Trained weights", _method.Trained);
        AddGroup("Memory and device", _method.Memory);
        AddGroup("Evaluation", _heldOut, _evaluate, _patience, _grammar, _dictionary);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var (name, recordings) = (parsed.GetRequiredValue(_name), parsed.GetRequiredValue(_recordings));
        var model = CommonOptions.ModelFolder(parsed.GetValue(_model));
        if (parsed.GetValue(_steps) is not null && parsed.GetValue(_epochs) is not null)
            throw new ArgumentException("--steps and --epochs contradict each other; give one of them.");
        Export.CheckName(Checkpoint.ModelFolder.Open(model).Config.TalkerConfig, name);
        var output = parsed.GetValue(_output) ?? Path.Combine("out", name.ToLowerInvariant());
        string In(string part) => Path.Combine(output, part);
        var (data, run, spoken) = (In("codes.jsonl"), In("run"), In($"{name.ToLowerInvariant()}.wav"));
        OutputFile.CheckIsNoInput(output, recordings, model);
        OutputFile.CheckAreOthers(
            [spoken, .. Data.PreparedFiles.Lists(data)],
            [recordings, .. Inputs(parsed), .. OutputFile.Whole(model)]);
        OutputFile.CheckIsFree(spoken);

        using var own = FolderLock.Take(output, "The voice's folder");
        var prepared = ConsoleWork.Prepare(model, new PreparationOptions
        {
            Input = recordings,
            Output = data,
            Reference = parsed.GetValue(_reference),
            Language = parsed.GetValue(_language),
            SkipBad = parsed.GetValue(_skip),
        }, stop);
        Console.Out.WriteLine(ConsoleWork.Summary(prepared));

        var options = ReadOptions(parsed, model, data, prepared);
        var existing = parsed.GetValue(_overwrite) ? Existing.Overwrite : RunFolder.IsAt(run) ? Existing.Resume : Existing.Refuse;
        var trained = ConsoleWork.Train(options, run, existing, stop);
        Console.Out.WriteLine(ConsoleWork.Summary(trained));
        if (!trained.Finished)
        {
            Console.Out.WriteLine("Stopped. The same command goes on.");
            return CommandRun.Interrupted;
        }
        var usual = trained.HeldOut.Count > 0 ? trained.HeldOut[0].Text : prepared.Clips[0].Clip.Text;
        Speak(trained, name, parsed.GetValue(_say) ?? usual, spoken, stop);
        return CommandRun.Done;
    }

    /// <summary>All files that options name.</summary>
    string?[] Inputs(ParseResult parsed) =>
        [parsed.GetValue(_reference), parsed.GetValue(_grammar), .. parsed.GetValue(_dictionary) ?? []];

    TrainingOptions ReadOptions(ParseResult parsed, string model, string data, PreparationReport prepared) => _method.Apply(
        new TrainingOptions
        {
            Model = Path.GetFullPath(model),
            Data = Path.GetFullPath(data),
            Speaker = parsed.GetRequiredValue(_name),
            HeldOut = parsed.GetValue(_heldOut) ?? prepared.HeldOut(Math.Min(MostHeldOut, prepared.Clips.Count / 8)),
            Steps = parsed.GetValue(_steps),
            Epochs = parsed.GetValue(_epochs),
            Batch = parsed.GetValue(_batch),
            EvaluateEvery = parsed.GetValue(_evaluate),
            LearningRate = parsed.GetValue(_rate),
            Patience = parsed.GetValue(_patience),
            Grammar = parsed.GetValue(_grammar),
            Dictionaries = parsed.GetValue(_dictionary) is { Length: > 0 } files ? files : null,
            Seed = parsed.GetValue(_seed) ?? 1,
            Force = parsed.GetValue(_force),
        }, parsed);

    static void Speak(TrainingResult trained, string name, string text, string file, CancellationToken stop)
    {
        StatusLine.While("Speaking", _ =>
        {
            using var tts = Tts.Load(trained.Best);
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
        Console.Out.WriteLine(
            $"Spoken: {file}\nThe voice: qwen3tts say \"{text}\" --model {trained.Best} --speaker {name.ToLowerInvariant()} -o out.wav");
    }
}
