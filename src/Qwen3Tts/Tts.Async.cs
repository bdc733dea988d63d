// Speaking without blocking the caller. Each speech has a thread of its own, which waits for its frames, its text and its reader; what is
// computed is that of Say and Stream. Speeches of one model that go on at the same time are computed together (FrameSteps).
using System.Threading.Channels;
using Qwen3Tts.Generation;
using Qwen3Tts.Text;

namespace Qwen3Tts;

public sealed partial class Tts
{
    const int ChunksAhead = 8; // at most 5 s of speech

    /// <summary>Speeches that hold a key-value cache.</summary>
    internal int StatesInUse => _talker.StatesInUse;

    /// <summary>Speaks a text on a thread of its own. Any number of speeches may be asked for at once; up to 32 are computed together, and
    /// each is what <see cref="Say"/> makes of its text alone, bit for bit.</summary>
    /// <param name="text">As for <see cref="Say"/>.</param>
    /// <param name="options">As for <see cref="Say"/>.</param>
    /// <param name="cancellation">Checked after each frame of 80 ms; the task is then cancelled.</param>
    /// <inheritdoc cref="Say"/>
    public Task<Speech> SayAsync(string text, SpeechOptions? options = null, CancellationToken cancellation = default) =>
        OnOwnThread(() => Say(text, options, cancellation), cancellation);

    /// <summary>
    /// Speaks a text on a thread of its own, and returns each chunk as soon as it is computed. The samples are those of <see cref="Say"/>,
    /// bit for bit. The thread is at most five seconds of speech ahead of the reader, and waits then.
    /// </summary>
    /// <param name="text">As for <see cref="Say"/>.</param>
    /// <param name="options">As for <see cref="Stream"/>.</param>
    /// <param name="cancellation">Checked after each frame of 80 ms. No exception is thrown: the last chunk has the frames up to then and
    /// <see cref="FinishReason.Cancelled"/>.</param>
    /// <returns>Chunks; the last one tells how the speech went. Can be enumerated once. Speech begins with the enumeration; who leaves it
    /// early ends the speech, and its memory is free when the enumerator is disposed, as <c>await foreach</c> does.</returns>
    /// <exception cref="ArgumentException">As for <see cref="Stream"/>, thrown by the call itself.</exception>
    public IAsyncEnumerable<AudioChunk> StreamAsync(string text, SpeechOptions? options = null, CancellationToken cancellation = default)
    {
        var speech = Stream(text, options);
        return new Stoppable<AudioChunk>(reader => Chunks((_, _) => speech, options, [cancellation, reader]));
    }

    /// <summary>
    /// Speaks a text while it arrives, such as the answer of a language model. The samples are those of the whole text, bit for bit. If the
    /// next word is not there yet, the speech waits for it. A word is used when what follows it has arrived: a space, punctuation, or the
    /// end of the text. So the pieces may end anywhere.
    /// Speaking while the text arrives needs <see cref="Sequence.Layout.Interleaved"/>, the default of cloned voices. In the layout
    /// <see cref="Sequence.Layout.TextFirst"/>, the default of named speakers, the whole text stands before the first frame, and is
    /// waited for; likewise with <see cref="SpeechOptions.Normalize"/>. In-context cloning waits for the text that stands beside the frames
    /// of the recording.
    /// </summary>
    /// <param name="text">Pieces of the text. It is read ahead of the speech.</param>
    /// <param name="options">As for <see cref="Stream"/>.</param>
    /// <param name="cancellation">As for <see cref="StreamAsync(string, SpeechOptions?, CancellationToken)"/>; also checked while text is
    /// waited for.</param>
    /// <returns>As for <see cref="StreamAsync(string, SpeechOptions?, CancellationToken)"/>. The enumeration throws what the text throws,
    /// and <see cref="ArgumentException"/> if the text is empty, or a character or word cannot be spoken.</returns>
    /// <exception cref="ArgumentException">An option does not fit this model; thrown by the call itself.</exception>
    public IAsyncEnumerable<AudioChunk> StreamAsync(IAsyncEnumerable<string> text, SpeechOptions? options = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        CheckOptions(options ?? new());
        return new Stoppable<AudioChunk>(reader => Chunks((stop, callers) =>
            Arriving(TextReadAhead.Of(text, stop, callers), options ?? new(), stop), options, [cancellation, reader]));
    }

