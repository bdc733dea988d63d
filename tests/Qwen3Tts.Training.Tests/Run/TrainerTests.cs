using System.Text.Json;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
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

    internal static Dictionary<string, float[]> WeightsOf(string export)
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
}
