// Speaking a long text without blocking the caller, with the samples of SayLong and StreamLong.
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Qwen3Tts.Generation;

namespace Qwen3Tts;

public sealed partial class Tts
{
    /// <summary>As <see cref="SayLong"/>, on a thread of its own, which is at most one sentence ahead of the reader.</summary>
    /// <param name="text">As for <see cref="SayLong"/>.</param>
    /// <param name="options">As for <see cref="SayLong"/>.</param>
    /// <param name="parts">As for <see cref="SayLong"/>.</param>
    /// <param name="cancellation">Checked after each frame of 80 ms.</param>
    /// <returns>The sentences of <see cref="SayLong"/>, bit for bit. Can be enumerated once. Speech begins with the enumeration; who leaves
    /// it early ends the speech.</returns>
    /// <exception cref="ArgumentException">As for <see cref="SayLong"/>, thrown by the call itself.</exception>
    /// <exception cref="OperationCanceledException">The speech was cancelled; thrown by the enumeration.</exception>
    public IAsyncEnumerable<SpokenSentence> SayLongAsync(string text, SpeechOptions? options = null, LongTextOptions? parts = null,
        CancellationToken cancellation = default)
    {
        _ = SayLong(text, options, parts); // reports mistakes now
        return ReadAhead(stop => SayLong(text, options, parts, stop), 1, cancellation);
    }

    /// <summary>As <see cref="StreamLong"/>, on a thread of its own, which is at most five seconds of speech ahead of the reader.</summary>
    /// <param name="text">As for <see cref="SayLong"/>.</param>
    /// <param name="options">As for <see cref="SayLong"/>.</param>
    /// <param name="parts">As for <see cref="SayLong"/>.</param>
    /// <param name="cancellation">As for <see cref="StreamLong"/>: no exception is thrown, and the last sentence ends with
    /// <see cref="FinishReason.Cancelled"/>.</param>
    /// <returns>The chunks of <see cref="StreamLong"/>, bit for bit. Can be enumerated once. Speech begins with the enumeration; who leaves
    /// it early ends the speech.</returns>
    /// <exception cref="ArgumentException">As for <see cref="SayLong"/>, thrown by the call itself.</exception>
    public IAsyncEnumerable<LongSpeechChunk> StreamLongAsync(string text, SpeechOptions? options = null, LongTextOptions? parts = null,
        CancellationToken cancellation = default)
    {
        _ = StreamLong(text, options, parts); // reports mistakes now
        return ReadAhead(stop => StreamLong(text, options, parts, stop), ChunksAhead, cancellation);
    }

    /// <summary>Enumerates on a thread of its own. After a cancellation the reader still gets what was made, and what follows from
    /// it.</summary>
    /// <param name="make">The items; its token is cancelled by the caller's, and when the reader leaves.</param>
    /// <param name="ahead">Items that may wait for the reader.</param>
    /// <param name="cancellation">The caller's.</param>
    static async IAsyncEnumerable<T> ReadAhead<T>(Func<CancellationToken, IEnumerable<T>> make, int ahead,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var channel = Channel.CreateBounded<T>(ahead);
        using var left = new CancellationTokenSource(); // the reader has left
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, left.Token);
        var making = OnOwnThread(() => Pass(make(stop.Token), channel.Writer, left.Token), default);
        try
        {
            await foreach (var item in channel.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
                yield return item;
            await making.ConfigureAwait(false); // throws what ended it
        }
        finally
        {
            await left.CancelAsync().ConfigureAwait(false);
            await ((Task)making).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Puts items into a channel; returns whether the reader took all of them.</summary>
    static bool Pass<T>(IEnumerable<T> items, ChannelWriter<T> to, CancellationToken left)
    {
        try
        {
            return items.All(item => WaitsForRoom(to, left) && to.TryWrite(item));
        }
        finally
        {
            to.Complete();
        }
    }
}
