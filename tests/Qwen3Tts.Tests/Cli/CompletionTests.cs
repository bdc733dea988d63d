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

    [Fact]
    public void BashCompletesWithTheScript()
    {
        Assert.SkipWhen(ExternalProgram.OnPath("bash") is null, "There is no bash.");
        var script = $"qwen3tts() {{ dotnet exec '{Path.Combine(AppContext.BaseDirectory, "Qwen3Tts.Cli.dll")}' \"$@\"; }}\n"
            + CompletionScripts.Of("bash", "qwen3tts")
            + "\nCOMP_LINE='qwen3tts say --layout t' COMP_POINT=22 COMP_WORDS=(qwen3tts say --layout t) COMP_CWORD=3\n_qwen3tts\n"
            + "echo \"${COMPREPLY[@]}\"; complete -p qwen3tts";
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { RedirectStandardOutput = true })!;
        var output = bash.StandardOutput.ReadToEnd();
        bash.WaitForExit();
        Assert.Equal(["text-first", "complete -o default -F _qwen3tts qwen3tts"], output.Trim().Split('\n'));
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
