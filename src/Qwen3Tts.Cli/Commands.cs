using System.CommandLine;
using Qwen3Tts.CommandLine;

namespace Qwen3Tts.Cli;

static class Commands
{
    /// <summary>The commands of this program, and by name those of qwen3tts-train.</summary>
    public static RootCommand Root()
    {
        var root = new RootCommand("Speaks with Qwen3-TTS models. Managed C# code, no native libraries.") { HelpName = "qwen3tts" };
        root.Add(new SayCommand());
        root.Add(new VoiceCommand());
        root.Add(new ServeCommand());
        root.Add(new InspectCommand());
        root.Add(new DoctorCommand());
        root.Add(new QuantizeCommand());
        root.Add(new ConvertCommand());
        root.Add(new GraftCommand());
        root.Add(new BenchCommand());
        root.Add(new ModelsCommand());
        root.Add(new CodecCommand());
        root.Add(new CompletionCommand(root));
        foreach (var (name, description) in HandOver.Commands)
            root.Add(Foreign(name, description));
        return root;
    }

    /// <summary>A command that accepts any arguments and passes them on.</summary>
    static Command Foreign(string name, string description)
    {
        var rest = new Argument<string[]>("arguments") { Arity = ArgumentArity.ZeroOrMore, Hidden = true };
        var command = new Command(name, description) { rest };
        command.Does((parsed, stop) => HandOver.Run(HandOver.Arguments(name, parsed.GetValue(rest) ?? []), stop));
        return command;
    }
}
