using System.CommandLine;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Hub;

namespace Qwen3Tts.Cli;

/// <summary>A command that writes a model folder from another one: 'convert' and 'quantize'.</summary>
abstract class ModelWritingCommand : DocumentedCommand
{
    readonly Argument<string> _model = new("model") { Description = "Folder of the model, or its id on the hub." };
    readonly Option<string> _output = new("--output", "-o")
    {
        Description = "The folder to write.",
        HelpName = "DIR",
        Required = true,
    };

    protected ModelWritingCommand(string name, string description, params IReadOnlyList<string> examples)
        : base(name, description, examples)
    {
        Add(_model);
        Add(_output);
        this.Does(Run);
    }

    /// <summary>Writes the model.</summary>
    /// <returns>What was written, in words.</returns>
    protected abstract string Write(ParseResult parsed, string folder, string output, CancellationToken stop);

    protected static void WithProgress(string what, Action<Action<double>> write) => StatusLine.While(what, tell =>
    {
        write(share => tell($"{what}: {share:P0}"));
        return 0;
    });

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var output = Path.GetFullPath(parsed.GetRequiredValue(_output));
        var written = Write(parsed, ModelHub.Resolve(parsed.GetRequiredValue(_model)), output, stop);
        Console.WriteLine($"{output}: {written}. Speak with it as with any model: "
            + $"qwen3tts say \"Good morning.\" --model {ShellWord.Quoted(output)} -o out.wav");
        return CommandRun.Done;
    }
}
