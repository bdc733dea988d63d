// Command lines of both programs. Nothing is run: they are parsed as the programs parse them, and every value is read.
extern alias speaking;

using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;
using HandOver = speaking::Qwen3Tts.Cli.HandOver;
using Speaking = speaking::Qwen3Tts.Cli.Commands;
using SpeakingRun = speaking::Qwen3Tts.CommandLine.CommandRun;
using TrainingCommands = Qwen3Tts.Training.Commands.TrainingCommands;
using TrainingRun = Qwen3Tts.CommandLine.CommandRun;

namespace Qwen3Tts.Fuzz;

static class CommandLineTargets
{
    public static readonly Dictionary<string, Func<string, FuzzTarget>> All = new()
    {
        ["arguments"] = _ => Program(Speaking.Root(), CommandLines.Speaking, Speak),
        ["arguments-training"] = _ =>
            Program(TrainingCommands.Root(), CommandLines.Training, line => TrainingRun.Understand(TrainingCommands.Root(), line)),
    };

    delegate (ParseResult Parsed, string? Refusal) ReadArguments(IReadOnlyList<string> arguments);

    static FuzzTarget Program(RootCommand root, IReadOnlyList<string> lines, ReadArguments read)
    {
        var accepted = lines.Select(CommandLines.Split).ToList();
        if (accepted.Select(a => (Line: a, read(a).Refusal)).FirstOrDefault(a => a.Refusal is not null) is { Refusal: { } refusal } wrong)
            throw new InvalidOperationException($"{string.Join(' ', wrong.Line)}: {refusal}");
        var names = root.Subcommands.SelectMany(c => c.Options).Concat(root.Options).SelectMany(o => o.Aliases.Append(o.Name))
            .Concat(root.Subcommands.Select(c => c.Name)).Distinct().ToList();
        return new()
        {
            Files = new Dictionary<string, byte[]> { ["arguments"] = ToBytes(accepted[0]) },
            MustNameFile = false,
            Cost = 2, // all commands are created again
            Mutate = (m, _, _) => ToBytes(m.MutateArguments(accepted[m.Random.Next(accepted.Count)], names)),
            Read = (folder, problems) =>
            {
                var (parsed, refused) = read(FromBytes(File.ReadAllBytes(Path.Combine(folder, "arguments"))));
                if (refused is not null)
                    problems.Add(refused);
                else
                    TakeAll(parsed);
            },
        };
    }

    /// <summary>A command that would be run must exist, with a value or a default for each option.</summary>
    static void TakeAll(ParseResult parsed)
    {
        if (parsed.Action is null or ParseErrorAction)
            throw new InvalidOperationException("A command line was accepted, and nothing would be run.");
        if (parsed.Action != parsed.CommandResult.Command.Action)
            return; // it asks for help, the version, or completions ([suggest])
        foreach (var option in parsed.CommandResult.Command.Options)
            _ = parsed.GetResult(option)?.GetValueOrDefault<object?>();
        foreach (var argument in parsed.CommandResult.Command.Arguments)
            _ = parsed.GetResult(argument)?.GetValueOrDefault<object?>();
    }

    /// <summary>The arguments of a command of the other program reach that program as they were typed.</summary>
    static (ParseResult, string?) Speak(IReadOnlyList<string> arguments)
    {
        var (parsed, refusal) = SpeakingRun.Understand(Speaking.Root(), HandOver.Protect([.. arguments]));
        if (arguments.Count > 0 && HandOver.Commands.Any(c => c.Name == arguments[0])
            && (refusal is not null || !arguments.Skip(1).SequenceEqual(parsed.GetValue<string[]>("arguments") ?? [])))
            throw new InvalidOperationException($"The other program would not get what was typed. {refusal}");
        return (parsed, refusal);
    }

    static byte[] ToBytes(IReadOnlyList<string> arguments) => MemoryMarshal.AsBytes(string.Join('\0', arguments).AsSpan()).ToArray();

    static string[] FromBytes(byte[] bytes) => bytes.Length == 0 ? [] : new string(MemoryMarshal.Cast<byte, char>(bytes)).Split('\0');
}
