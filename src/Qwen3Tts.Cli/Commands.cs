using System.CommandLine;
using Qwen3Tts.CommandLine;

namespace Qwen3Tts.Cli;

static class Commands
{
    /// <summary>All commands of this program, and those of the other one by name.</summary>
    public static RootCommand Root()
    {
        var root = new RootCommand("Speaks with Qwen3-TTS models, in C# and nothing else.") { HelpName = "qwen3tts" };
        root.Add(new SayCommand());
        root.Add(new InspectCommand());
        root.Add(new DoctorCommand());
        foreach (var (name, description) in HandOver.Commands)
            root.Add(Foreign(name, description));
        return root;
    }

    /// <summary>Takes whatever follows and passes it on.</summary>
    static Command Foreign(string name, string description)
    {
        var rest = new Argument<string[]>("arguments") { Arity = ArgumentArity.ZeroOrMore, Hidden = true };
        var command = new Command(name, description) { rest };
        command.Does((parsed, stop) => HandOver.Run([name, .. parsed.GetValue(rest) ?? []], stop));
        return command;
    }
}
