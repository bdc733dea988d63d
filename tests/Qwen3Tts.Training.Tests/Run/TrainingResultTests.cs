using System.Security.Cryptography;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Generation;
using Qwen3Tts.Sequence;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;
using static Qwen3Tts.Tests.TrainerTests;

namespace Qwen3Tts.Tests;

/// <summary>Which checkpoint is the result of a run, what it is compared with, and what it knows of its training.</summary>
public sealed class TrainingResultTests
{
    [Fact]
    public void EvaluationsSpeakAndTheResultIsComparedWithTheClone()
    {
        var folder = Fresh();
        var options = Options with { EvaluateEvery = 3, HeldOut = 2, MeasureEvery = 2, Patience = 0 };
        var result = Run(options, folder);
        var evaluations = Evaluation.ReadAll(folder);
        var best = RunManifest.Read(result.Export)!.Steps;
        Assert.Equal(new[] { 0, 3, 6, best }.Distinct().Order(), evaluations.Select(e => e.Step));
        // of two texts, four takes of what is compared, one of the others
        Assert.All(evaluations, e => Assert.Equal(e.Step == 0 || e.Step == best ? 8 : 2, e.Takes.Count));
        Assert.All(evaluations.SelectMany(e => e.Takes), t =>
            Assert.Equal(t.Seconds, WavFile.Read(Path.Combine(folder, t.File)) is var w ? (double)w.Samples.Length / w.SampleRate : 0));
        Assert.False(Directory.Exists(Path.Combine(folder, "candidate")));
        var page = File.ReadAllText(Path.Combine(folder, "index.html"));
        Assert.All(evaluations.SelectMany(e => e.Takes), t => Assert.Contains(t.File, page));
        Assert.Contains("Done: step 8 of 8", page);
        Assert.Contains(best == 0 ? "Tuning did not help" : $"the checkpoint of step {best} of 8", page);

        // After a stop and a resume, the takes are the same bytes.
        var parts = Fresh();
        Run(options, parts, stopAfter: 4);
        Run(options, parts, Existing.Resume);
        Assert.Equal(File.ReadAllText(Path.Combine(folder, "evaluations.jsonl")),
            File.ReadAllText(Path.Combine(parts, "evaluations.jsonl")));
        Assert.All(evaluations.SelectMany(e => e.Takes), t =>
            Assert.Equal(File.ReadAllBytes(Path.Combine(folder, t.File)), File.ReadAllBytes(Path.Combine(parts, t.File))));
    }

    static readonly TrainingOptions Measured = Options with
    {
        EvaluateEvery = 0,
        MeasureEvery = 1,
        HeldOut = 2,
        Schedule = Schedule.Constant,
        LearningRate = 1e-2,
        Steps = 30,
        Patience = 4,
    };

    /// <summary>The step with the lowest held-out loss, 0 if it was never lower than before training.</summary>
    static int Lowest(string folder, TrainingResult result)
    {
        var before = PreflightReport.In(folder)!.HeldOut!;
        return result.Log.Select(l => (l.Step, Loss: l.HeldOutTotal!.Value))
            .Prepend((0, TotalLoss.Compute(before.Talker, before.Predictor))).MinBy(l => l.Item2).Item1;
    }

