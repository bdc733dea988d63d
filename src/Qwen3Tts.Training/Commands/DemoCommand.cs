// qwen3tts-train demo: from recordings to a page with the results, in a few minutes.
using System.CommandLine;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Hub;
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
        Description = "Folder of recordings and TXT files, or a list of them. Default: the repository's recordings/nora.jsonl.",
        HelpName = "DIR",
    };
    readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "Folder for all results. Default: out/demo.",
        HelpName = "DIR",
    };
    readonly NumberOption<int?> _steps = new NumberOption<int?>("--steps", TrainingRanges.Steps)
    {
        Description = "Number of optimizer steps. Default: as for 'train'.",
    };
    readonly Option<bool> _force = new("--force") { Description = "Go on although the preflight says that the run cannot work." };

    readonly Option<string?> _fault = new("--fault")
    {
        Description = "Instead of the demo: a base and a checkpoint trained from it with a fault, or several joined by '+', to look at "
            + $"with 'qwen3tts doctor'. One of: {string.Join(", ", Hypothesis.All.Select(h => h.Name))}. Goes to out/NAME, unless --output "
            + "names another folder.",
        HelpName = "NAME",
    };

    public DemoCommand() : base("demo",
        "A demonstration of a few minutes: prepares recordings of a voice, fine-tunes correctly and with the faults of the " +
        "official script, speaks with both results, and shows them on a page.",
        "qwen3tts-train demo", "qwen3tts-train demo --recordings my-voice --model Qwen3-TTS-12Hz-0.6B-Base -o out/my-voice")
    {
        foreach (var option in new Option[] { _model, _recordings, _output, _steps, _force })
            Add(option);
        AddForExperts(_fault, "qwen3tts-train demo --fault official");
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var (model, recordings) = (parsed.GetValue(_model) is { } named ? ModelHub.Resolve(named) : Demo.InRepository("models", "mini"),
            parsed.GetValue(_recordings) ?? Demo.InRepository("recordings", parsed.GetValue(_fault) is null ? "nora.jsonl" : "nora"));
        var output = parsed.GetValue(_output) ?? Path.Combine("out", parsed.GetValue(_fault) ?? "demo");
        return parsed.GetValue(_fault) is { } fault ? FaultDemo.Run(fault, model, recordings, output, parsed.GetValue(_steps), stop)
            : Demo.Run(model, recordings, output, parsed.GetValue(_steps), stop, parsed.GetValue(_force));
    }
}
