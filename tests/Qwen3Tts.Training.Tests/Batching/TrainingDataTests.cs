using Qwen3Tts.Checkpoint;
using Qwen3Tts.Data;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;
using Qwen3Tts.Training.Batching;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Tests;

public sealed class TrainingDataTests
{
    static readonly ModelFolder Model = ModelFolder.Open(Mini.Model);
    static readonly TextTokenizer Tokenizer = TextTokenizer.Load(Mini.Model);
    static readonly SpecialTokens Ids = Model.Config.SpecialTokens(Tokenizer.AssistantHead[^1]);
    static readonly float[] Voice = new float[Model.Config.TalkerConfig.HiddenSize];
    static readonly string Language = Ids.Languages.Keys.First();

    /// <summary>Clips that are distinguished by their number of frames.</summary>
    static TrainingData Data(int clips, Func<TrainingOptions, TrainingOptions>? change = null)
    {
        var options = new TrainingOptions { Model = "m", Data = "d", Speaker = "anna", Batch = 4, Languages = ["auto"] };
        var all = Enumerable.Range(1, clips)
            .Select(n => new Clip($"{n}", "a.wav", true, $"Good morning {n}.", "r.wav", n % 2 == 0 ? Language
            : null, [.. Enumerable.Repeat(new int[Ids.CodeGroups], n)])).ToList();
        return new(all, Tokenizer, Ids, [new("anna", "r.wav", Voice)],
            (change?.Invoke(options) ?? options).Completed(Model.Config, clips, true));
    }

    static int Clip(TrainingExample example) => example.Frames.Count;
    static IEnumerable<TrainingExample> Examples(TrainingData data, int steps) => Enumerable.Range(0, steps).SelectMany(data.Batch);
    static bool IsTextFirst(TrainingExample example) =>
        example.Positions.Any(p => p.Text == Ids.TextEos && p.Codec is CodecStep.Token { Id: var id } && id == Ids.CodecPad);
    static bool HasLanguage(TrainingExample example) =>
        example.Positions.Any(p => p.Codec is CodecStep.Token { Id: var id } && id == Ids.Think);

    [Fact]
    public void EachEpochPassesThroughEveryClipInAnOrderOfItsOwn()
    {
        var order = Examples(Data(10), 10).Select(Clip).ToList(); // four epochs; batches of four run across their ends
        var epochs = order.Chunk(10).ToList();
        Assert.All(epochs, e => Assert.Equal(Enumerable.Range(1, 10), e.Order()));
        Assert.NotEqual(epochs[0], epochs[1]);
        Assert.NotEqual(order, Examples(Data(10, o => o with { Seed = 2 }), 10).Select(Clip));
    }

    [Fact]
    public void AStepDependsOnNothingButItsNumber()
    {
        static string Show(IEnumerable<TrainingExample> batch) =>
            string.Join(';', batch.Select(e => $"{Clip(e)} {IsTextFirst(e)} {HasLanguage(e)}"));
        TrainingOptions Mixed(TrainingOptions o) => o with { Languages = ["data", "auto"] };
        var data = Data(10, Mixed);
        var forward = Enumerable.Range(0, 12).Select(s => Show(data.Batch(s))).ToList();
        foreach (var step in new[] { 11, 3, 7, 0 })
            Assert.Equal(forward[step], Show(Data(10, Mixed).Batch(step)));
    }

    [Fact]
    public void LayoutAndLanguageAreDrawnEvenly()
    {
        var mixed = Examples(Data(10, o => o with { Languages = ["data", "auto"] }), 500).ToList();
        Assert.InRange(mixed.Count(IsTextFirst), 900, 1100);
        Assert.InRange(mixed.Count(HasLanguage), 400, 600); // half of the clips name one
        Assert.All(mixed.Where(HasLanguage), e => Assert.Equal(0, Clip(e) % 2));
        Assert.All(Examples(Data(10, o => o with { Layout = LayoutPolicy.TextFirst, Languages = [Language.ToUpperInvariant()] }), 20), e =>
            Assert.True(IsTextFirst(e) && HasLanguage(e)));
        Assert.All(Examples(Data(10, o => o with { Layout = LayoutPolicy.Interleaved }), 20), e =>
            Assert.True(!IsTextFirst(e) && !HasLanguage(e)));
    }

    [Fact]
    public void HeldOutClipsAreNotTrainedOn()
    {
        var data = Data(10, o => o with { HeldOut = 3 });
        Assert.Equal((7, 3), (data.Training, data.HeldOut.Count));
        Assert.Empty(Examples(data, 30).Select(Clip).Intersect(data.HeldOut.Select(Clip)));
        Assert.Equal(10, Examples(data, 30).Concat(data.HeldOut).Select(Clip).Distinct().Count());
    }

