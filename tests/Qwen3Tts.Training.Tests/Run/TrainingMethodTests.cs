using System.Text.Json;
using System.Text.Json.Nodes;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Generation;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;
using static Qwen3Tts.Tests.TrainerTests;

namespace Qwen3Tts.Tests;

/// <summary>
/// Every training method as a complete run: two voices with different numbers of clips, prepared as a user does, on a tiny model.
/// </summary>
public sealed class TrainingMethodTests
{
    static readonly string Base = Golden.Checkpoints
        .First(c => ModelFolder.Open(Golden.Checkpoint(c)).Config is { CanClone: true, IgnoresInstruct: false });
    internal static readonly ModelFolder Model = ModelFolder.Open(Golden.Checkpoint(Base));
    static readonly string Known = Model.Config.TalkerConfig.CodecLanguageId.Keys.First();
    internal static readonly Lazy<string> Data = new(Prepare);

    static string Prepare()
    {
        var (folder, random) = (Scratch.New("methods"), new Random(7));
        var lines = Enumerable.Range(0, 9).Select(i =>
        {
            WavFile.Write(Path.Combine(folder, $"{i}.wav"),
                new([.. Enumerable.Range(0, 9600 + 1600 * i)
                .Select(t => 0.3f * MathF.Sin(t * (i < 6 ? 0.03f : 0.05f)) * random.NextSingle())], 16000));
            return JsonSerializer.Serialize(
                new
                {
                    audio = $"{i}.wav",
                    text = $"This is number {i}.",
                    speaker = i < 6 ? "Anna" : "bert",
                    language = i % 2 == 0 ? Known
                : null,
                    instruct = i % 3 == 0 ? "Speak slowly." : null
                });
        });
        File.WriteAllLines(Path.Combine(folder, "list.jsonl"), lines);
        var codes = Path.Combine(folder, "codes.jsonl");
        Preparation.Run(new() { Input = Path.Combine(folder, "list.jsonl"), Output = codes, Trim = false, Level = false },
            ModelEncoder.Load(Model), null, default);
        return codes;
    }

    internal static TrainingOptions Options => new()
    {
        Model = Model.Path,
        Data = Data.Value,
        Steps = 6,
        Batch = 4,
        LearningRate = 1e-3,
        WarmUp = 1,
        Force = true,
    };

    static readonly Dictionary<string, Func<TrainingOptions, TrainingOptions>> Methods = new()
    {
        ["lora"] = o => o with { Lora = new() { Rank = 2, Alpha = 4 } },
        ["lora, bfloat16"] = o => o with { Lora = new() { Rank = 2, Alpha = 4 }, Precision = Precision.Bfloat16 },
        ["mixed"] = o => o with { Precision = Precision.Mixed },
        ["bfloat16"] = o => o with { Precision = Precision.Bfloat16 },
        ["bfloat16-moments"] = o => o with { Precision = Precision.Bfloat16Moments },
        ["recompute, one clip at a time"] = o => o with { Recompute = true, MicroBatch = 1 },
        ["frozen"] = o => o with { Frozen = ["text_embedding", "code_predictor"] },
        ["bucket"] = o => o with { Bucket = 3, MicroBatch = 2 },
        ["in context"] = o => o with { InContext = 0.5 },
        ["new language"] = o => o with { NewLanguage = "klingon", Languages = ["klingon", "auto"] },
    };

