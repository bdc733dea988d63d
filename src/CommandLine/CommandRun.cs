// What both programs, qwen3tts and qwen3tts-train, do alike: parse, run, stop on Ctrl-C, and turn an error into two sentences and an exit
// code. 0 done, 1 the user's mistake, 2 ours, 130 interrupted. This folder is compiled into both, so the library needs no console.
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;

namespace Qwen3Tts.CommandLine;

/// <summary>A command that shows examples in its help.</summary>
class DocumentedCommand(string name, string description, params IReadOnlyList<string> examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;
}

/// <summary>Runs a command line.</summary>
static class CommandRun
{
    public const int Done = 0, UsersMistake = 1, OurMistake = 2, Interrupted = 130;

    static readonly Option<bool> Debug = new("--debug") { Description = "Print the stack trace of an error.", Recursive = true };

    /// <summary>Parses and runs; returns the exit code. The first Ctrl-C (or SIGTERM) cancels the command's token, the second one kills.</summary>
    public static int Run(RootCommand root, IReadOnlyList<string> arguments)
    {
        Prepare(root);
        var parsed = root.Parse(arguments.Count == 0 ? ["--help"] : arguments);
        // A misspelt option would be taken for the text or the model; whoever means it so writes "--" before it.
        var stray = arguments.Contains("--") ? null : parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).FirstOrDefault(t => t.Value.StartsWith("--", StringComparison.Ordinal))?.Value;
        if (parsed.Action is ParseErrorAction || stray is not null)
        {
            var command = parsed.CommandResult.Command;
            var wrong = (stray ?? parsed.UnmatchedTokens.FirstOrDefault()) is { } token ? $"'{token}' is neither a command nor an option here." : parsed.Errors[0].Message;
            return Fail(UsersMistake, $"{wrong} See '{root.HelpName}{(command == root ? "" : $" {command.Name}")} --help'.");
        }
        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stop.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Fail(Interrupted, "Stopped.");
        }
        catch (Exception e)
        {
            if (parsed.GetValue(Debug))
                Console.Error.WriteLine(e);
            return IsUsersMistake(e) ? Fail(UsersMistake, e.Message)
                : Fail(OurMistake, $"{e.GetType().Name}: {e.Message} This is a fault of {root.HelpName}, not yours. Run it again with --debug and report what it prints.");
        }
    }

    /// <summary>What a command does: gets the options, and a token that Ctrl-C cancels; returns the exit code.</summary>
    public static void Does(this Command command, Func<ParseResult, CancellationToken, int> work) =>
        command.SetAction((parsed, stop) => Task.FromResult(work(parsed, stop)));

    /// <summary>Errors about what was asked for or what lies on disk, as opposed to errors of the program.</summary>
    internal static bool IsUsersMistake(Exception e) =>
        e is InvalidDataException or IOException or UnauthorizedAccessException || e.GetType() == typeof(ArgumentException);

    static int Fail(int code, string message)
    {
        Console.Error.WriteLine(message);
        return code;
    }

    static void Prepare(RootCommand root)
    {
        root.Options.Add(Debug);
        foreach (var option in root.Options.OfType<HelpOption>())
            option.Action = new HelpWithExamples((HelpAction)option.Action!);
    }

    sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parsed)
        {
            var code = help.Invoke(parsed);
            if (parsed.CommandResult.Command is DocumentedCommand { Examples: { Count: > 0 } examples })
                Console.Out.WriteLine(string.Join(Environment.NewLine, examples.Select(e => $"  {e}").Prepend("Examples:")));
            return code;
        }
    }
}
