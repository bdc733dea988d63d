// qwen3tts-train doctor --engines: compares the engine that trains with the engine that speaks.
using System.CommandLine;
using System.Globalization;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Hub;
using Qwen3Tts.Training.Bench;

namespace Qwen3Tts.Training.Commands;

sealed class EnginesCommand : DocumentedCommand
{
    const int Mismatch = 3; // the exit code of qwen3tts doctor for a checkpoint that is not healthy

    readonly Argument<string> _checkpoint = new("checkpoint") { Description = "Folder of the model." };
    readonly Option<bool> _engines = new("--engines")
    {
        Description = "Compare the engine that trains with the engine that speaks.",
        Required = true,
    };

    public EnginesCommand() : base("doctor",
        "Checks that the engine that trains and the engine that speaks compute the same for a checkpoint. For all other checks of a " +
        "checkpoint see qwen3tts doctor.",
        "qwen3tts-train doctor runs/nora/export --engines")
    {
        Add(_checkpoint);
        Add(_engines);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var checkpoint = ModelHub.Resolve(parsed.GetRequiredValue(_checkpoint));
        var differences = StatusLine.While("Loading", tell => EngineComparison.Compare(checkpoint, tell, stop));
        var agree = differences.All(d => d.Agrees);
        var worst = EngineComparison.Largest(differences.SelectMany(d => new[] { d.Talker, d.Predictor }));
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{(agree ? "Both engines agree" : "The engines differ")}: no score is further apart than {worst:0.0e+0}, and scores go up " +
            $"to {EngineComparison.Largest(differences.Select(d => d.Largest)):0.0}.\n"));
        Console.Out.WriteLine($"{"sequence",-46}{"positions",10}{"input",10}{"talker",10}{"predictor",11}");
        foreach (var d in differences)
            Console.Out.WriteLine(FormattableString.Invariant(
                $"{d.Sequence,-46}{d.Positions,10}{d.Input,10:0.0e+0}{d.Talker,10:0.0e+0}{d.Predictor,11:0.0e+0}")
                + (d.Agrees ? "" : "  differs"));
        return agree ? CommandRun.Done : Mismatch;
    }
}
