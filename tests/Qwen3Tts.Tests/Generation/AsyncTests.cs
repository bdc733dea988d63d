using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Qwen3Tts.Audio;
using Qwen3Tts.Generation;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Tests;

/// <summary>However the same speech is asked for, it has the same samples; who stops it frees it.</summary>
public sealed class AsyncTests : IDisposable
{
    const string Text = "Set white at B four now.";

    readonly Tts _tts = Tts.Load(Mini.Model, new() { Threads = 2 });

    public void Dispose()
    {
        Assert.Equal(0, _tts.StatesInUse); // whatever the test did, nothing is held
        _tts.Dispose();
    }

    SpeechOptions Options(ulong seed = 3, int frames = 40, string? transcript = null) => new()
    {
        Voice = _tts.Clone(WavFile.Read(Path.Combine(Mini.Folder, "clips", "rms_1.wav")), transcript),
        Sampling = _tts.Sampling with { Seed = seed, MaxFrames = frames },
    };

    static async IAsyncEnumerable<string> Pieces(string text, Random random,
        [EnumeratorCancellation] CancellationToken stop = default)
    {
        for (var at = 0; at < text.Length;)
        {
            var length = random.Next(1, Math.Min(6, text.Length - at) + 1);
            if (random.Next(2) == 0)
                await Task.Delay(random.Next(4), stop);
            yield return text.Substring(at, length);
            at += length;
        }
    }

    static async Task<float[]> Samples(IAsyncEnumerable<AudioChunk> speech, FinishReason? reason = null)
    {
        var (samples, ended) = (new List<float>(), (SpeechSummary?)null);
        await foreach (var chunk in speech)
        {
            Assert.Null(ended);
            Assert.Equal(samples.Count / 24000.0, chunk.Start, 9);
            Assert.Equal(chunk.Frames * 1920, chunk.Samples.Length);
            samples.AddRange(chunk.Samples);
            ended = chunk.Ended;
        }
        Assert.Equal(samples.Count, ended!.Frames * 1920);
        Assert.Equal(samples.Count / 24000.0, ended.Seconds, 9);
        if (reason is not null)
            Assert.Equal(reason, ended.FinishReason);
        return [.. samples];
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(null, Layout.TextFirst)]
    [InlineData("The clip's words.", null)]
    public async Task WholeStreamedAsyncAndArrivingAreTheSame(string? transcript, Layout? layout)
    {
        var options = Options(transcript: transcript) with { Layout = layout, MaxFramesPerToken = 12 };
        var whole = _tts.Say(Text, options);
        Assert.Equal((3UL, whole.Samples.Length / 1920), (whole.Seed, whole.Frames));
        Assert.True(whole.Times.Prompt > TimeSpan.Zero && whole.Times.Prompt <= whole.Times.FirstFrame
            && whole.Times.FirstFrame <= whole.Times.FirstAudio && whole.Times.FirstAudio <= whole.Times.Total && whole.RealTimeFactor > 0);
        Assert.Equal(whole.Samples, _tts.Stream(Text, options).SelectMany(c => c));
        Assert.Equal(whole.Samples, (await _tts.SayAsync(Text, options)).Samples);
        Assert.Equal(whole.Samples, await Samples(_tts.StreamAsync(Text, options), whole.FinishReason));
        for (var i = 0; i < 4; i++)
            Assert.Equal(whole.Samples, await Samples(_tts.StreamAsync(Pieces(Text, new(i)), options), whole.FinishReason));
        var upper = options with { Normalize = t => t.ToUpperInvariant() };
        Assert.Equal(_tts.Say(Text, upper).Samples, await Samples(_tts.StreamAsync(Pieces(Text, new(9)), upper)));
    }

