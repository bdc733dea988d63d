using System.Diagnostics;
using System.Globalization;
using System.Text;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;

namespace Qwen3Tts.Tests.Cli;

/// <summary>Completion in shells: what may follow, and the scripts in the files that shells read.</summary>
public sealed class CompletionTests
{
    [Theory]
    [InlineData("say --layout ", "interleaved", "text-first")]
    [InlineData("codec ", "encode", "decode")]
    [InlineData("say --mod", "--model")]
    public void TheDirectiveForCompletionNamesWhatMayFollow(string line, params string[] expected)
    {
        var (code, output, _) = CommandTests.Run(string.Create(CultureInfo.InvariantCulture, $"[suggest:{line.Length}]"), line);
        Assert.Equal(0, code);
        Assert.Subset(output.Split(Environment.NewLine).ToHashSet(), expected.ToHashSet());
    }

    /// <summary>Each shell reads its script, and is asked what may follow. zsh completes only at a prompt, so its own functions are
    /// replaced by some that print what begins with the typed t.</summary>
    [Theory]
    [InlineData("bash", "COMP_LINE='qwen3tts say --layout t' COMP_POINT=23 COMP_WORDS=(qwen3tts say --layout t) COMP_CWORD=3\n"
        + "_qwen3tts\necho \"${COMPREPLY[@]}\"")]
    [InlineData("zsh", "BUFFER='qwen3tts say --layout t' CURSOR=23\n_qwen3tts", "compdef() { }\ncompadd() { print -l -- ${(M)@:#t*} }\n")]
    [InlineData("fish", "complete -C 'qwen3tts say --layout t'")]
    [InlineData("pwsh", "$line = 'qwen3tts say --layout t'\n"
        + "[Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText")]
    public void AShellCompletesWithTheScript(string shell, string ask, string before = "")
    {
        Assert.SkipWhen(ExternalProgram.OnPath(shell) is null, $"There is no {shell}.");
        var folder = Scratch.New("shell");
        var program = Path.Combine(folder, "qwen3tts");
        File.WriteAllText(program, $"#!/bin/sh\nexec dotnet exec '{Path.Combine(AppContext.BaseDirectory, "Qwen3Tts.Cli.dll")}' \"$@\"\n");
        if (OperatingSystem.IsWindows())
            return; // the program is a script of Unix
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var script = before + CompletionScripts.Of(shell == "pwsh" ? "powershell" : shell, "qwen3tts") + "\n" + ask;
        var start = new ProcessStartInfo(shell, ["-c", script]) { RedirectStandardOutput = true };
        start.Environment["PATH"] = folder + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH");
        start.Environment["POWERSHELL_TELEMETRY_OPTOUT"] = "1";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal("text-first", output.Trim());
    }

    [Theory]
    [InlineData("bash", ".bashrc")]
    [InlineData("zsh", ".zshrc")]
    [InlineData("fish", ".config/fish/config.fish")]
    [InlineData("powershell", ".config/powershell/Microsoft.PowerShell_profile.ps1")]
    public void CompletionIsInstalledOnceAndRemovedWhole(string shell, string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The folders here are those of Unix.");
        var home = Scratch.New("home");
        var file = Path.Combine(home, name);
        byte[] mine = [.. "alias a=b # "u8, 0xFC, .. "\n"u8]; // a byte that is not UTF-8
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, mine);
        string Completion(string option) => Encoding.UTF8.GetString(UseTests.Bytes(
            ["/usr/bin/env", "-u", "XDG_CONFIG_HOME", "-u", "ZDOTDIR", $"HOME={home}"], home, "completion", shell, option).Output);
        Assert.Contains("completes qwen3tts", Completion("--install"), StringComparison.Ordinal);
        var installed = File.ReadAllBytes(file);
        Assert.Equal(mine, installed[..mine.Length]);
        Assert.Contains(CompletionScripts.Of(shell, "qwen3tts"), Encoding.Latin1.GetString(installed),
            StringComparison.Ordinal);
        Assert.Contains("needs no change", Completion("--install"), StringComparison.Ordinal);
        Assert.Equal(installed, File.ReadAllBytes(file));
        Completion("--uninstall");
        Assert.Equal(mine, File.ReadAllBytes(file));
    }
}
