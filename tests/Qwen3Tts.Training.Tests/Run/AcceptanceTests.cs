using System.Text.Json;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Kernels;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Optimizer;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;
using Qwen3Tts.Training.Step;
using static TorchSharp.torch;
using Generator = Qwen3Tts.Generation.Generator;

namespace Qwen3Tts.Tests;

/// <summary>
/// End to end with a tiny model: it learns lines by heart, is exported, loaded by the inference engine and speaks greedily by name; the
/// codes must come back exactly. All lines have one text and differ only in voice and language, and each is learned and spoken in both
/// layouts. So a model whose training sequences differ from its speaking sequences cannot reproduce the lines. With each known fault
/// planted, the check must fail.
/// </summary>
public sealed class AcceptanceTests
{
    const string Text = "Please read this sentence aloud.";
    const int Steps = 80;
    const double LearningRate = 4e-3;

    sealed record Line(string? Speaker, float[]? Voice, string? Language, int[][] Frames);

    public static TheoryData<string> BaseModels =>
        [.. Golden.Checkpoints.Where(c => ModelFolder.Open(Golden.Checkpoint(c)).Config.CanClone)];

    /// <summary>Rows of padding have content, but no row attends to them, so this fault changes nothing (see the golden files).</summary>
    const string Harmless = "mask_before_projection";

    public static TheoryData<string> Faults => [.. Hypothesis.All.Select(h => h.Name).Where(n => n is not ("correct" or Harmless))];

    [Theory]
    [MemberData(nameof(BaseModels))]
    public void WhatWasLearnedByHeartComesBackExactly(string model) => Assert.Empty(NotCameBack(model, Hypothesis.Correct));

    [Theory]
    [MemberData(nameof(Faults))]
    public void WithAFaultPlantedItDoesNot(string fault) =>
        Assert.NotEmpty(NotCameBack(AsWideAsItsText(), Hypothesis.All.Single(h => h.Name == fault)));

    [Fact]
    public void TheHarmlessFaultIsHarmless() =>
        Assert.Empty(NotCameBack(AsWideAsItsText(), Hypothesis.All.Single(h => h.Name == Harmless)));

    /// <summary>A missing projection can only be planted if text and talker have the same width.</summary>
    static string AsWideAsItsText() =>
        BaseModels.Select(m => m.Data)
        .First(m => ModelFolder.Open(Golden.Checkpoint(m)).Config.TalkerConfig is var t && t.TextHiddenSize == t.HiddenSize);

    /// <summary>Two voices and no voice, each with a language and without: six lines of random codes.</summary>
    static List<string> NotCameBack(string name, Hypothesis planted)
    {
        var (model, target) = (ModelFolder.Open(Golden.Checkpoint(name)), Path.Combine(Scratch.New("acceptance"), "export"));
        var t = model.Config.TalkerConfig;
        var random = new Random(7);
        var voices = new[] { "anna", "bert" }
            .Select(n => new NewVoice(n, Export.AsStored(model,
            [.. Enumerable.Range(0, t.HiddenSize).Select(_ => 2 * random.NextSingle() - 1)]))).ToList();
        var lines = (from voice in voices
            .Append(null)
                     from language in new[] { t.CodecLanguageId.Keys.First(), null }
                     select new Line(voice?.Name, voice?.Vector,
            language, Codes(random, t, 4 + random.Next(3)))).ToList();

        var (tokenizer, ids) = Texts(model);
        using (var scope = NewDisposeScope())
        {
            var talker = TalkerWeights.Load(model, Placement.Float32OnCpu);
            using var optimizer = new AdamW(TalkerWeights.Named(talker), new());
            using var batch = new TrainingBatch(
                [.. from line in lines from layout in Enum.GetValues<Layout>() select Example(line, layout, tokenizer, ids, planted)],
                ids.CodecEos, CPU);
            for (var step = 0; step < Steps; step++)
                TrainingStep.Run(talker, [batch], optimizer, LearningRate * Math.Min(1, (step + 1) / 10.0) * (1 - 0.9 * step / Steps), 1);
            Export.Write(model, target, TalkerWeights.Values(talker), voices);
        }
        return NotSpoken(target, lines);
    }

