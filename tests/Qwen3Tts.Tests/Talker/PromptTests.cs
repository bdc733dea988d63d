using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Tests;

/// <summary>Every prompt that the official wrapper passed to the talker, written by TalkerSequence and summed by TalkerInput.</summary>
public sealed class PromptTests
{
    [Theory, MemberData(nameof(GoldenRequest.Models), MemberType = typeof(GoldenRequest))]
    public void PromptsAreTheOfficialOnes(string model)
    {
        using var workers = new Workers(1);
        var talker = GoldenRequest.Load(model, workers);
        using var golden = SafetensorsFile.Open(Golden.File("prompts", $"{model}.safetensors"));
        foreach (var request in GoldenRequest.All(model))
        {
            var sequence = TalkerSequence.Prompt(request.Utterance, request.Tokens);
            var (hidden, what) = (talker.Config.HiddenSize, $"{request.Name} {request.Index}");
            var expected = Member(golden, $"{request.Name}.inputs_embeds", request.Index);
            var mask = golden.Int64($"{request.Name}.attention_mask").Skip(request.Index * expected.Length / hidden)
                .Take(expected.Length / hidden);
            Assert.Equal(mask.Sum(), sequence.Start);
            var mine = new float[sequence.Start * hidden];
            talker.Input.Write(sequence.Positions, 0, mine);
            Parity.Check("prompt", model, Parity.Difference(mine, expected[^mine.Length..]), 1e-5, what);

            var trailing = Member(golden, $"{request.Name}.trailing_text_hidden", request.Index);
            var steps = trailing.Length / hidden + 3;
            for (var i = 0; i < steps; i++)
                sequence.Append(new CodecStep.Frame(new int[talker.Config.NumCodeGroups]));
            Position[] textAlone = [.. sequence.Positions.Skip(sequence.Start).Select(p => p with { Codec = null })];
            var text = new float[steps * hidden];
            talker.Input.Write(textAlone, 0, text);
            Parity.Check("prompt", model, Parity.Difference(text.AsSpan(0, trailing.Length), trailing), 1e-5,
                $"{what}, text beside the frames");
            Parity.Check("prompt", model,
                Parity.Difference(text.AsSpan(trailing.Length, hidden), golden.Float32($"{request.Name}.tts_pad_embed").AsSpan(0, hidden)),
                1e-5, $"{what}, after the text");
        }
    }

    [Theory, MemberData(nameof(GoldenRequest.Models), MemberType = typeof(GoldenRequest))]
    public void RowsAreTheSameOneByOne(string model)
    {
        using var workers = new Workers(1);
        var talker = GoldenRequest.Load(model, workers);
        var request = GoldenRequest.All(model).MaxBy(r => r.Utterance.Text.Count)!;
        var positions = TalkerSequence.Prompt(request.Utterance, request.Tokens).Positions;
        var whole = new float[positions.Count * talker.Config.HiddenSize];
        talker.Input.Write(positions, 0, whole);
        var steps = new float[whole.Length];
        for (var i = 0; i < positions.Count; i++)
            talker.Input.Write([.. positions.Take(i + 1)], i, steps.AsSpan(i * talker.Config.HiddenSize));
        Assert.Equal(whole, steps);
    }

    [Fact]
    public void WhatIsNoneOfThisModelsIsRefused()
    {
        using var workers = new Workers(1);
        var model = Golden.Checkpoints.First();
        var talker = GoldenRequest.Load(model, workers);
        var (hidden, groups) = (talker.Config.HiddenSize, talker.Config.NumCodeGroups);
        void Refused(Position position, string says) =>
            Assert.Contains(says, Assert.Throws<ArgumentException>(() => talker.Input.Write([position], 0, new float[hidden])).Message,
                StringComparison.Ordinal);
        Refused(new(null, new CodecStep.Voice(new float[hidden + 1])), $"{hidden + 1} numbers");
        Refused(new(null, new CodecStep.Token(talker.Config.VocabSize)), "codec id");
        Refused(new(talker.Config.TextVocabSize, null), "text id");
        Refused(new(null, new CodecStep.Frame([.. Enumerable.Repeat(0, groups - 1), talker.Config.CodePredictorConfig.VocabSize])),
            "code ");
        Refused(new(null, new CodecStep.Frame([talker.Config.CodecEosTokenId, .. new int[groups - 1]])), "code ");
    }

    static float[] Member(SafetensorsFile file, string name, int index)
    {
        var (all, batch) = (file.Float32(name), file.Entry(name).Shape[0]);
        return all[(all.Length / batch * index)..(all.Length / batch * (index + 1))];
    }
}