    [Fact]
    public void WhatTheDataHoldsOutIsHeldOut()
    {
        var clips = Enumerable.Range(1, 10)
            .Select(n => new Clip($"{n}", "a.wav", true, $"Good morning {n}.", "r.wav", null,
            [.. Enumerable.Repeat(new int[Ids.CodeGroups], n)])
            { HeldOut = n is 3 or 7 }).ToList();
        foreach (var seed in new[] { 1, 2 })
        {
            var data = new TrainingData(clips, Tokenizer, Ids, [new("anna", "r.wav", Voice)],
                new TrainingOptions
                {
                    Model = "m",
                    Data = "d",
                    Speaker = "anna",
                    HeldOut = 2,
                    Seed = seed,
                    Languages = ["auto"]
                }.Completed(Model.Config, 10, false));
            Assert.Equal([3, 7], data.HeldOut.Select(Clip));
            Assert.Equal([1, 2, 4, 5, 6, 8, 9, 10], Examples(data, 1).Select(Clip).Order());
        }
    }

    [Fact]
    public void EveryExampleHoldsTheVoiceAndEndsOnce()
    {
        foreach (var e in Examples(Data(5), 10))
        {
            Assert.Same(Voice, Assert.IsType<CodecStep.Voice>(Assert.Single(e.Positions, p => p.Codec is CodecStep.Voice).Codec).Vector);
            Assert.Single(e.Talker, t => t.Code == Ids.CodecEos);
        }
        Assert.All(Examples(Data(5, o => o with { Planted = Hypothesis.All.Single(h => h.Name == "no_eos") }), 5), e =>
            Assert.DoesNotContain(e.Talker, t => t.Code == Ids.CodecEos));
    }

    /// <summary>Eight steps use exactly the clips that they would draw without buckets, but grouped differently.</summary>
    [Fact]
    public void BucketsDealOutTheSameClipsByLength()
    {
        var (drawn, dealt) = (Data(40), Data(40, o => o with { Bucket = 8 }));
        for (var window = 0; window < 4; window++)
        {
            IEnumerable<int> Steps(TrainingData data) => Enumerable.Range(8 * window, 8).SelectMany(data.Batch).Select(Clip);
            Assert.Equal(Steps(drawn).Order(), Steps(dealt).Order());
            var spans = Enumerable.Range(8 * window, 8).Select(s => dealt.Batch(s).ConvertAll(Clip)).ToList();
            Assert.All(spans, a => Assert.All(spans, b => Assert.True(a == b || a.Max() <= b.Min() || b.Max() <= a.Min())));
            Assert.NotEqual(spans.Select(s => s.Min()).Order(), spans.Select(s => s.Min())); // the steps are not in the order of length
        }
        Assert.Equal(Data(40, o => o with { Bucket = 8 }).Batch(13).Select(Clip), dealt.Batch(13).Select(Clip));
        Assert.InRange(dealt.Padding(4, 8), 0.01, 0.5 * drawn.Padding(4, 1));
        Assert.Equal(0, drawn.Padding(1, 1));
    }

    [Fact]
    public void ASmallVoiceIsTrainedOnAsOftenAsALargeOne()
    {
        var clips = Enumerable.Range(1, 12)
            .Select(n => new Clip($"{n}", "a.wav", true, $"Good morning {n}.", "r.wav", null,
            [.. Enumerable.Repeat(new int[Ids.CodeGroups], n)])
            { Speaker = n <= 9 ? "anna" : n <= 11 ? "Bert" : "carl" }).ToList();
        var data = new TrainingData(clips, Tokenizer, Ids,
            [new("anna", "", Voice), new("bert", "", [.. Voice]), new("carl", "", [.. Voice])],
            new TrainingOptions { Model = "m", Data = "d", Batch = 6, Languages = ["auto"] }.Completed(Model.Config, 12, false));
        Assert.All(Enumerable.Range(0, 9), step =>
        {
            var batch = data.Batch(step).ConvertAll(Clip);
            Assert.Equal((2, 2, 2), (batch.Count(c => c <= 9), batch.Count(c => c is 10 or 11), batch.Count(c => c == 12)));
        });
        // two epochs of the largest
        Assert.Equal(Enumerable.Range(1, 9).SelectMany(c => new[] { c, c }), Examples(data, 9).Select(Clip).Where(c => c <= 9).Order());
    }

    [Fact]
    public void ALanguageThatTheModelLacksIsRefused() => Assert.Contains("give --new-language Klingon.",
        Assert.Throws<ArgumentException>(() => Data(3, o => o with { Languages = ["Klingon"] })).Message);

    [Fact]
    public void ALongClipPadsNoOthers()
    {
        static int[][] Parts(int size, params int[] lengths) => [.. TrainingData.InParts(lengths, size, l => l)];
        Assert.Equal([[30, 20, 25, 40]], Parts(8, 30, 20, 25, 40)); // as they were drawn
        Assert.Equal([[20, 25, 30, 40], [90]], Parts(8, 30, 90, 20, 25, 40));
        Assert.Equal([[20, 25], [30, 40], [90, 500]], Parts(2, 500, 30, 90, 20, 25, 40));
    }
}
