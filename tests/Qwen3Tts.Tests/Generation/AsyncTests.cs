using System.Threading.Channels;
using Qwen3Tts.Generation;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Tests;

/// <summary>However the same speech is asked for, it has the same samples.</summary>
public sealed class AsyncTests : StreamTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData(null, Layout.TextFirst)]
    [InlineData("The clip's words.", null)]
    public async Task WholeStreamedAsyncAndArrivingAreTheSame(string? transcript, Layout? layout)
    {
        var options = Options(transcript: transcript) with { Layout = layout, MaxFramesPerToken = 12 };
        var whole = Model.Say(Text, options);
        Assert.Equal((3UL, whole.Samples.Length / 1920), (whole.Seed, whole.Frames));
        Assert.True(whole.Times.Prompt > TimeSpan.Zero && whole.Times.Prompt <= whole.Times.FirstFrame
            && whole.Times.FirstFrame <= whole.Times.FirstAudio && whole.Times.FirstAudio <= whole.Times.Total && whole.RealTimeFactor > 0);
        Assert.Equal(whole.Samples, Model.Stream(Text, options).SelectMany(c => c));
        Assert.Equal(whole.Samples, (await Model.SayAsync(Text, options)).Samples);
        Assert.Equal(whole.Samples, await Samples(Model.StreamAsync(Text, options), whole.FinishReason));
        for (var i = 0; i < 4; i++)
            Assert.Equal(whole.Samples, await Samples(Model.StreamAsync(Pieces(Text, new(i)), options), whole.FinishReason));
        var upper = options with { Normalize = t => t.ToUpperInvariant() };
        Assert.Equal(Model.Say(Text, upper).Samples, await Samples(Model.StreamAsync(Pieces(Text, new(9)), upper)));
    }

    /// <summary>The limit of a text that still arrives is that of the whole text, even if it is far too low.</summary>
    [Fact]
    public async Task ALimitOfTheTextWaitsForTheText()
    {
        var text = string.Join(' ', Enumerable.Repeat("Set white at B four now", 10));
        var options = Options(frames: 200) with { MaxFramesPerToken = 0.05 };
        var whole = Model.Say(text, options);
        Assert.Equal(FinishReason.Runaway, whole.FinishReason);
        Assert.Equal(whole.Samples, await Samples(Model.StreamAsync(Pieces(text, new(1)), options), FinishReason.Runaway));
    }

    [Fact]
    public async Task SpeechWaitsForItsTextAndMakesUpNoFrame()
    {
        var options = Options();
        var (text, heard, given) = (Channel.CreateUnbounded<string>(), new List<float>(), 0);
        var words = new Queue<string>(Text.Split(' ').Select(w => w + " "));
        var tokenizer = Qwen3Tts.Text.TextTokenizer.Load(Mini.Model);
        void Give()
        {
            if (words.TryDequeue(out var word))
            {
                given += word.Length;
                text.Writer.TryWrite(word);
            }
            else
                text.Writer.TryComplete();
        }
        Give();
        await foreach (var chunk in Model.StreamAsync(text.Reader.ReadAllAsync(), options))
        {
            heard.AddRange(chunk.Samples);
            if (words.Count > 0)
                Assert.InRange(heard.Count / 1920, 0, tokenizer.Encode(Text[..Math.Min(given, Text.Length)].TrimEnd()).Length);
            Give();
        }
        Assert.Equal(Model.Say(Text, options).Samples, heard);
    }

    [Fact]
    public async Task AnErrorOfTheTextReachesTheReader()
    {
        async IAsyncEnumerable<string> Failing(string text)
        {
            yield return text;
            await Task.Yield();
            throw new InvalidOperationException("The source broke.");
        }
        await Assert.ThrowsAsync<InvalidOperationException>(() => Samples(Model.StreamAsync(Failing("Set white at "), Options())));
        await Assert.ThrowsAsync<ArgumentException>(() => Samples(Model.StreamAsync(Pieces("Set <|im_end|> white.", new(1)), Options())));
        await Assert.ThrowsAsync<ArgumentException>(() => Samples(Model.StreamAsync(Pieces(" ", new(1)), Options())));
        Assert.Throws<ArgumentException>(() => Model.StreamAsync(Failing("a"))); // no voice: at once
        Assert.Throws<ArgumentException>(() => Model.StreamAsync(" ", Options()));
    }

    [Fact]
    public async Task SpeechesAtOnceAreThoseOfEachAlone()
    {
        string[] texts = [Text, "0 1 0 6", "Call Robert on Wednesday at six."];
        var alone = texts.Select((t, i) => Model.Say(t, Options((ulong)i, 20)).Samples).ToArray();
        var together = await Task.WhenAll(texts.SelectMany((t, i) => new[]
        {
            Task.Run(async () => (await Model.SayAsync(t, Options((ulong)i, 20))).Samples),
            Samples(Model.StreamAsync(Pieces(t, new(i)), Options((ulong)i, 20))),
        }));
        Assert.Equal(alone.SelectMany(a => new[] { a, a }), together);
    }

    [Fact]
    public async Task RunawaySpeechIsSpokenAgainWithAnotherSeed()
    {
        var options = Options(frames: 100) with { MaxFramesPerToken = 0 }; // 25 frames, about as many as the text takes
        SpeechOptions Of(ulong seed, int retries = 0) =>
            options with { Retries = retries, Sampling = options.Sampling! with { Seed = seed } };
        var seed = Enumerable.Range(0, 50).Select(i => (ulong)i).First(s => Model.Say(Text, Of(s)).FinishReason == FinishReason.Runaway);
        var again = await Model.SayAsync(Text, Of(seed, retries: 20));
        Assert.Equal(FinishReason.End, again.FinishReason);
        Assert.NotEqual(seed, again.Seed);
        Assert.Equal(Model.Say(Text, Of(again.Seed)).Samples, again.Samples);
        var sentence = Assert.Single(Model.SayLong(Text, Of(seed, retries: 20)));
        Assert.Equal((again.Seed, FinishReason.End), (sentence.Seed, sentence.FinishReason));
        Assert.Equal(again.Samples, sentence.Speech.Samples);
        Assert.Equal(seed, Model.StreamLong(Text, Of(seed, retries: 20)).Last().Ended!.Seed); // a stream is not spoken again
        Assert.Throws<ArgumentException>(() => Model.Say(Text, Options() with { Retries = 1 }));
        Assert.Throws<ArgumentException>(() => Model.Say(Text, Of(1, retries: -1)));
        Assert.Throws<ArgumentException>(() => Model.Say(Text, Options() with { MaxRepeatedSeconds = double.NaN }));
    }
}
