using System.Security.Cryptography;
using System.Text.Json;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Generation;
using Qwen3Tts.Sequence;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Tests;

/// <summary>Complete runs with a tiny model and a few steps.</summary>
public sealed class TrainerTests
{
    internal static readonly string Base = Golden.Checkpoints.First(c => ModelFolder.Open(Golden.Checkpoint(c)).Config.CanClone);
    internal static readonly Lazy<string> Data = new(WriteData);

    static string WriteData()
    {
        var (folder, random, talker) = (Scratch.New("data"), new Random(5), ModelFolder.Open(Golden.Checkpoint(Base)).Config.TalkerConfig);
        foreach (var name in new[] { "one", "two" })
            WavFile.Write(Path.Combine(folder, name + ".wav"),
                new([.. Enumerable.Range(0, 16000).Select(i => 0.3f * MathF.Sin(i * 0.03f) * random.NextSingle())], 16000));
        File.WriteAllLines(Path.Combine(folder, "codes.jsonl"), Enumerable.Range(0, 7).Select(i => JsonSerializer.Serialize(new
        {
            audio = $"{i}.wav",
            text = $"This is number {i}.",
            ref_audio = "one.wav",
            language = i % 2 == 0 ? talker.CodecLanguageId.Keys.First() : null,
            audio_codes = Enumerable.Range(0, 3 + i)
                .Select(_ => Enumerable.Range(0, talker.NumCodeGroups)
                .Select(_ => random.Next(talker.CodePredictorConfig.VocabSize)).ToArray()).ToArray(),
        })));
        return Path.Combine(folder, "codes.jsonl");
    }

    internal static TrainingOptions Options => new()
    {
        Model = Golden.Checkpoint(Base),
        Data = Data.Value,
        Speaker = "Anna",
        Steps = 8,
        Batch = 4,
        LearningRate = 1e-3,
        WarmUp = 2,
        HeldOut = 1,
        Force = true,
    };

    internal static TrainingResult Run(TrainingOptions options, string folder, Existing existing = Existing.Refuse, int? stopAfter = null)
    {
        using var stop = new CancellationTokenSource();
        return Trainer.Run(options, folder, existing, new AtStep(stopAfter ?? 0, stop.Cancel), stop.Token);
    }

    internal static string Fresh() => Path.Combine(Scratch.New("run"), "run");

    static Dictionary<string, float[]> WeightsOf(string export)
    {
        using var weights = Weights.Open(export);
        return weights.Entries.ToDictionary(e => e.Name, e => weights.FileOf(e.Name).Float32(e.Name));
    }