    SpeechStream Arriving(TextReadAhead text, SpeechOptions options, CancellationToken stop)
    {
        if (options.Normalize is not null || LayoutOf(options) == Sequence.Layout.TextFirst)
            return Stream(text.Rest(stop), options);
        var (growing, ended) = (new GrowingText(_tokenizer), false);
        var utterance = UtteranceOf("a", options) with { Text = [], TextFollows = true };
        return Begin(utterance, options, ArrivingText.From(Next, LengthLimit.Of(options.MaxFramesPerToken, utterance)));

        IReadOnlyList<int>? Next(bool wait, CancellationToken stop)
        {
            if (ended)
                return null;
            if (text.Next(wait, stop) is { } piece)
                return growing.Add(piece);
            ended = true;
            return growing.End();
        }
    }

    /// <param name="open">Begins the speech, from the token that stops it and the callers' tokens, which are seen as cancelled
    /// first.</param>
    /// <param name="options">Those of the speech.</param>
    /// <param name="callers">The tokens of the call and of the enumeration.</param>
    async IAsyncEnumerator<AudioChunk> Chunks(Func<CancellationToken, CancellationToken[], SpeechStream> open, SpeechOptions? options,
        CancellationToken[] callers)
    {
        var channel = Channel.CreateBounded<AudioChunk>(ChunksAhead);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(callers);
        var speaking = OnOwnThread(() => Speak(() => open(stop.Token, callers), (options?.Sampling ?? Sampling).Seed, channel.Writer,
            stop.Token), default);
        try
        {
            await foreach (var chunk in channel.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
                yield return chunk;
            yield return await speaking.ConfigureAwait(false); // the last one, or the error
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)speaking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Speaks into a channel. The last chunk is returned; after a stop it has all samples for which the reader has no
    /// room.</summary>
    AudioChunk Speak(Func<SpeechStream> open, ulong seed, ChannelWriter<AudioChunk> chunks, CancellationToken stop)
    {
        var (made, rest) = (0L, new List<float>());
        AudioChunk Next(float[] samples, SpeechSummary? ended = null)
        {
            var start = (double)made / SampleRate;
            made += samples.Length;
            return new(samples, start, samples.Length / _codec.SamplesPerFrame, ended);
        }
        try
        {
            var speech = open();
            foreach (var samples in speech.Until(stop))
                if (WaitsForRoom(chunks, stop))
                    chunks.TryWrite(Next(samples));
                else
                    rest.AddRange(samples);
            return Next([.. rest], speech.Summarize());
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested) // before there was a text
        {
            return Next([], new(FinishReason.Cancelled, 0, 0, seed, new(default, default, default, default)));
        }
        finally
        {
            chunks.Complete();
        }
    }

    /// <summary>Waits until the reader has room for a chunk; false after a stop.</summary>
    static bool WaitsForRoom<T>(ChannelWriter<T> chunks, CancellationToken stop)
    {
        try
        {
            return chunks.WaitToWriteAsync(stop).AsTask().GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Not on the pool: the threads wait for one another most of the time, and the pool starts few at once.</summary>
    static Task<T> OnOwnThread<T>(Func<T> work, CancellationToken cancellation) => Task.Factory.StartNew(work, cancellation,
        TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    /// <summary>An enumeration that is given both tokens, that of the call and that of the enumeration, and not one that is linked to
    /// them: it would be cancelled later than what else has these tokens.</summary>
    sealed class Stoppable<T>(Func<CancellationToken, IAsyncEnumerator<T>> begin) : IAsyncEnumerable<T>
    {
        public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default) => begin(cancellationToken);
    }
}
