// completion: prints the script that completes this program's commands in a shell, or adds it to the file that the shell reads when it
// starts. There it stands between two marks, so that it is added once and can be removed; all other bytes of the file stay as they are.
using System.CommandLine;
using System.Text;
using Qwen3Tts.Files;

namespace Qwen3Tts.CommandLine;

sealed class CompletionCommand : DocumentedCommand
{
    readonly string _program;
    readonly Argument<string> _shell = new("shell") { Description = $"{string.Join(", ", CompletionScripts.All.Keys)}." };
    readonly Option<bool> _install = new("--install") { Description = "Add the script to the file that the shell reads when it starts." };
    readonly Option<bool> _uninstall = new("--uninstall") { Description = "Remove it from there." };

    public CompletionCommand(RootCommand root) : base("completion",
        "Prints the script that completes commands and options in a shell, or installs it.",
        $"{root.HelpName} completion bash --install", $"{root.HelpName} completion zsh")
    {
        _program = root.HelpName!;
        _shell.CompletionSources.Add([.. CompletionScripts.All.Keys]);
        Add(_shell);
        Add(_install);
        Add(_uninstall);
        this.Does((parsed, _) => Run(parsed));
    }

    int Run(ParseResult parsed)
    {
        var shell = parsed.GetRequiredValue(_shell).ToLowerInvariant();
        if (!CompletionScripts.All.ContainsKey(shell))
            throw new ArgumentException($"There is no script for the shell '{Printable.Text(shell)}'. Give one of "
                + $"{string.Join(", ", CompletionScripts.All.Keys)}.{TypedArguments.Meant(shell, CompletionScripts.All.Keys)}");
        var (install, uninstall) = (parsed.GetValue(_install), parsed.GetValue(_uninstall));
        if (install && uninstall)
            throw new ArgumentException("--install and --uninstall contradict each other. Give one of them.");
        var script = CompletionScripts.Of(shell, _program);
        if (!install && !uninstall)
        {
            Console.Out.WriteLine(script);
            return CommandRun.Done;
        }
        var file = CompletionScripts.StartFile(shell);
        var changed = Change(file, install ? script : null);
        Console.Out.WriteLine(!changed ? $"{file} needs no change."
            : install ? $"{file} completes {_program} in shells that start from now on." : $"{file} no longer completes {_program}.");
        return CommandRun.Done;
    }

    /// <summary>Puts the script into a file, or takes it out.</summary>
    /// <returns>False if the file was already so.</returns>
    bool Change(string file, string? script)
    {
        var (begin, end) = ($"# >>> {_program} completion >>>\n", $"# <<< {_program} completion <<<\n");
        var before = File.Exists(file) ? File.ReadAllBytes(file) : [];
        if (before is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
            throw new InvalidDataException($"{file} is UTF-16, which is not changed here. Add to it what '{_program} completion' prints.");
        var text = Encoding.Latin1.GetString(before); // keeps every byte
        var block = script is null ? "" : $"{begin}{script}\n{end}";
        if (text.IndexOf(begin, StringComparison.Ordinal) is >= 0 and var from
            && text.IndexOf(end, from, StringComparison.Ordinal) is >= 0 and var to)
            text = $"{text[..from]}{block}{text[(to + end.Length)..]}";
        else if (script is not null)
            text += $"{(text.Length > 0 && !text.EndsWith('\n') ? "\n" : "")}{block}";
        var after = Encoding.Latin1.GetBytes(text);
        if (after.AsSpan().SequenceEqual(before))
            return false;
        UnixFileMode? mode = File.Exists(file) && !OperatingSystem.IsWindows() ? File.GetUnixFileMode(file) : null;
        OutputFile.Replace(file, stream => stream.Write(after));
        if (mode is { } kept && !OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, kept);
        return true;
    }
}
