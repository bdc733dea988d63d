using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Run;
using static Qwen3Tts.Tests.TrainerTests;

namespace Qwen3Tts.Tests;

/// <summary>Runs that are refused, without losing any file.</summary>
public sealed class TrainerMistakesTests
{
    [Fact]
    public void ARunThatIsThereIsNeverLostByMistake()
    {
        var folder = Fresh();
        Run(Options, folder, stopAfter: 2);
        Assert.Contains("--resume", Assert.Throws<IOException>(() => Run(Options, folder)).Message);
        Assert.Contains("learning_rate",
            Assert.Throws<ArgumentException>(() => Run(Options with { LearningRate = 2e-3 }, folder, Existing.Resume)).Message);
        Assert.Contains("reference", Assert.Throws<ArgumentException>(
            () => Run(Options with { Reference = Path.Combine(Path.GetDirectoryName(TrainerTests.Data.Value)!, "two.wav") }, folder,
            Existing.Resume)).Message);
        Assert.Equal(2, File.ReadLines(Path.Combine(folder, "log.jsonl")).Count());
        Run(Options with { LearningRate = 2e-3, Steps = 1, WarmUp = 0 }, folder, Existing.Overwrite);
        Assert.Single(File.ReadLines(Path.Combine(folder, "log.jsonl")));

        var other = Scratch.New();
        File.WriteAllText(Path.Combine(other, "thesis.txt"), "years of work");
        foreach (var existing in Enum.GetValues<Existing>())
            Assert.Throws<IOException>(() => Run(Options, other, existing));
        Assert.Single(Directory.GetFileSystemEntries(other));
        Assert.Throws<IOException>(() => Run(Options, Fresh(), Existing.Resume));
    }

    [Fact]
    public void MistakesAreReportedBeforeAnythingIsWritten()
    {
        var folder = Fresh();
        var custom = Golden.Checkpoints.First(c => !ModelFolder.Open(Golden.Checkpoint(c)).Config.CanClone);
        Assert.Contains("name", Assert.Throws<ArgumentException>(() => Run(Options with { Speaker = "a/b" }, folder)).Message);
        Assert.Contains("--lr", Assert.Throws<ArgumentException>(() => Run(Options with { LearningRate = -1 }, folder)).Message);
        Assert.Contains("Klingon", Assert.Throws<ArgumentException>(() => Run(Options with { Languages = ["Klingon"] }, folder)).Message);
        Assert.Contains("speaker encoder",
            Assert.Throws<InvalidDataException>(() => Run(Options with { Model = Golden.Checkpoint(custom) }, folder)).Message);
        Assert.ThrowsAny<IOException>(() => Run(Options with { Data = "nowhere.jsonl" }, folder));
        Assert.ThrowsAny<IOException>(() => Run(Options with { Reference = "nowhere.wav" }, folder));
        Assert.False(Directory.Exists(folder));

        var several = Path.Combine(Path.GetDirectoryName(TrainerTests.Data.Value)!, "several.jsonl");
        var lines = File.ReadAllLines(TrainerTests.Data.Value);
        File.WriteAllLines(several, lines.Append(lines[0].Replace("one.wav", "two.wav")));
        Assert.Contains("--reference", Assert.Throws<InvalidDataException>(() => Run(Options with { Data = several }, folder)).Message);
    }

    [Fact]
    public void ALossThatIsNoNumberEndsTheRun()
    {
        var damaged = Path.Combine(Scratch.New(), "model");
        Export.Write(ModelFolder.Open(Golden.Checkpoint(Base)), damaged, new Dictionary<string, Func<float[]>>(), []);
        File.Copy(Path.Combine(Golden.Checkpoint(Base), "config.json"), Path.Combine(damaged, "config.json"), overwrite: true);
        Golden.ReplaceWeights(Golden.Checkpoint(Base), damaged);
        string path;
        long at;
        using (var weights = Weights.Open(damaged))
        {
            var file = weights.FileOf("talker.codec_head.weight");
            (path, at) = (file.Path, file.Entry("talker.codec_head.weight").Offset);
        }
        using (var stream = File.OpenWrite(path))
        {
            stream.Position = at;
            stream.Write([0xC0, 0x7F]); // BF16, not a number
        }
        Assert.Contains("--lr", Assert.Throws<InvalidDataException>(
            () => Run(Options with { Model = damaged, EvaluateEvery = 0 }, Fresh())).Message);
    }
}
