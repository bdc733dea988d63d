using System.Diagnostics;

namespace Qwen3Tts.Tests;

/// <summary>
/// If qwen3tts has started qwen3tts-train, the training ends with qwen3tts, for whatever reason that ends, and saves its state.
/// </summary>
public sealed class HandOverTests
{
    [Theory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    [InlineData("INT")]
    [InlineData("KILL")]
    public void TheChildEndsWithItsParent(string signal)
    {
        if (!OperatingSystem.IsLinux())
            Assert.Skip("Signals are sent with kill, and children are found in /proc.");
        var run = Path.Combine(Scratch.New("handed-over"), "run");
        using var parent = Start(run);
        var log = Path.Combine(run, "log.jsonl");
        while (!parent.HasExited && !File.Exists(log))
            Thread.Sleep(5); // until the run has logged a step
        Assert.False(parent.HasExited);
        using var child = Process.GetProcessById(int.Parse(File.ReadAllText($"/proc/{parent.Id}/task/{parent.Id}/children").Trim()));
        Process.Start("kill", [$"-{signal}", $"{parent.Id}"]).WaitForExit();
        Assert.True(parent.WaitForExit(TimeSpan.FromMinutes(3)), "The parent waits on.");
        Assert.True(child.WaitForExit(TimeSpan.FromMinutes(3)), "It trains on.");
        if (signal != "KILL")
            Assert.Equal(130, parent.ExitCode);
        Assert.True(File.Exists(Path.Combine(run, "state", "training.safetensors")), "It saved no state.");
        Assert.True(File.Exists(Path.Combine(run, "export", "model.safetensors")), "It exported nothing.");
    }

    static Process Start(string run)
    {
        var bin = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", ".."));
        var cli = Path.Combine(bin, "Qwen3Tts.Cli", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)),
            "Qwen3Tts.Cli.dll");
        var command = Interrupt.Obeying("dotnet", "exec", cli, "train", TrainerTests.Data.Value, "--model",
            Golden.Checkpoint(TrainerTests.Base), "--name", "anna", "--output", run, "--steps", "100000", "--batch", "2", "--threads",
            "1", "--force");
        var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
