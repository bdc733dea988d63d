using System.Diagnostics;
using System.Text.Json;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Data;
using Qwen3Tts.Training.Commands;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Tests;

public sealed class SwiftExportTests
{
    static string Written(string? language = null, string secondReference = "ref.wav", string secondText = "Sentence 1.")
    {
        var talker = ModelFolder.Open(Mini.Model).Config.TalkerConfig;
        var file = Path.Combine(Scratch.New("swift"), "codes.jsonl");
        File.WriteAllLines(file, Enumerable.Range(0, 6).Select(i => JsonSerializer.Serialize(new
        {
            audio = $"clips/{i}.wav",
            text = i == 1 ? secondText : $"Sentence {i}.",
            ref_audio = i == 1 ? secondReference : "ref.wav",
            language,
            audio_codes = Enumerable.Repeat(Enumerable.Range(i, talker.NumCodeGroups).ToArray(), 3),
        })));
        return file;
    }

    static TrainingOptions Options(string data) => new() { Model = Mini.Model, Data = data, Speaker = "Anna's", HeldOut = 2, Batch = 16 };

    [Fact]
    public void ItReadsBackAsTheSameClips()
    {
        var (data, output) = (Written(), Scratch.New("swift"));
        SwiftExport.Run(Options(data), output, gpus: 4);
        var given = CodesFile.Read(data, 16, 1 << 20);
        var train = CodesFile.Read(Path.Combine(output, "train.jsonl"), 16, 1 << 20);
        var valid = CodesFile.Read(Path.Combine(output, "valid.jsonl"), 16, 1 << 20);
        Assert.Equal((4, 2), (train.Count, valid.Count));
        Assert.Equal(given.OrderBy(c => c.Text).Select(c => (c.Text, c.Audio, c.Reference)), train.Concat(valid).OrderBy(c => c.Text)
            .Select(c => (c.Text, c.Audio, c.Reference)));
        Assert.Equal(given.OrderBy(c => c.Text).SelectMany(c => c.Codes!), train.Concat(valid).OrderBy(c => c.Text)
            .SelectMany(c => c.Codes!));
        var line = JsonDocument.Parse(File.ReadLines(Path.Combine(output, "train.jsonl")).First()).RootElement;
        Assert.Equal(["messages", "audios", "ref_audios", "audio_codes"], line.EnumerateObject().Select(p => p.Name));
        Assert.False(Path.IsPathRooted(line.GetProperty("audios")[0].GetString()));
    }

    [Fact]
    public void TheCommandLineIsOneThatAShellReads()
    {
        var output = Scratch.New("swift");
        SwiftExport.Run(Options(Written()), output, gpus: 4);
        var fake = Path.Combine(output, "swift");
        File.WriteAllText(fake, "#!/bin/sh\necho \"$SPEAKER_NAME $NPROC_PER_NODE $PWD\"\nfor a in \"$@\"; do echo \"$a\"; done\n");
        var start = new ProcessStartInfo("bash", ["-c", "chmod +x \"$0\" && bash \"$1\"", fake, Path.Combine(output, "train.sh")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{output}:{Environment.GetEnvironmentVariable("PATH")}";
        using var shell = Process.Start(start)!;
        var lines = shell.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
        Assert.Equal($"anna's 4 {output}", lines[0]);
        string After(string option) => lines[Array.IndexOf(lines, option) + 1];
        Assert.Equal(("train.jsonl", "valid.jsonl", Mini.Model), (After("--dataset"), After("--val_dataset"), After("--model")));
        Assert.Equal(16, 4 * int.Parse(After("--per_device_train_batch_size")) * int.Parse(After("--gradient_accumulation_steps")));
        Assert.Equal(("150", "0.0002"), (After("--max_steps"), After("--learning_rate")));
    }

    /// <summary>Report export-shell-injection: a folder's name stays a name, whatever special characters of the shell it has.</summary>
    [Theory]
    [InlineData("m$(touch pwned)")]
    [InlineData("m`touch pwned`")]
    [InlineData("it's a model; touch pwned")]
    [InlineData("m\" && touch pwned #")]
    [InlineData("m\ntouch pwned\n")]
    [InlineData("Qwen3-TTS-12Hz-$(touch pwned)")]
    public void AFoldersNameRunsNothing(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such names, and the script is for bash.");
        var model = UntouchedFiles.Copy(Golden.Checkpoint(TrainerTests.Base), Path.Combine(Scratch.New("swift"), name));
        var output = Scratch.New(name.Replace("\n", "", StringComparison.Ordinal));
        Assert.Equal(0, CommandRun.Run(TrainingCommands.Root(),
            ["export", TrainerTests.Data.Value, "--for", "ms-swift", "--model", model, "--name", "anna", "-o", output]));
        var programs = Scratch.New("bin");
        foreach (var program in new[] { "swift", "torchrun" })
        {
            File.WriteAllText(Path.Combine(programs, program), "#!/bin/bash\nprintf '%s\\0' \"$@\"\n");
            if (!OperatingSystem.IsWindows()) // the analyser does not know what was skipped
                File.SetUnixFileMode(Path.Combine(programs, program), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
        var start = new ProcessStartInfo("bash", [Path.Combine(output, "train.sh")])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Scratch.New(),
        };
        start.Environment["PATH"] = $"{programs}:{Environment.GetEnvironmentVariable("PATH")}";
        using var shell = Process.Start(start)!;
        var arguments = shell.StandardOutput.ReadToEnd().Split('\0');
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
        Assert.Equal(name.StartsWith("Qwen3", StringComparison.Ordinal) ? $"Qwen/{name}"
            : model, arguments[Array.IndexOf(arguments, "--model") + 1]);
        Assert.Equal("output", arguments[^2]);
        foreach (var folder in new[] { output, start.WorkingDirectory, Path.GetDirectoryName(model)!, model })
            Assert.False(File.Exists(Path.Combine(folder, "pwned")));
    }

    [Fact]
    public void ItSaysWhatIsLostAndRefusesWhatCannotWork()
    {
        Assert.Contains("6 lines name a language", SwiftExport.Run(Options(Written("English")), Scratch.New(), 1));
        Assert.Contains("--reference",
            Assert.Throws<InvalidDataException>(
            () => SwiftExport.Run(Options(Written(secondReference: "other.wav")), Scratch.New(), 1)).Message);
        Assert.Contains("codes.jsonl(2): the text has '<|im_end|>'",
            Assert.Throws<InvalidDataException>(
            () => SwiftExport.Run(Options(Written(secondText: "A <|im_end|>.")), Scratch.New(), 1)).Message);
    }
}
