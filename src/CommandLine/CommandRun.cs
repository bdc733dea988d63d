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
    public static int Run(RootCommand root, IReadOnlyList<string> arguments, TextWriter? errors = null)
    {
        errors ??= Console.Error;
        int Fail(int code, string message)
        {
            errors.WriteLine(message);
            return code;
        }
        Prepare(root);
        var parsed = root.Parse(arguments.Count == 0 ? ["--help"] : arguments);
        if (Wrong(parsed, arguments) is { } wrong)
            return Fail(UsersMistake, $"{wrong} See '{Name(root)}{(parsed.CommandResult.Command == root ? "" : $" {parsed.CommandResult.Command.Name}")} --help'.");
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
                errors.WriteLine(e);
            var message = e is ArgumentException { ParamName: { } parameter } ? e.Message.Replace($" (Parameter '{parameter}')", "", StringComparison.Ordinal) : e.Message;
            return IsUsersMistake(e) ? Fail(UsersMistake, message)
                : Fail(OurMistake, $"{e.GetType().Name}: {e.Message} This is a fault of {Name(root)}, not yours. Run it again with --debug and report what it prints.");
        }
    }

    /// <summary>What a command does: gets the options, and a token that Ctrl-C cancels; returns the exit code.</summary>
    public static void Does(this Command command, Func<ParseResult, CancellationToken, int> work) =>
        command.SetAction((parsed, stop) => Task.FromResult(work(parsed, stop)));

    /// <summary>Errors about what was asked for or what lies on disk, as opposed to errors of the program.</summary>
    internal static bool IsUsersMistake(Exception e) =>
        e is InvalidDataException or IOException or UnauthorizedAccessException or NotSupportedException || e.GetType() == typeof(ArgumentException);

    /// <summary>What is wrong with the command line, or null.</summary>
    static string? Wrong(ParseResult parsed, IReadOnlyList<string> arguments)
    {
        // A misspelt option would be taken for the text or the model; whoever means it so writes "--" before it.
        var values = arguments.Contains("--") ? [] : parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).Select(t => t.Value);
        if (values.FirstOrDefault(v => v.StartsWith("--", StringComparison.Ordinal)) is { } option)
            return $"'{option}' is no option of this command.";
        if (parsed.Action is not ParseErrorAction)
            return null;
        return parsed.UnmatchedTokens is [var token, ..] ? $"'{token}' is neither a command nor an option here." : Sentence(parsed.Errors[0]);
    }

    static string Name(RootCommand root) => root.HelpName ?? root.Name;

    /// <summary>The parser's own words, but for a value of the wrong type, where it would name the type as .NET does.</summary>
    static string Sentence(ParseError error)
    {
        if (error.SymbolResult is OptionResult { Tokens: [var value, ..] } option && error.Message.StartsWith("Cannot parse", StringComparison.Ordinal))
            return $"{option.Option.Name} is '{value.Value}'; give a {(option.Option.ValueType == typeof(double?) ? "number" : "whole number")}.";
        return string.Join(' ', error.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.') + ".";
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
