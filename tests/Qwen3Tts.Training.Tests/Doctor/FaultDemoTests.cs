using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Doctor;
using Qwen3Tts.Training.Commands;

namespace Qwen3Tts.Tests;

/// <summary>One command makes a checkpoint with a chosen fault, and the doctor names the fault.</summary>
public sealed class FaultDemoTests
{
    [Theory]
    [InlineData("sub_labels_shifted", "Mismatch: each head of the code predictor was taught the codebook after its own.")]
    [InlineData("correct", "Healthy: it was trained with the sequence that it speaks with.")]
    public void TheDoctorNamesTheFaultThatWasAskedFor(string fault, string verdict)
    {
        var (recordings, output) = (Scratch.New("recordings"), Path.Combine(Scratch.New("fault"), "demo"));
        foreach (var file in Directory.GetFiles(Mini.Recordings).Order(StringComparer.Ordinal).Take(2 * 6))
            File.Copy(file, Path.Combine(recordings, Path.GetFileName(file)));
        Assert.Equal(CommandRun.Done, FaultDemo.Run(fault, Mini.Model, recordings, output, steps: 20, default));
        var (original, checkpoint) = (Path.Combine(output, "Base"), Path.Combine(output, "my-voice"));
        var talker = ModelFolder.Open(original).Config.TalkerConfig;
        Assert.Equal(talker.HiddenSize, talker.TextHiddenSize);
        var report = Examination.Run(
            new() { Checkpoint = checkpoint, Base = original, Data = Path.Combine(output, "codes.jsonl"), Takes = 0 }, null, _ => { });
        Assert.Equal((fault, verdict), (report.Hypothesis, report.Verdict));
    }

    [Fact]
    public void AFaultThatNobodyKnowsIsRefusedWithTheNames()
    {
        var errors = new StringWriter();
        var output = Path.Combine(Scratch.New("fault"), "demo");
        Assert.Equal(CommandRun.UsersMistake,
            CommandRun.Run(TrainingCommands.Root(), ["demo", "--fault", "own_hidden+nonsense", "--output", output], errors));
        Assert.StartsWith("'nonsense' is neither a script nor a hypothesis. Choose one of: official-022e286, post-mortem",
            errors.ToString(), StringComparison.Ordinal);
        Assert.False(Path.Exists(output));
    }
}
