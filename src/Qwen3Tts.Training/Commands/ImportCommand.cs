// qwen3tts-train import: turns a list of recordings of another program into a manifest.
using System.CommandLine;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Data;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Commands;

sealed class ImportCommand : DocumentedCommand
{
    readonly Argument<string> _recordings = new("recordings")
    {
        Description = "Folder of recordings and TXT files, or a list: JSON, CSV, TSV or fields between '|', as LJSpeech, Piper, XTTS, " +
            "GPT-SoVITS, Bert-VITS2, EveryVoice, NeMo, ms-swift and Hugging Face write it.",
    };
    readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "The manifest to write. Default: manifest.jsonl in out/<name of the recordings>.",
        HelpName = "FILE",
    };
    readonly Option<ListFormat?> _format = new("--format")
    {
        Description = "Read the list in this format, without detecting it.",
        CustomParser = r => MethodOptions.Choice<ListFormat>(r),
        HelpName = string.Join('|', Enum.GetValues<ListFormat>().Select(TrainingOptions.Written)),
    };
    readonly Option<string?> _speaker = new("--speaker") { Description = "Only clips of this speaker.", HelpName = "NAME" };
    readonly Option<string?> _language = new("--language")
    {
        Description = "Language of recordings for which the list names none.",
        HelpName = "NAME",
    };
    readonly Option<string?> _heldOut = new("--held-out")
    {
        Description = "Clips that are never trained on: a share of the texts, which stays the same when clips are added, or a number of " +
            "clips. Default: the list's choice, or else 5%.",
        HelpName = "N|N%",
    };
    readonly Option<int?> _seed = new NumberOption<int?>("--seed", new(0, int.MaxValue))
    {
        Description = "Seed of the choice of held-out clips. Default: 1.",
    };
    readonly Option<bool> _skip = new("--skip-bad") { Description = "Leave out clips that cannot be used, instead of stopping." };

    public ImportCommand() : base("import",
        "Reads lists of recordings in many formats, checks them, chooses the held-out clips, and writes a manifest for 'prepare'.",
        "qwen3tts-train import LJSpeech-1.1 -o out/lj/manifest.jsonl --language English",
        "qwen3tts-train import anna.list --speaker anna --held-out 16")
    {
        Add(_recordings);
        foreach (var option in new Option[] { _output, _format, _speaker, _language, _heldOut, _seed, _skip })
            Add(option);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var input = parsed.GetRequiredValue(_recordings);
        var output = parsed.GetValue(_output)
            ?? Path.Combine("out", Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(input)), "manifest.jsonl");
        var summary = StatusLine.While($"Reading {input}", _ => Import.Run(new()
        {
            Input = input,
            Output = output,
            Format = parsed.GetValue(_format),
            OnlySpeaker = parsed.GetValue(_speaker),
            Language = parsed.GetValue(_language),
            HeldOut = parsed.GetValue(_heldOut) is { } asked ? HeldOut.Parse(asked) : null,
            Seed = parsed.GetValue(_seed) ?? 1,
            SkipBad = parsed.GetValue(_skip),
        }, stop));
        Console.Out.WriteLine(DataSummary.Text(summary.Table(), summary.LeftOut.Messages, summary.Doubts));
        Console.Out.WriteLine($"Written: {output}\nNext: qwen3tts-train prepare {ShellWord.Quoted(output)} --model DIR");
        return CommandRun.Done;
    }
}
