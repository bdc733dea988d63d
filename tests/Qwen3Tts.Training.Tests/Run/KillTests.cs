using System.Diagnostics;
using System.Text.Json;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Training.Commands;

namespace Qwen3Tts.Tests;

/// <summary>
/// qwen3tts-train is killed at random moments (SIGKILL, so no handler runs) and resumed, until the run is finished. Each kill loses at most
/// the steps since the last state, and the final result equals that of an undisturbed run bit for bit. QWEN3TTS_KILLS sets the number of
/// kills (10), QWEN3TTS_KILL_SEED their times.
/// </summary>
public sealed class KillTests
{
    const int Steps = 120, SaveEvery = 4;

    static int FromEnvironment(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), out var value) ? value : otherwise;

    [Fact]
    public void NothingIsLostHoweverOftenItIsKilled()
    {
        var random = new Random(FromEnvironment("QWEN3TTS_KILL_SEED", Environment.TickCount));
        var (kills, whole, run) = (FromEnvironment("QWEN3TTS_KILLS", 10), Fresh(), Fresh());
        Assert.Equal(0, Finish(whole));
        for (var killed = 0; killed < kills;)
        {
            if (Kill(run, random) is 0)
            {
                CheckSame(whole, run); // the run finished before the kill
                run = Fresh();
                continue;
            }
            killed++;
            CheckKept(run);
        }
        Assert.Equal(0, Finish(run));
        CheckSame(whole, run);
    }

    /// <summary>
    /// Two processes start or resume a run in one folder at the same moment: one trains, the other is refused, and the run is complete. A
    /// killed process holds no lock.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OneOfTwoProcessesGetsTheFolder(bool resumed)
    {
        var (whole, run) = (Fresh(), Fresh());
        Assert.Equal(0, Finish(whole));
        using var killed = Start(run);
        while (!killed.HasExited && !File.Exists(Path.Combine(run, resumed ? "state/training.safetensors" : ".qwen3tts-lock-owner")))
            Thread.Sleep(1); // until the run has started, or has a state to resume from
        killed.Kill();
        killed.WaitForExit();
        using (Process one = Start(run), other = Start(run))
        {
            one.WaitForExit();
            other.WaitForExit();
            Assert.Equal([0, 1], new[] { one.ExitCode, other.ExitCode }.Order());
        }
        CheckSame(whole, run);
    }

    static string Fresh() => Path.Combine(Scratch.New("killed"), "run");

    /// <summary>
    /// Starts or resumes the run and kills it: in half of the cases while it starts, in half soon after its first step. Returns the exit
    /// code.
    /// </summary>
    static int Kill(string run, Random random)
    {
        var before = Logged(run).Count;
        using var process = Start(run);
        if (random.Next(2) == 0)
            while (!process.HasExited && Logged(run).Count is var now && (now <= before || now == 0))
                Thread.Sleep(5);
        if (!process.WaitForExit(random.Next(900)))
            process.Kill();
        process.WaitForExit();
        return process.ExitCode;
    }

    static int Finish(string run)
    {
        using var process = Start(run);
        process.WaitForExit();
        return process.ExitCode;
    }

    /// <summary>The command 'voice', killed in each stage and given again.</summary>
    [Fact]
    public void VoiceGoesOnWhereItWasKilled()
    {
        var recordings = Scratch.New("recordings");
        foreach (var file in Directory.GetFiles(Mini.Recordings).Order(StringComparer.Ordinal).Take(2 * 8))
            File.Copy(file, Path.Combine(recordings, Path.GetFileName(file)));
        string[] Command(string output) =>
            ["voice", recordings, "--name", "Anna", "--model", Golden.Checkpoint(TrainerTests.Base), "--output", output, "--steps", "40",
            "--held-out", "2", "--force"];
        var (whole, parts) = (Scratch.New("voice"), Scratch.New("voice"));
        Assert.Equal(0, CommandRun.Run(TrainingCommands.Root(), Command(whole)));
        foreach (var reached in new[] { "codes.jsonl.cache", Path.Combine("run", "options.json"), Path.Combine("run", "log.jsonl"),
            Path.Combine("run", "evaluations.jsonl") })
        {
            using var process = Start(Command(parts));
            while (!process.HasExited && !Path.Exists(Path.Combine(parts, reached)))
                Thread.Sleep(5);
            process.Kill();
            process.WaitForExit();
        }
        Assert.Equal(0, CommandRun.Run(TrainingCommands.Root(), Command(parts)));
        foreach (var file in new[] { "anna.wav", "run/export/model.safetensors", "run/evaluations.jsonl" })
            Assert.True(File.ReadAllBytes(Path.Combine(whole, file)).SequenceEqual(File.ReadAllBytes(Path.Combine(parts, file))),
                $"{file} differs.");

        var log = File.ReadAllText(Path.Combine(parts, "run", "log.jsonl"));
        Assert.Equal(0, CommandRun.Run(TrainingCommands.Root(), Command(parts)));
        Assert.Equal(log, File.ReadAllText(Path.Combine(parts, "run", "log.jsonl"))); // not trained again: the times are equal
    }

    static Process Start(string run) =>
        Start(["train", TrainerTests.Data.Value, "--model", Golden.Checkpoint(TrainerTests.Base), "--name", "anna", "--output", run,
            "--steps", $"{Steps}", "--save-every", $"{SaveEvery}", "--batch", "2", "--held-out", "1", "--patience", "0", "--threads", "1",
            "--force",
                .. File.Exists(Path.Combine(run, "options.json")) ? new[] { "--resume" } : []]);

    static Process Start(IEnumerable<string> command)
    {
        var process = Process.Start(new ProcessStartInfo("dotnet",
            ["exec", Path.Combine(AppContext.BaseDirectory, "qwen3tts-train.dll"), .. command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false
        })!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    static List<int> Logged(string run)
    {
        var path = Path.Combine(run, "log.jsonl");
        if (!File.Exists(path))
            return [];
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return [.. reader.ReadToEnd().Split('\n').Where(l => l.EndsWith('}'))
            .Select(l => JsonDocument.Parse(l).RootElement.GetProperty("step").GetInt32())];
    }

    static void CheckKept(string run)
    {
        var (state, last) = (Path.Combine(run, "state", "training.safetensors"), Logged(run).LastOrDefault());
        var saved = 0;
        if (File.Exists(state))
        {
            using var file = SafetensorsFile.Open(state); // throws if the file is incomplete
            saved = int.Parse(file.Metadata["step"]);
        }
        else if (last == Steps)
            return; // the run was finished, and killed while it exited
        Assert.InRange(last - saved, 0, SaveEvery);
    }

    static void CheckSame(string whole, string run)
    {
        Assert.Equal(Enumerable.Range(1, Steps), Logged(run));
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "export", "model.safetensors")),
            File.ReadAllBytes(Path.Combine(run, "export", "model.safetensors")));
    }
}