    static TrainingExample Example(Line line, Layout layout, TextTokenizer tokenizer, SpecialTokens ids, Hypothesis planted)
    {
        var sequence = TalkerSequence.Prompt(
            new Utterance { Text = tokenizer.Encode(Text), Voice = line.Voice, Language = line.Language, Layout = layout }, ids);
        foreach (var frame in line.Frames)
            sequence.Append(new CodecStep.Frame(frame));
        sequence.AppendEnd();
        return planted.Edit(TrainingExample.FromSequence(sequence, ids), ids);
    }

    /// <summary>The same with `train`: from codes.jsonl and a recording of the voice to the export of a run.</summary>
    [Theory]
    [MemberData(nameof(BaseModels))]
    public void ARunOfTheTrainerComesBackExactly(string name)
    {
        var (folder, model) = (Scratch.New("acceptance"), ModelFolder.Open(Golden.Checkpoint(name)));
        var random = new Random(8);
        var lines = new[] { model.Config.TalkerConfig.CodecLanguageId.Keys.Last(), null }
            .Select(l => new Line("Anna", null, l, Codes(random, model.Config.TalkerConfig, 6))).ToList();
        WavFile.Write(Path.Combine(folder, "ref.wav"),
            new([.. Enumerable.Range(0, 22050).Select(i => 0.2f * MathF.Sin(i * 0.02f) + 0.05f * (random.NextSingle() - 0.5f))], 22050));
        File.WriteAllLines(Path.Combine(folder, "codes.jsonl"), lines
            .Select(l => JsonSerializer.Serialize(
            new { audio = "not-needed.wav", text = Text, ref_audio = "ref.wav", language = l.Language, audio_codes = l.Frames })));
        var options = new TrainingOptions
        {
            Model = model.Path,
            Data = Path.Combine(folder, "codes.jsonl"),
            Speaker = "Anna",
            Languages = ["data"],
            Steps = Steps,
            Batch = 6,
            MicroBatch = 4,
            LearningRate = LearningRate,
            Force = true,
        };
        var result = Trainer.Run(options, Path.Combine(folder, "run"), Existing.Refuse, null, default);
        Assert.True(result.Finished);
        Assert.Empty(NotSpoken(result.Export, lines));
    }

    static int[][] Codes(Random random, TalkerConfig t, int frames) =>
        [.. Enumerable.Range(0, frames)
        .Select(_ => Enumerable.Range(0, t.NumCodeGroups).Select(_ => random.Next(t.CodePredictorConfig.VocabSize)).ToArray())];

    static (TextTokenizer, SpecialTokens) Texts(ModelFolder model)
    {
        var tokenizer = TextTokenizer.Load(model.Path);
        return (tokenizer, model.Config.SpecialTokens(tokenizer.AssistantHead[^1]));
    }

    /// <summary>
    /// Speaks every line by name with the inference engine, greedily, in both layouts; returns the lines with other codes.
    /// </summary>
    static List<string> NotSpoken(string export, List<Line> lines)
    {
        var model = ModelFolder.Open(export);
        var (tokenizer, ids) = Texts(model);
        using var weights = model.OpenWeights();
        var talker = new TalkerModel(weights, model.Config.TalkerConfig, Workers.Shared);
        weights.Finish();
        var wrong = new List<string>();
        foreach (var line in lines)
            foreach (var layout in Enum.GetValues<Layout>())
            {
                var sequence = TalkerSequence.Prompt(
                    new Utterance { Text = tokenizer.Encode(Text), Speaker = line.Speaker, Language = line.Language, Layout = layout },
                    ids);
                var generator = new Generator(talker, new() { Greedy = true, PredictorGreedy = true, MaxFrames = 2 * line.Frames.Length });
                var spoken = generator.Speak(sequence).ToList();
                var right = spoken.Zip(line.Frames).TakeWhile(p => p.First.SequenceEqual(p.Second)).Count();
                if (!generator.Ended || spoken.Count != line.Frames.Length || right != spoken.Count)
                    wrong.Add($"{line.Speaker ?? "nobody"}, {line.Language ?? "auto"}, {layout}: {right} of {line.Frames.Length} frames " +
                        $"right, {(generator.Ended ? $"ended after {spoken.Count}" : "did not end")}");
            }
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join("\n", wrong));
        return wrong;
    }
}
