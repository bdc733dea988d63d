// What both programs, qwen3tts and qwen3tts-train, share: they parse the command line, run the command, stop on Ctrl-C, and turn an error
// into a message of two sentences and an exit code: 0 success, 1 a mistake of the user, 2 a mistake of the program, 130 interrupted. This
// folder is compiled into both programs, so the library needs no console.
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using Qwen3Tts.Files;

namespace Qwen3Tts.CommandLine;

/// <summary>Runs a command line.</summary>
static class CommandRun
{
    public const int Done = 0, UsersMistake = 1, OurMistake = 2, Interrupted = 130;

    static readonly Option<bool> Debug = new("--debug") { Description = "Print the stack trace of an error.", Recursive = true };

    /// <summary>
    /// Parses and runs a command line; returns the exit code. The first Ctrl-C (or SIGTERM, SIGHUP) cancels the command's token, the second
    /// one ends the process.
    /// </summary>
    public static int Run(RootCommand root, IReadOnlyList<string> arguments, TextWriter? errors = null)
    {
        errors ??= Console.Error;
        int Fail(int code, string message)
        {
            errors.WriteLine(message);
            return code;
        }
        var (parsed, refusal) = Understand(root, arguments);
        if (refusal is not null)
            return Fail(UsersMistake, refusal);
        var stop = new CancellationTokenSource(); // not disposed: a signal that comes at the very end still cancels it
        var signals = 0;
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = Interlocked.Increment(ref signals) == 1;
            stop.Cancel();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        ParentLink.Watch(stop);
        try
        {
            return parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
                stop.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Fail(Interrupted, $"Stopped.{HowToGoOn(parsed.CommandResult.Command)}");
        }
        catch (Exception e)
        {
            if (parsed.GetValue(Debug))
                errors.WriteLine(e);
            return IsUsersMistake(e) ? Fail(UsersMistake, MessageOf(e))
                : Fail(OurMistake, $"{e.GetType().Name}: {e.Message} This is a fault of {Name(root)}, not yours. Run it again with " +
                    $"--debug and report what it prints.");
        }
    }

    static string HowToGoOn(Command stopped) =>
        stopped is DocumentedCommand { GoesOn: true } ? " To go on, give the same command again." : "";

    /// <summary>The message without the name of a parameter, which .NET appends.</summary>
    static string MessageOf(Exception e) => e is ArgumentException { ParamName: { } parameter }
        ? e.Message.Replace($" (Parameter '{parameter}')", "", StringComparison.Ordinal) : e.Message;

    /// <summary>The action of a command. Its arguments are the options and a token that Ctrl-C cancels; it returns the exit code.</summary>
    public static void Does(this Command command, Func<ParseResult, CancellationToken, int> work) =>
        command.SetAction((parsed, stop) => Task.FromResult(work(parsed, stop)));

    /// <summary>True for errors in the request or in files, as opposed to errors of the program.</summary>
    internal static bool IsUsersMistake(Exception e) =>
        e is InvalidDataException or IOException or UnauthorizedAccessException or NotSupportedException
            || e.GetType() == typeof(ArgumentException);

    /// <summary>Parses a command line without running it: the result, and the message if it is refused.</summary>
    internal static (ParseResult Parsed, string? Refusal) Understand(RootCommand root, IReadOnlyList<string> arguments)
    {
        Prepare(root);
        var (parsed, wrong) = Parse(root, arguments);
        var path = parsed.CommandResult.Command == root ? "" : PathOf(parsed.CommandResult.Command, root);
        return (parsed, wrong is null ? null : $"{wrong} See '{Name(root)}{path} --help'.");
    }

    /// <summary>Names of a command and of those that it is in, such as <c> models list</c>.</summary>
    internal static string PathOf(Command command, RootCommand root) =>
        $"{(command.Parents.OfType<Command>().FirstOrDefault(p => p != root) is { } outer ? PathOf(outer, root) : "")} {command.Name}";

