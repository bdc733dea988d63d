using System.Threading.Channels;
using Qwen3Tts.Generation;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Tests;

/// <summary>Who cancels a stream gets what was made; who leaves it or does not read it stops it, and it is freed.</summary>
public sealed class StoppedStreamTests : StreamTests
{
    [Fact]
    public async Task ACancelledStreamGivesWhatItMade()
    {
        using var stop = new CancellationTokenSource();
        var waiting = Channel.CreateUnbounded<string>(); // it never ends
        waiting.Writer.TryWrite("Set white at ");
        var (frames, last) = (0, (AudioChunk?)null);
        var speech = Model.StreamAsync(waiting.Reader.ReadAllAsync(CancellationToken.None), Options());
        await foreach (var chunk in speech.WithCancellation(stop.Token))
        {
            (frames, last) = (frames + chunk.Frames, chunk);
            await stop.CancelAsync();
        }
        Assert.Equal((FinishReason.Cancelled, frames), (last!.Ended!.FinishReason, last.Ended.Frames));
        Assert.True(frames > 0);
        var whole = Model.Say(Text, Options()).Samples;
        var one = await Samples(Model.StreamAsync(Text, Options(), new(canceled: true)), FinishReason.Cancelled);
        Assert.Equal(whole[..1920], one); // the stop is seen after the first frame
        foreach (var layout in new Layout?[] { Layout.TextFirst, Layout.Interleaved })
            Assert.Empty(await Samples(Model.StreamAsync(Channel.CreateUnbounded<string>().Reader.ReadAllAsync(), Options() with
            { Layout = layout }, new(canceled: true)), FinishReason.Cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Model.SayAsync(Text, Options(), new(canceled: true)));
        var saying = Model.SayAsync(Text, Options(frames: 2000) with { Normalize = t => { stop.Cancel(); return t; } }, stop.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => saying);
    }

    /// <summary>The callbacks of a token run one after another. Those of one thread run in reverse order, so that of the text runs
    /// first.</summary>
    /// <param name="ofTheCall">Whether the token is given to the call, or to the enumeration.</param>
    /// <param name="another">Whether the other one gets a token, too, so that both are linked.</param>
    [Theory]
    [InlineData(true, false), InlineData(true, true), InlineData(false, false), InlineData(false, true)]
    public async Task ATextThatSeesTheCancellationFirstIsNoError(bool ofTheCall, bool another)
    {
        using var stop = new CancellationTokenSource();
        using var never = new CancellationTokenSource();
        var text = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var other = another ? never.Token : default;
        await using var speech = Model.StreamAsync(Text(), Options(), ofTheCall ? stop.Token : other)
            .GetAsyncEnumerator(ofTheCall ? other : stop.Token);
        var first = speech.MoveNextAsync(); // the speech has registered its callback
        using var registered = stop.Token.Register(() =>
        {
            text.TrySetCanceled(stop.Token);
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
            await text.Task;
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
        foreach (var _ in Model.Stream(Text, Options()))
            break;
        Assert.Equal(0, Model.StatesInUse);
        await foreach (var _ in Model.StreamAsync(Text, Options()))
        {
            Assert.Equal(1, Model.StatesInUse);
            break;
        }
        Assert.Equal(0, Model.StatesInUse);
        var endless = Channel.CreateUnbounded<string>();
        endless.Writer.TryWrite("Set white at ");
        await foreach (var _ in Model.StreamAsync(endless.Reader.ReadAllAsync(), Options()))
            break;
        Assert.Equal(0, Model.StatesInUse);
    }
}
