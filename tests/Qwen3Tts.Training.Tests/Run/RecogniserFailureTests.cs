using System.Diagnostics;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Tests;

/// <summary>Report recogniser-failure: a whisper-cli on the PATH that fails in the second evaluation ended the training.</summary>
public sealed class RecogniserFailureTests
{
    [Fact]
    public async Task TrainingGoesOnAndSaysSo()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("The recogniser of this test is a shell script.");
            return;
        }
        var folder = Scratch.New("recogniser");
        var (run, program, calls) = (Path.Combine(folder, "run"), Path.Combine(folder, "whisper-cli"), Path.Combine(folder, "calls"));
        File.WriteAllText(program, $"""
            #!/bin/sh
            echo call >> '{calls}'
            if [ $(wc -l < '{calls}') -ge 2 ]; then echo 'no such device' >&2; exit 3; fi
            for file in "$@"; do case "$file" in *.wav) echo 'set white' > "$file.txt";; esac; done
            """.ReplaceLineEndings("\n"));
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "qwen3tts-train"))
        {
            ArgumentList =
            {
                "train", TrainerTests.Data.Value, "--model", Golden.Checkpoint(TrainerTests.Base), "--name", "anna", "--output", run,
                    "--threads", "1", "--force",
                "--steps", "6", "--batch", "2", "--held-out", "1", "--evaluate-every", "2",
            },
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["PATH"] = $"{folder}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["QWEN3TTS_WHISPER_MODEL"] = program; // any file that exists
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.True(process.ExitCode == 0, errors);
        Assert.Contains("Warning:", errors);
        Assert.Contains("no such device", errors);
        Assert.Contains("Try it:", await output);
        using var folderOfRun = new RunFolder(run);
        Assert.Equal([1, 2, 3, 4, 5, 6], folderOfRun.ReadLog().Select(l => l.Step));
        Assert.True(File.ReadAllLines(calls).Length >= 3, "The recogniser was not asked again.");
    }
}