    [Fact]
    public void TheExportIsTheBestCheckpointAndTheRunEndsSoonAfterIt()
    {
        var (folder, shorter) = (Fresh(), Fresh());
        var result = Run(Measured, folder);
        var best = Lowest(folder, result);
        Assert.True(result.Finished);
        Assert.InRange(best, 1, 25);
        Assert.Equal(best + 4, result.Log.Count); // four steps without a lower loss
        Assert.Equal(best, RunManifest.Read(result.Export)!.Steps);
        // a run that ends there has the same weights
        Assert.Equal(File.ReadAllBytes(Path.Combine(Run(Measured with { Steps = best }, shorter).Export, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(result.Export, "model.safetensors")));
        Assert.Equal(result.Log.Lines(withTimes: true), Run(Measured, folder, Existing.Resume).Log.Lines(withTimes: true));

        // stopped after the best step, and resumed: the best checkpoint is still there
        var parts = Fresh();
        Assert.False(Run(Measured, parts, stopAfter: best + 1).Finished);
        Assert.Equal(best, RunManifest.Read(Path.Combine(parts, "export"))!.Steps);
        var resumed = Run(Measured, parts, Existing.Resume);
        Assert.Equal(result.Log.Lines(), resumed.Log.Lines());
        Assert.Equal(File.ReadAllBytes(Path.Combine(result.Export, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(resumed.Export, "model.safetensors")));
    }

    /// <summary>A learning rate that destroys the miniature: the result is the untouched model with the voice's vector, and the summary
    /// says so.</summary>
    [Fact]
    public void ARunThatOnlyDoesHarmKeepsTheUntouchedModel()
    {
        var folder = Fresh();
        var result = Run(Measured with
        {
            Model = Mini.Model,
            Data = PreflightTests.Nora.Value,
            LearningRate = 0.05,
            WarmUp = 0,
            Steps = 2,
        }, folder);
        Assert.True(result.Finished);
        Assert.Equal((0, 0), (Lowest(folder, result), RunManifest.Read(result.Export)!.Steps));
        Assert.StartsWith("Result: the untouched model with the voice's vector, which is the clone: in 2 steps",
            RunOutcome.Of(folder, result.Log).Kept);
        var talker = ModelFolder.Open(result.Export).Config.TalkerConfig;
        var (before, after) = (WeightsOf(Mini.Model), WeightsOf(result.Export));
        var changed = after.Where(t => !t.Value.SequenceEqual(before[t.Key])).Select(t => t.Key);
        Assert.Equal([Movement.CodecEmbedding], changed);
        Assert.Equal([talker.SpkId["anna"]], Enumerable.Range(0, talker.VocabSize).Where(row =>
            !Row(before, row).SequenceEqual(Row(after, row))));
        ArraySegment<float> Row(Dictionary<string, float[]> weights, int row) =>
            new(weights[Movement.CodecEmbedding], row * talker.HiddenSize, talker.HiddenSize);
    }

    [Fact]
    public void WithoutHeldOutClipsTheLastStepIsTheResult()
    {
        var (folder, observer) = (Fresh(), new NoteCollector());
        var result = Trainer.Run(Options with { HeldOut = null, Steps = null }, folder, Existing.Refuse, observer, default);
        Assert.Contains(observer.Notes, n => n.StartsWith("No clip is held out", StringComparison.Ordinal));
        Assert.Equal(7, result.Log.Count); // 7 clips, four epochs of batches of 4
        Assert.Equal(7, RunManifest.Read(result.Export)!.Steps);
        Assert.Null(result.Log[^1].HeldOutTalker);
        Assert.Contains("last step, 7", Assert.Single(RunOutcome.Of(folder, result.Log).Lines));
    }

    [Theory]
    [InlineData(nameof(ExportAs.CustomVoice))]
    [InlineData(nameof(ExportAs.Base))]
    public void TheResultKnowsWhatItWasTrainedFor(string exportAs)
    {
        var kind = Enum.Parse<ExportAs>(exportAs);
        var result = Run(Options with { Steps = 1, WarmUp = 0, Layout = LayoutPolicy.TextFirst, Languages = ["auto"], ExportAs = kind },
            Fresh());
        using var tts = Tts.Load(result.Export, new() { Threads = 1 });
        Assert.Equal((kind == ExportAs.Base, "anna"), (tts.CanClone, tts.Speakers.Single()));
        var speech = new SpeechOptions { Speaker = "Anna", MaxFramesPerToken = 0.1 };
        Assert.Empty(tts.Untrained(speech));
        Assert.Contains("interleaved", Assert.Single(tts.Untrained(speech with { Layout = Layout.Interleaved })));
        Assert.Contains("Trained: auto.", Assert.Single(tts.Untrained(speech with { Language = tts.Languages.First() })));
        tts.Say("It speaks.", speech);
        if (kind == ExportAs.Base)
        {
            var cloned = tts.Clone(WavFile.Read(Path.Combine(Path.GetDirectoryName(TrainerTests.Data.Value)!, "two.wav")), "Two.");
            Assert.Contains("transcript", Assert.Single(tts.Untrained(new() { Voice = cloned, Layout = Layout.TextFirst })));
            // a base can be fine-tuned again
            var second = Run(Options with { Model = result.Export, Speaker = "Bert", Steps = 1, WarmUp = 0 }, Fresh());
            Assert.Equal(["anna", "bert"], ModelFolder.Open(second.Export).Config.TalkerConfig.SpkId.Keys.Order());
        }
        var manifest = RunManifest.Read(result.Export)!;
        Assert.Equal(("one.wav", Convert.ToHexStringLower(
            SHA256.HashData(File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(TrainerTests.Data.Value)!, "one.wav"))))),
            (manifest.Voices[0].Reference, manifest.Voices[0].ReferenceSha256));
        using var weights = Weights.Open(Golden.Checkpoint(Base));
        Assert.Equal(Adapter.HashOf(weights), manifest.BaseSha256);
    }
}