    /// <summary>Parses a command line: the result, and what is wrong with it.</summary>
    internal static (ParseResult Parsed, string? Wrong) Parse(RootCommand root, IReadOnlyList<string> typed)
    {
        // A directive, such as [suggest:3] for completion, is followed by a line that is not complete.
        var (arguments, wrong) = typed is [['[', ..], ..] ? (typed, null)
            : TypedArguments.Read(root, typed.Count == 0 ? ["--help"] : typed);
        // An argument that begins with @ does not name a file to read, and -mine is one word, not -m with the value "ine".
        var parsed = root.Parse(wrong is null ? arguments : typed, new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        return (parsed, wrong ?? Wrong(parsed));
    }

    static string? Wrong(ParseResult parsed)
    {
        if (parsed.Action is not ParseErrorAction)
            return null;
        if (parsed.CommandResult.Command is { Subcommands: { Count: > 0 } inner } && parsed.UnmatchedTokens is [var unknown, ..])
            return $"'{Printable.Text(unknown)}' is neither a command nor an option here."
                + $"{TypedArguments.Meant(unknown, inner.Select(c => c.Name))}";
        if (parsed.CommandResult.Children.OfType<OptionResult>().Select(CheckCount).FirstOrDefault(w => w is not null) is { } counted)
            return counted;
        if (parsed.UnmatchedTokens is not [var token, ..])
            return Sentence(parsed.Errors[0]);
        return parsed.CommandResult.Command.Arguments.Count > 0 && !token.StartsWith('-')
            ? $"'{Printable.Text(token)}' is one word too many. A text or a name with spaces needs quotation marks around it."
            : $"'{Printable.Text(token)}' is neither a command nor an option here.";
    }

    static string Name(RootCommand root) => root.HelpName ?? root.Name;

    /// <summary>The message for an option that has no value, or is given several times.</summary>
    static string? CheckCount(OptionResult given)
    {
        var (name, arity) = (given.Option.Name, given.Option.Arity);
        return given.Implicit ? null
            : given.Tokens.Count > arity.MaximumNumberOfValues
                || (given.IdentifierTokenCount > 1 && arity.MaximumNumberOfValues == 1 && given.Option.ValueType != typeof(bool))
                ? $"{name} is given {given.IdentifierTokenCount switch { 2 => "twice", var n => $"{n} times" }}; give it once."
            : given.Tokens.Count < arity.MinimumNumberOfValues ? $"{name} has no value; give one after it, or leave the option out." : null;
    }

    /// <summary>Turns an error of the parser into a sentence. The parser's own wording is used unless it names a .NET type.</summary>
    static string Sentence(ParseError error)
    {
        if (error.SymbolResult is OptionResult { Tokens: [var value, ..] } option
            && error.Message.StartsWith("Cannot parse", StringComparison.Ordinal))
            return $"{option.Option.Name} is '{Printable.Text(value.Value)}'; "
                + $"give {(option.Option.ValueType == typeof(bool?) ? "true or false" : "one of those that the help lists")}.";
        if (error.SymbolResult is ArgumentResult { Tokens: [], Parent: CommandResult ofCommand } missing)
            return $"<{missing.Argument.Name}> is missing; give it behind '{ofCommand.Command.Name}'.";
        if (error.SymbolResult is CommandResult { Command.Subcommands: { Count: > 0 } inner })
            return $"Name what to do: {string.Join(", ", inner.Where(c => !c.Hidden).Select(c => c.Name))}.";
        if (error.Message.EndsWith('?'))
            return error.Message;
        return string.Join(' ', error.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.') + ".";
    }

    static void Prepare(RootCommand root)
    {
        root.Options.Add(Debug);
        foreach (var option in root.Options.OfType<HelpOption>())
        {
            option.Action = new Help(root, (HelpAction)option.Action!);
            if (!OperatingSystem.IsWindows())
                foreach (var other in option.Aliases.Where(a => a[0] == '/').ToList())
                    option.Aliases.Remove(other); // elsewhere these are paths, and completion would offer them
        }
    }

    sealed class Help(RootCommand root, HelpAction usual) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parsed)
        {
            Console.Out.Write(HelpText.Write(parsed.CommandResult.Command, root, usual.MaxWidth));
            return Done;
        }
    }
}
