// qwen3tts-train import: recordings as other programs list them become one manifest.
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
        Description = "Folder of WAV and TXT files, or a list: JSON, CSV, TSV or fields between '|', as LJSpeech, Piper, XTTS, " +
            "GPT-SoVITS, Bert-VITS2, EveryVoice, NeMo, ms-swift and Hugging Face write it.",
    };
    readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "The manifest to write. Default: manifest.jsonl in out/<name of the recordings>.",
        HelpName = "FILE",
    };
    readonly Option<ListFormat?> _format = new("--format")
    {
        Description = "Take the recordings for this, whatever their first line looks like.",
        CustomParser = r => MethodOptions.Choice<ListFormat>(r),
        HelpName = string.Join('|', Enum.GetValues<ListFormat>().Select(TrainingOptions.Written)),
    };
    readonly Option<string?> _speaker = new("--speaker") { Description = "Take this speaker's clips alone.", HelpName = "NAME" };
    readonly Option<string?> _language = new("--language")
    {
        Description = "Language of all recordings that the list gives none for.",
        HelpName = "NAME",
    };
    readonly Option<string?> _heldOut = new("--held-out")
    {
        Description = "What is never trained on: a share of the texts, which stays the same when clips are added, or a number of clips. " +
            "Default: what the list says, else 5%.",
        HelpName = "N|N%",
    };
    readonly Option<int?> _seed = new NumberOption<int?>("--seed", new(0, int.MaxValue))
    {
        Description = "Another seed holds out other clips. Default: 1.",
    };
    readonly Option<bool> _skip = new("--skip-bad") { Description = "Leave out what cannot be used, instead of stopping." };

    public ImportCommand() : base("import",
        "Reads recordings as other programs list them, checks them, chooses what is held out, and writes one manifest for 'prepare'.",
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
        var summary = Import.Run(new()
        {
            Input = input,
            Output = output,
            Format = parsed.GetValue(_format),
            OnlySpeaker = parsed.GetValue(_speaker),
            Language = parsed.GetValue(_language),
            HeldOut = parsed.GetValue(_heldOut) is { } asked ? HeldOut.Parse(asked) : null,
            Seed = parsed.GetValue(_seed) ?? 1,
            SkipBad = parsed.GetValue(_skip),
        }, stop);
        Console.Out.WriteLine(DataSummary.Text(summary.Table(), summary.LeftOut.Messages, summary.Doubts));
        Console.Out.WriteLine($"Written: {output}\nNext: qwen3tts-train prepare {output} --model DIR");
        return CommandRun.Done;
    }
}