    public static TheoryData<string> Names => [.. Methods.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryMethodLearnsAndResumesBitForBit(string method)
    {
        var (options, whole, parts) = (Methods[method](Options), Fresh(), Fresh());
        var expected = Run(options, whole);
        Assert.True(expected.Log[^1].Talker < expected.Log[0].Talker);
        Run(options, parts, stopAfter: 2);
        var resumed = Run(options, parts, Existing.Resume);
        Assert.Equal(expected.Log.Lines(), resumed.Log.Lines());
        foreach (var file in Directory.GetFiles(expected.Export, "*", SearchOption.AllDirectories))
            Assert.True(File.ReadAllBytes(file).SequenceEqual(
                File.ReadAllBytes(Path.Combine(resumed.Export, Path.GetRelativePath(expected.Export, file)))), $"{file} differs.");
        using var tts = Tts.Load(resumed.Export, new() { Threads = 1 });
        Assert.Equal(["anna", "bert"], tts.Speakers.Order());
    }

    [Fact]
    public void WhatIsFrozenStaysByteForByte()
    {
        var export = Run(Options with { Steps = 1, WarmUp = 0, Frozen = ["text_embedding", "code_predictor"] }, Fresh()).Export;
        using var before = Model.OpenWeights();
        using var after = Weights.Open(export);
        foreach (var entry in after.Entries)
        {
            var frozen = entry.Name.Contains("text_embedding") || entry.Name.Contains("code_predictor");
            var same = before.FileOf(entry.Name).Float32(entry.Name).SequenceEqual(after.FileOf(entry.Name).Float32(entry.Name));
            Assert.True(same || !frozen, entry.Name);
            Assert.True(!same || frozen || !entry.Name.Contains("q_proj"), entry.Name);
        }
    }

    [Fact]
    public void ARunIsResumedOnlyWithItsOwnMethod()
    {
        var folder = Fresh();
        var options = Options with
        {
            Lora = new() { Rank = 2, Alpha = 4 },
            Precision = Precision.Mixed,
            MicroBatch = 2,
            Recompute = true,
            InContext = 1,
        };
        Run(options, folder, stopAfter: 1);
        foreach (var (change, name) in new (Func<TrainingOptions, TrainingOptions>, string)[]
        {
            (o => o with { Lora = new() { Rank = 3, Alpha = 4 } }, "lora"), (o => o with { Precision = Precision.Float32 }, "precision"),
                (o => o with { MicroBatch = 4 }, "micro_batch"),
            (o => o with { Recompute = false }, "recompute"), (o => o with { InContext = 0 }, "in_context"),
                (o => o with { Bucket = 2 }, "bucket"), (o => o with { Frozen = [] }, "frozen"),
        })
            Assert.Contains($"began with {name} ",
                Assert.Throws<ArgumentException>(() => Run(change(options), folder, Existing.Resume)).Message);
        // options that are not given stay as they were
        var done = Run(options with { Precision = null, MicroBatch = null, Recompute = null }, folder, Existing.Resume);
        var stored = TrainingOptions.FromJson(File.ReadAllText(Path.Combine(folder, "options.json")), "options.json");
        Assert.Equal((Precision.Mixed, 2, true, "cpu"), (stored.Precision, stored.MicroBatch, stored.Recompute, stored.Device));
        var manifest = RunManifest.Read(done.Export)!;
        Assert.Equal(("mixed", 2, 4.0, "cpu", true, true),
            (manifest.Method!.Precision, manifest.Method.LoraRank, manifest.Method.LoraAlpha, manifest.Method.Device, manifest.InContext,
            manifest.Instruct));
    }

    [Fact]
    public void TheAdapterSpeaksAsTheMergedModelDoes()
    {
        var export = Run(Methods["lora"](Options), Fresh()).Export;
        using var merged = Tts.Load(export, new() { Threads = 1 });
        using var beside = Tts.Load(Model.Path, new() { Threads = 1, Adapter = Path.Combine(export, "adapter") });
        using var untouched = Tts.Load(Model.Path, new() { Threads = 1 });
        var options = new SpeechOptions { Speaker = "bert", Sampling = new() { Greedy = true, PredictorGreedy = true, MaxFrames = 4 } };
        Assert.Equal(merged.Say("Number three.", options).Samples, beside.Say("Number three.", options).Samples);
        Assert.DoesNotContain("bert", untouched.Speakers);
        var strange = options with { Language = Model.Config.TalkerConfig.CodecLanguageId.Keys.Last() };
        Assert.NotEmpty(merged.Untrained(strange));
        Assert.Equal(merged.Untrained(strange), beside.Untrained(strange)); // the adapter also has the conditions of its training
    }

    [Fact]
    public void ANewLanguageGetsARowThatIsLearnedAndSpoken()
    {
        var options = Options with { NewLanguage = "klingon", NewLanguageLike = Known, Languages = ["klingon"], Steps = 2 };
        var export = Run(options, Fresh()).Export;
        var talker = ModelFolder.Open(export).Config.TalkerConfig;
        var row = talker.CodecLanguageId["klingon"];
        Assert.DoesNotContain(row, talker.SpkId.Values);
        Assert.Equal(Model.Config.TalkerConfig.CodecLanguageId.Count + 1, talker.CodecLanguageId.Count);
        const string Table = "talker.model.codec_embedding.weight";
        using var before = Model.OpenWeights();
        using var after = Weights.Open(export);
        float[] Row(Weights weights, int at) =>
            weights.FileOf(Table).Float32(Table)[(at * talker.HiddenSize)..((at + 1) * talker.HiddenSize)];
        var (from, to) = (Row(before, talker.CodecLanguageId[Known]), Row(after, row));
        Assert.NotEqual(from, to);
        Assert.InRange(from.Zip(to, (a, b) => Math.Abs(a - b)).Max(), 1e-4, 5e-3); // two steps of 1e-3 from its initial value
        Assert.Equal(from, Row(after, talker.CodecLanguageId[Known]));
        using var tts = Tts.Load(export, new() { Threads = 1 });
        var speech = new SpeechOptions { Speaker = "anna", Language = "Klingon", MaxFramesPerToken = 0.1 };
        Assert.Empty(tts.Untrained(speech));
        tts.Say("It speaks.", speech);
        Assert.Contains("klingon", Assert.Throws<ArgumentException>(
            () => Run(Options with { NewLanguage = "klingon", Languages = ["auto"] }, Fresh())).Message);
        Assert.Contains("has already", Assert.Throws<ArgumentException>(() => Run(options with { NewLanguage = Known }, Fresh())).Message);
        Assert.Contains("LoRA", Assert.Throws<ArgumentException>(() => Run(options with { Lora = new() }, Fresh())).Message);
    }

    [Fact]
    public void ALineWithoutASpeakerNeedsAName()
    {
        var list = Path.Combine(Path.GetDirectoryName(Data.Value)!, "nobody.jsonl");
        var lines = File.ReadAllLines(Data.Value).Select(l => JsonNode.Parse(l)!.AsObject()).ToList();
        lines[2].Remove("speaker");
        File.WriteAllLines(list, lines.Select(l => l.ToJsonString()));
        Assert.Contains("nobody.jsonl(3)", Assert.Throws<InvalidDataException>(() => Run(Options with { Data = list }, Fresh())).Message);
    }
}