    /// <summary>The limit of a text that still arrives is that of the whole text, even if it is far too low.</summary>
    [Fact]
    public async Task ALimitOfTheTextWaitsForTheText()
    {
        var text = string.Join(' ', Enumerable.Repeat("Set white at B four now", 10));
        var options = Options(frames: 200) with { MaxFramesPerToken = 0.05 };
        var whole = _tts.Say(text, options);
        Assert.Equal(FinishReason.Runaway, whole.FinishReason);
        Assert.Equal(whole.Samples, await Samples(_tts.StreamAsync(Pieces(text, new(1)), options), FinishReason.Runaway));
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
        await foreach (var chunk in _tts.StreamAsync(text.Reader.ReadAllAsync(), options))
        {
            heard.AddRange(chunk.Samples);
            if (words.Count > 0)
                Assert.InRange(heard.Count / 1920, 0, tokenizer.Encode(Text[..Math.Min(given, Text.Length)].TrimEnd()).Length);
            Give();
        }
        Assert.Equal(_tts.Say(Text, options).Samples, heard);
    }

    [Fact]
    public async Task ACancelledStreamGivesWhatItMade()
    {
        using var stop = new CancellationTokenSource();
        var waiting = Channel.CreateUnbounded<string>(); // it never ends
        waiting.Writer.TryWrite("Set white at ");
        var (frames, last) = (0, (AudioChunk?)null);
        var speech = _tts.StreamAsync(waiting.Reader.ReadAllAsync(CancellationToken.None), Options());
        await foreach (var chunk in speech.WithCancellation(stop.Token))
        {
            (frames, last) = (frames + chunk.Frames, chunk);
            await stop.CancelAsync();
        }
        Assert.Equal((FinishReason.Cancelled, frames), (last!.Ended!.FinishReason, last.Ended.Frames));
        Assert.True(frames > 0);
        var whole = _tts.Say(Text, Options()).Samples;
        var one = await Samples(_tts.StreamAsync(Text, Options(), new(canceled: true)), FinishReason.Cancelled);
        Assert.Equal(whole[..1920], one); // the stop is seen after the first frame
        foreach (var layout in new Layout?[] { Layout.TextFirst, Layout.Interleaved })
            Assert.Empty(await Samples(_tts.StreamAsync(Channel.CreateUnbounded<string>().Reader.ReadAllAsync(), Options() with
            { Layout = layout }, new(canceled: true)), FinishReason.Cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _tts.SayAsync(Text, Options(), new(canceled: true)));
        var saying = _tts.SayAsync(Text, Options(frames: 2000) with { Normalize = t => { stop.Cancel(); return t; } }, stop.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => saying);
    }

    /// <summary>The callbacks of a token run one after another. Those of one thread run in reverse order, so that of the text runs
    /// first.</summary>
    [Fact]
    public async Task ATextThatSeesTheCancellationFirstIsNoError()
    {
        using var stop = new CancellationTokenSource();
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var speech = _tts.StreamAsync(Text(), Options(), stop.Token).GetAsyncEnumerator(CancellationToken.None);
        var first = speech.MoveNextAsync(); // the speech has registered its callback
        using var registered = stop.Token.Register(() =>
        {
            never.TrySetCanceled(stop.Token);
            Thread.Sleep(300); // the speech does not see the cancellation yet
        });
        Assert.True(await first);
        var cancelling = stop.CancelAsync();
        var last = speech.Current;
        while (await speech.MoveNextAsync())
            last = speech.Current;
        await cancelling;
        Assert.Equal(FinishReason.Cancelled, last.Ended?.FinishReason);

        async IAsyncEnumerable<string> Text()
        {
            yield return "Set white at ";
            await never.Task;
        }
    }

    /// <summary>Who does not read stops the speech after eight chunks. A cancellation then ends it, and nothing that was made is
    /// lost.</summary>
    [Fact]
    public async Task SpeechWaitsForItsReader()
    {
        using var tts = Tts.Load(Cli.EndlessSpeechTests.Endless.Value, new() { Threads = 2 });
        using var stop = new CancellationTokenSource();
        var (options, samples, last) = (Options(frames: 400), new List<float>(), (AudioChunk?)null);
        await foreach (var chunk in tts.StreamAsync(Text, options, stop.Token))
        {
            if (samples.Count == 0)
                await Task.Delay(1000); // enough to make far more frames; a slower machine only tests less
            await stop.CancelAsync();
            samples.AddRange(chunk.Samples);
            last = chunk;
        }
        Assert.Equal((FinishReason.Cancelled, samples.Count / 1920), (last!.Ended!.FinishReason, last.Ended.Frames));
        Assert.InRange(last.Ended.Frames, 1, 1 + 2 + 4 + 7 * 8); // the first, eight that wait, and one that was made
        var same = options with { Sampling = options.Sampling! with { MaxFrames = last.Ended.Frames } };
        Assert.Equal(tts.Stream(Text, same).SelectMany(c => c), samples);
        Assert.Equal(0, tts.StatesInUse);
    }

    [Fact]
    public async Task AnAbandonedStreamFreesItsMemory()
    {
        foreach (var _ in _tts.Stream(Text, Options()))
            break;
        Assert.Equal(0, _tts.StatesInUse);
        await foreach (var _ in _tts.StreamAsync(Text, Options()))
        {
            Assert.Equal(1, _tts.StatesInUse);
            break;
        }
        Assert.Equal(0, _tts.StatesInUse);
        var endless = Channel.CreateUnbounded<string>();
        endless.Writer.TryWrite("Set white at ");
        await foreach (var _ in _tts.StreamAsync(endless.Reader.ReadAllAsync(), Options()))
            break;
        Assert.Equal(0, _tts.StatesInUse);
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
        await Assert.ThrowsAsync<InvalidOperationException>(() => Samples(_tts.StreamAsync(Failing("Set white at "), Options())));
        await Assert.ThrowsAsync<ArgumentException>(() => Samples(_tts.StreamAsync(Pieces("Set <|im_end|> white.", new(1)), Options())));
        await Assert.ThrowsAsync<ArgumentException>(() => Samples(_tts.StreamAsync(Pieces(" ", new(1)), Options())));
        Assert.Throws<ArgumentException>(() => _tts.StreamAsync(Failing("a"))); // no voice: at once
        Assert.Throws<ArgumentException>(() => _tts.StreamAsync(" ", Options()));
    }

    [Fact]
    public async Task SpeechesAtOnceAreThoseOfEachAlone()
    {
        string[] texts = [Text, "0 1 0 6", "Call Robert on Wednesday at six."];
        var alone = texts.Select((t, i) => _tts.Say(t, Options((ulong)i, 20)).Samples).ToArray();
        var together = await Task.WhenAll(texts.SelectMany((t, i) => new[]
        {
            Task.Run(async () => (await _tts.SayAsync(t, Options((ulong)i, 20))).Samples),
            Samples(_tts.StreamAsync(Pieces(t, new(i)), Options((ulong)i, 20))),
        }));
        Assert.Equal(alone.SelectMany(a => new[] { a, a }), together);
    }

    [Fact]
    public async Task RunawaySpeechIsSpokenAgainWithAnotherSeed()
    {
        var options = Options(frames: 100) with { MaxFramesPerToken = 0 }; // 25 frames, about as many as the text takes
        SpeechOptions Of(ulong seed, int retries = 0) =>
            options with { Retries = retries, Sampling = options.Sampling! with { Seed = seed } };
        var seed = Enumerable.Range(0, 50).Select(i => (ulong)i).First(s => _tts.Say(Text, Of(s)).FinishReason == FinishReason.Runaway);
        var again = await _tts.SayAsync(Text, Of(seed, retries: 20));
        Assert.Equal(FinishReason.End, again.FinishReason);
        Assert.NotEqual(seed, again.Seed);
        Assert.Equal(_tts.Say(Text, Of(again.Seed)).Samples, again.Samples);
        var sentence = Assert.Single(_tts.SayLong(Text, Of(seed, retries: 20)));
        Assert.Equal((again.Seed, FinishReason.End), (sentence.Seed, sentence.FinishReason));
        Assert.Equal(again.Samples, sentence.Speech.Samples);
        Assert.Equal(seed, _tts.StreamLong(Text, Of(seed, retries: 20)).Last().Ended!.Seed); // a stream is not spoken again
        Assert.Throws<ArgumentException>(() => _tts.Say(Text, Options() with { Retries = 1 }));
        Assert.Throws<ArgumentException>(() => _tts.Say(Text, Of(1, retries: -1)));
        Assert.Throws<ArgumentException>(() => _tts.Say(Text, Options() with { MaxRepeatedSeconds = double.NaN }));
    }
}
