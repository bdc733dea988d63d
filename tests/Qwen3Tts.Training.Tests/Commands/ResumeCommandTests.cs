using System.Diagnostics;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Training.Commands;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Tests;

/// <summary>The commands 'voice' and 'train': each option reaches the run, and a resumed run needs none of them again.</summary>
public sealed class ResumeCommandTests
{
    static void Done(params string[] arguments)
    {
        var errors = new StringWriter();
        Assert.True(CommandRun.Run(TrainingCommands.Root(), arguments, errors) == 0, errors.ToString());
    }

    static string Refused(params string[] arguments)
    {
        var errors = new StringWriter();
        Assert.Equal(1, CommandRun.Run(TrainingCommands.Root(), arguments, errors));
        return errors.ToString();
    }

    [Fact]
    public void VoiceTakesEachOptionAndGoesOnByItsNameAlone()
    {
        var (source, output) = (Scratch.New("recordings"), Path.Combine(Scratch.New("voice"), "anna"));
        foreach (var file in Directory.GetFiles(Mini.Recordings).Order(StringComparer.Ordinal).Take(2 * 4))
            File.Copy(file, Path.Combine(source, Path.GetFileName(file)));
        File.WriteAllText(Path.Combine(source, "bad.wav"), "no recording");
        File.WriteAllText(Path.Combine(source, "bad.txt"), "It says nothing.");
        string[] given = ["voice", source, "--name", "Anna B", "--model", Golden.Checkpoint(TrainerTests.Base), "--output", output,
            "--force", "--epochs", "1", "--batch", "2", "--lr", "1e-4", "--layout", "text-first", "--export-as", "base", "--seed", "5"];
        Assert.Contains("bad.wav", Refused(given));
        Done("voice", "--name", "Anna B", "--output", output, "--skip-bad"); // the preparation was stopped, and goes on by the name
        var run = Path.Combine(output, "run");
        var options = RunFolder.Begun(run);
        Assert.Equal(("Anna B", 2, 2, 1e-4, LayoutPolicy.TextFirst, ExportAs.Base, 5), (options.Speaker, options.Steps, options.Batch,
            options.LearningRate, options.Layout, options.ExportAs, options.Seed));
        using (var tts = Tts.Load(Path.Combine(run, "export")))
            Assert.True(tts.CanClone); // exported as base
        var log = File.ReadAllText(Path.Combine(run, "log.jsonl"));
        Done("voice", "--name", "Anna B", "--output", output);
        Assert.Equal(log, File.ReadAllText(Path.Combine(run, "log.jsonl")));
        Assert.Contains("the run began with batch 2", Refused("voice", "--name", "Anna B", "--output", output, "--batch", "3"));
        Assert.Contains("has no work to resume", Refused("voice", "--name", "Bert", "--output", output + "-2", "--model",
            Golden.Checkpoint(TrainerTests.Base)));
    }

    /// <summary>Ctrl-C while recordings are encoded: what is said to go on is true.</summary>
    [Theory]
    [InlineData("prepare")]
    [InlineData("voice")]
    public void WorkThatIsStoppedWhileItEncodesSaysHowToGoOn(string name)
    {
        var list = Path.Combine(Scratch.New("stopped"), "out", "codes.jsonl");
        var command = Interrupt.Obeying("dotnet", "exec", Path.Combine(AppContext.BaseDirectory, "qwen3tts-train.dll"), name,
            Mini.Recordings, "--model", Mini.Model, "-o", name == "voice" ? Path.GetDirectoryName(list)! : list);
        if (name == "voice")
            command = [.. command, "--name", "nora", "--lr", "0.5"]; // a rate that is refused ends the second try before it trains
        var (code, _, error) = Run(command, p =>
        {
            while (!p.HasExited && !File.Exists(list + ".cache"))
                Thread.Sleep(5); // the program tells nobody when its first recording is encoded: a file appears
            Interrupt.Send(p);
        });
        Assert.Equal((130, "Stopped. To go on, give the same command again."), (code, error.Trim().Split('\n')[^1]));
        Assert.Matches(@"encoded before +[1-9]", Run(command, _ => { }).Output);
    }

    static (int Code, string Output, string Error) Run(string[] command, Action<Process> then)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        then(process);
        process.WaitForExit();
        return (process.ExitCode, output.Result, error.Result);
    }

    [Fact]
    public void TrainResumesWithoutAnyOptionTypedAgain()
    {
        var options = TrainerTests.Options with
        {
            Layout = LayoutPolicy.Interleaved,
            Seed = 3,
            Schedule = Schedule.Cosine,
            HeldOut = 2,
            Patience = 0,
        };
        var (whole, parts) = (TrainerTests.Fresh(), TrainerTests.Fresh());
        var expected = TrainerTests.Run(options, whole);
        Assert.False(TrainerTests.Run(options, parts, stopAfter: 3).Finished);
        Done("train", "--output", parts, "--resume");
        Assert.Equal(File.ReadAllBytes(Path.Combine(expected.Export, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(parts, "export", "model.safetensors")));
        Assert.Contains("No data is named", Refused("train", "--name", "nobody", "--model", options.Model));
    }

    [Theory]
    [InlineData("nora", "nora")]
    [InlineData("Anna B", "\"Anna B\"")]
    [InlineData("out/x_1/export", "out/x_1/export")]
    [InlineData("What's up?", "\"What's up?\"")]
    public void AWordThatAShellWouldSplitIsQuoted(string word, string shown) => Assert.Equal(shown, ShellWord.Quoted(word));

    [Theory]
    [InlineData("Anna B")]
    [InlineData("a \"b\" $HOME `id` \\ it's!")]
    [InlineData("back\\slash")]
    [InlineData("two\nlines")]
    public void AShellReadsAQuotedWordAsItIs(string word)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no sh.");
        Assert.Equal(word, Files.ExternalProgram.Output("sh", ["-c", $"printf %s {ShellWord.Quoted(word)}"]).TrimEnd('\n'));
    }

    [Fact]
    public void TheNextCommandOfAnImportIntoAFolderWithASpaceCanBeTyped()
    {
        var folder = Scratch.New();
        var (_, output, _) = ShellCommand.Run($"qwen3tts-train import \"{Mini.Recordings}\" -o \"a b/m.jsonl\"", folder);
        Assert.Contains("Next: qwen3tts-train prepare \"a b/m.jsonl\" --model DIR", output, StringComparison.Ordinal);
    }
}
