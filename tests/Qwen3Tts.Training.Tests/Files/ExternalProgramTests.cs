using System.Diagnostics;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;

namespace Qwen3Tts.Tests;

/// <summary>Programs of others, and standard error, do not hold or end this program.</summary>
public sealed class ExternalProgramTests
{
    /// <summary>A recogniser that starts a server: the recogniser ends, and the server holds its standard output.</summary>
    [Fact]
    public void ACancelledProgramThatLeftAnotherBehindIsNotWaitedFor()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no sh.");
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(0.5));
        var clock = Stopwatch.StartNew();
        Assert.ThrowsAny<OperationCanceledException>(() => ExternalProgram.Output("sh", ["-c", "sleep 8 & echo said"], stop.Token));
        Assert.True(clock.Elapsed.TotalSeconds < 6, $"It took {clock.Elapsed}.");
    }

    [Fact]
    public void ACancelledProgramIsEnded()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no sh.");
        var file = Path.Combine(Scratch.New(), "late");
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(0.5));
        Assert.ThrowsAny<OperationCanceledException>(() => ExternalProgram.Run("sh", ["-c", $"sleep 1; touch {file}"], stop.Token));
        Thread.Sleep(1000); // until it would have written the file
        Assert.False(File.Exists(file));
    }

    [Fact]
    public void StandardErrorOnAFullDiskDropsWhatItCannotTake()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "Only Linux has a device that is always full.");
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
        Assert.Throws<IOException>(() => full.Write("x"u8));
        var error = StandardError.Over(full, System.Text.Encoding.UTF8);
        error.WriteLine("step 1");
        error.Flush();
    }

    /// <summary>The whole program: its exit code is that of a mistake of the user, and not that of a crash.</summary>
    [Fact]
    public void AMessageThatCannotBeWrittenChangesNoExitCode()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "Only Linux has a device that is always full.");
        var program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Qwen3Tts.Training",
            Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "qwen3tts-train.dll"));
        using var process = Process.Start("sh",
            ["-c", "exec dotnet \"$0\" prepare nowhere -o nowhere/codes.jsonl --model nowhere 2>/dev/full", program]);
        process.WaitForExit();
        Assert.Equal(CommandRun.UsersMistake, process.ExitCode);
    }
}
