// qwen3tts-train prepare: makes codes.jsonl in the official format from recordings.
using System.CommandLine;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Commands;

sealed class PrepareCommand : DocumentedCommand
{
    readonly Argument<string> _recordings = new("recordings")
    {
        Description = "Folder of recordings and TXT files of equal names, or any list that 'import' reads or writes.",
    };
    readonly Option<string?> _model = CommonOptions.Model();
    readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "The list to write. Default: codes.jsonl in out/<name of the recordings>.",
        HelpName = "FILE",
    };
    readonly Option<string?> _reference = new("--reference")
    {
        Description = "Recording that the voice is taken from. Default: the one that the list names, or else the one that is most " +
            "similar to all others.",
        HelpName = "AUDIO",
    };
    readonly Option<string?> _language = new("--language")
    {
        Description = "Language of recordings for which the list names none.",
        HelpName = "NAME",
    };
    readonly Option<bool?> _trim = new("--trim")
    {
        Description = "Trim to the speech, with 40 ms before and 160 ms after. Default: yes, but no for a list that names references.",
        HelpName = "true|false",
    };
    readonly Option<bool?> _level = new("--level")
    {
        Description = "Bring all recordings to one loudness. Default: yes, but no for a list that names references.",
        HelpName = "true|false",
    };
    readonly Option<bool?> _compare = new("--compare-texts")
    {
        Description = "Ask the model whether each text is what its recording says: nine passes over each clip. Default: yes for a " +
            "miniature, no for a released model.",
        HelpName = "true|false",
    };
    readonly Option<string?> _suggest = new("--suggest")
    {
        Description = "Texts that could be recorded, one a line. The report names those whose sounds the data lacks. Default: some of " +
            "ours, in English.",
        HelpName = "FILE",
    };
    readonly NumberOption<int> _splice = new NumberOption<int>("--splice", TrainingRanges.Splice)
    {
        Description = "Number of new sentences to splice from the recordings, at words that two of them share. For recordings that " +
            "repeat few words in many sentences; held-out clips have no part in it.",
        HelpName = "N",
    };
    readonly NumberOption<int?> _heldOut = new NumberOption<int?>("--held-out", TrainingRanges.HeldOut)
    {
        Description = "Number of clips to hold out of training. Default: as the list says, or as 'train' says.",
    };
    readonly Option<bool> _skip = new("--skip-bad") { Description = "Leave out clips that cannot be used, instead of stopping." };

    public PrepareCommand() : base("prepare", "Turns recordings into training data: codes.jsonl, in the official format.",
        "qwen3tts-train prepare recordings/nora --model models/mini -o out/nora/codes.jsonl",
        "qwen3tts-train prepare train_raw.jsonl --model Qwen3-TTS-12Hz-1.7B-Base -o codes.jsonl --skip-bad",
        "qwen3tts-train prepare recordings/station --model models/mini --language English --held-out 8 --splice 300")
    {
        GoesOn = true;
        Add(_recordings);
        foreach (var option in new Option[]
        {
            _model, _output, _reference, _language, _trim, _level, _splice, _heldOut, _compare, _suggest, _skip,
        })
            Add(option);
        this.Does(Run);
    }

    public static string DefaultOutput(string recordings) =>
        Path.Combine("out", Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(recordings)), "codes.jsonl");

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var recordings = parsed.GetValue(_recordings)!;
        var list = parsed.GetValue(_output) ?? DefaultOutput(recordings);
        var options = new PreparationOptions
        {
            Input = recordings,
            Output = list,
            Reference = parsed.GetValue(_reference),
            Language = parsed.GetValue(_language),
            Trim = parsed.GetValue(_trim),
            Level = parsed.GetValue(_level),
            CompareTexts = parsed.GetValue(_compare),
            Candidates = parsed.GetValue(_suggest) is { } file ? [.. TextFile.ReadLines(file).Where(l => l.Trim().Length > 0)] : null,
            Splice = parsed.GetValue(_splice),
            HeldOut = parsed.GetValue(_heldOut),
            SkipBad = parsed.GetValue(_skip),
        };
        var report = ConsoleWork.Prepare(CommonOptions.ModelFolder(parsed.GetValue(_model)), options, stop);
        Console.Out.WriteLine(ConsoleWork.Summary(report));
        Console.Out.WriteLine($"Written: {list}");
        return CommandRun.Done;
    }
}
