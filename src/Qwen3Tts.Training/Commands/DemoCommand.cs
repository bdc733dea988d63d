// qwen3tts-train demo: from recordings to a page with the results, in a few minutes.
using System.CommandLine;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Commands;

sealed class DemoCommand : DocumentedCommand
{
    readonly Option<string?> _model = new("--model", "-m")
    {
        Description = "Folder of a Base model. Default: the repository's models/mini.",
        HelpName = "DIR",
    };
    readonly Option<string?> _recordings = new("--recordings")
    {
        Description = "Folder of WAV and TXT files. Default: the repository's recordings/nora.",
        HelpName = "DIR",
    };
    readonly Option<string> _output = new("--out", "-o")
    {
        Description = "Folder for all results.",
        DefaultValueFactory = _ => Path.Combine("out", "demo"),
        HelpName = "DIR",
    };
    readonly NumberOption<int?> _steps = new NumberOption<int?>("--steps", TrainingRanges.Steps)
    {
        Description = "Number of optimizer steps. Default: as for 'train'.",
    };
    readonly Option<bool> _force = new("--force") { Description = "Go on although the preflight says that the run cannot work." };

    public DemoCommand() : base("demo",
        "A demonstration of a few minutes: prepares recordings of a voice, fine-tunes correctly and with the faults of the " +
        "official script, speaks with both results, and shows them on a page.",
        "qwen3tts-train demo", "qwen3tts-train demo --recordings my-voice --model Qwen3-TTS-12Hz-0.6B-Base --out out/my-voice")
    {
        foreach (var option in new Option[] { _model, _recordings, _output, _steps, _force })
            Add(option);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        return Demo.Run(parsed.GetValue(_model), parsed.GetValue(_recordings), parsed.GetValue(_output)!, parsed.GetValue(_steps), stop,
            parsed.GetValue(_force));
    }
}
