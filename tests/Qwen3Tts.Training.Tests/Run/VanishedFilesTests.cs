using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Run;
using static Qwen3Tts.Tests.TrainerTests;

namespace Qwen3Tts.Tests;

/// <summary>Files that vanish while a run goes on, or before it is resumed.</summary>
public sealed class VanishedFilesTests
{
    /// <summary>Training reads the reference once, at its beginning.</summary>
    [Fact]
    public void ARunNeedsItsReferenceOnlyAtItsBeginning()
    {
        var folder = Scratch.New("data");
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(TrainerTests.Data.Value)!))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        var (options, reference) = (Options with { Data = Path.Combine(folder, "codes.jsonl") }, Path.Combine(folder, "one.wav"));
        var before = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(reference)));
        var result = Trainer.Run(options, Fresh(), Existing.Refuse, new AtStep(1, () => File.Delete(reference)), default);
        Assert.True(result.Finished);
        Assert.Equal(before, Assert.Single(RunManifest.Read(result.Export)!.Voices).ReferenceSha256);
    }

    /// <summary>A later checkpoint would be called the best one.</summary>
    [Fact]
    public void ARunWhoseBestCheckpointIsGoneIsNotResumed()
    {
        var (options, run) = (Options with { LearningRate = 0.3, WarmUp = 0, Patience = 0 }, Fresh()); // it soon gets worse
        var export = Path.Combine(run, "export");
        Assert.False(Run(options, run, stopAfter: 3).Finished);
        var best = RunManifest.Read(export)!.Steps;
        Assert.NotEqual(3, best);
        Directory.Move(export, export + "-moved");
        var message = Assert.Throws<IOException>(() => Run(options, run, Existing.Resume)).Message;
        Assert.Contains($"the best checkpoint so far, that of step {best}. Restore it", message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(export));
        Directory.Move(export + "-moved", export);
        Assert.True(Run(options, run, Existing.Resume).Finished);
    }
}