    [Fact]
    public void AResumedRunIsTheSameBitForBit()
    {
        var (whole, parts) = (Fresh(), Fresh());
        var expected = Run(Options, whole);
        Assert.False(Run(Options, parts, stopAfter: 3).Finished);
        Assert.True(File.Exists(Path.Combine(parts, "state", "training.safetensors")));
        Assert.True(File.Exists(Path.Combine(parts, "export", "model.safetensors"))); // the stopped run has an export
        // killed two steps after the last state
        File.AppendAllText(Path.Combine(parts, "log.jsonl"),
            File.ReadLines(Path.Combine(whole, "log.jsonl")).ElementAt(3) + "\n{\"step\":5,\"o");
        Assert.False(Run(Options, parts, Existing.Resume, stopAfter: 6).Finished);
        var resumed = Run(Options, parts, Existing.Resume);
        Assert.True(resumed.Finished);
        Assert.Equal(expected.Log.Lines(), resumed.Log.Lines());
        Assert.Equal(File.ReadAllBytes(Path.Combine(expected.Export, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(resumed.Export, "model.safetensors")));
        Assert.False(File.Exists(Path.Combine(parts, "state", "training.safetensors")));
    }

    [Fact]
    public void ARunThatIsDoneIsNotDoneAgain()
    {
        var folder = Fresh();
        var first = Run(Options, folder);
        Assert.False(File.Exists(Path.Combine(folder, "state", "training.safetensors")));
        var again = Trainer.Run(Options, folder, Existing.Resume, new AtStep(1, () => Assert.Fail("It trains again.")), default);
        Assert.True(again.Finished);
        Assert.Equal(first.Log.Lines(withTimes: true), again.Log.Lines(withTimes: true));
    }

    [Fact]
    public void AStateThatCannotBeWrittenKeepsTheLastOneAndSaysSo()
    {
        if (!File.Exists("/dev/full"))
            Assert.Skip("Only Linux has a disk that is always full, /dev/full.");
        var (whole, folder) = (Run(Options, Fresh()), Fresh());
        var state = Path.Combine(folder, "state", "training.safetensors");
        var record = Path.Combine(folder, ".qwen3tts-files.jsonl");
        var full = Assert.Throws<IOException>(
            () => Trainer.Run(Options with { SaveEvery = 3, EvaluateEvery = 0 }, folder, Existing.Refuse, new AtStep(5, () =>
        {
            File.Move(record, record + "-kept");
            File.CreateSymbolicLink(record, "/dev/full");
        }), default));
        File.Move(record + "-kept", record, overwrite: true);
        Assert.Contains("step 6 is not saved; that of step 3 is", full.Message);
        Assert.Equal([state], Directory.GetFiles(Path.GetDirectoryName(state)!));
        var resumed = Run(Options with { SaveEvery = 1, EvaluateEvery = 0 }, folder, Existing.Resume);
        Assert.Equal(whole.Log.Lines(), resumed.Log.Lines());
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole.Export, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(resumed.Export, "model.safetensors")));
    }


    [Fact]
    public void MicroBatchesChangeTheSpeedAlone()
    {
        var four = Run(Options with { MicroBatch = 4 }, Fresh());
        var one = Run(Options with { MicroBatch = 1 }, Fresh());
        Assert.All(four.Log.Zip(one.Log), p =>
            Assert.Equal(p.First.Talker + p.First.Predictor, p.Second.Talker + p.Second.Predictor, 2e-4));
        var (a, b) = (WeightsOf(four.Export), WeightsOf(one.Export));
        // The BF16 weights may differ by one rounding step, 2⁻⁸ of themselves; nearly all are equal.
        Assert.InRange(a.Sum(t => t.Value.Zip(b[t.Key]).Count(v => v.First != v.Second)) / (double)a.Sum(t => t.Value.Length), 0, 0.01);
    }

    [Fact]
    public void SeedAndOptionsDecideEverything()
    {
        var first = Run(Options, Fresh());
        Assert.Equal(File.ReadAllBytes(Path.Combine(first.Export, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(Run(Options, Fresh()).Export, "model.safetensors")));
        Assert.NotEqual(first.Log[0].Talker, Run(Options with { Seed = 2 }, Fresh()).Log[0].Talker);
    }

    [Fact]
    public void TheRunKeepsWhatItWasAndLogsEveryStep()
    {
        var folder = Fresh();
        var result = Run(Options, folder);
        Assert.Equal(Enumerable.Range(1, 8), result.Log.Select(l => l.Step));
        Assert.NotNull(result.Log[^1].HeldOutTalker);
        Assert.True(result.Log[^1].Talker < result.Log[0].Talker);
        var stored = TrainingOptions.FromJson(File.ReadAllText(Path.Combine(folder, "options.json")), "options.json");
        Assert.Equal((8, 4, 1e-3), (stored.Steps, stored.MicroBatch, stored.LearningRate));
        Assert.Equal(["data", "auto"], stored.Languages!);
        // The exported row is the vector of all training sequences, bit for bit.
        using var voice = SafetensorsFile.Open(Path.Combine(folder, "voice.safetensors"));
        var talker = ModelFolder.Open(result.Export).Config.TalkerConfig;
        var row = talker.SpkId["anna"];
        Assert.Equal(voice.Float32("anna"),
            WeightsOf(result.Export)["talker.model.codec_embedding.weight"][(row * talker.HiddenSize)..((row + 1) * talker.HiddenSize)]);
        Assert.Equal(RunManifest.Read(result.Export)!.Voices[0].ReferenceSha256, voice.Metadata["anna.reference_sha256"]);
    }

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
            var cloned = tts.Clone(WavFile.Read(Path.Combine(Path.GetDirectoryName(Data.Value)!, "two.wav")), "Two.");
            Assert.Contains("transcript", Assert.Single(tts.Untrained(new() { Voice = cloned, Layout = Layout.TextFirst })));
            // a base can be fine-tuned again
            var second = Run(Options with { Model = result.Export, Speaker = "Bert", Steps = 1, WarmUp = 0 }, Fresh());
            Assert.Equal(["anna", "bert"], ModelFolder.Open(second.Export).Config.TalkerConfig.SpkId.Keys.Order());
        }
        var manifest = RunManifest.Read(result.Export)!;
        Assert.Equal(("one.wav", Convert.ToHexStringLower(
            SHA256.HashData(File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(Data.Value)!, "one.wav"))))),
            (manifest.Voices[0].Reference, manifest.Voices[0].ReferenceSha256));
        using var weights = Weights.Open(Golden.Checkpoint(Base));
        Assert.Equal(Adapter.HashOf(weights), manifest.BaseSha256);
    }
}
