// Text of an asynchronous source for a thread that waits for it. The source is read ahead, so that text which arrives during a frame is
// there when it is needed. Text is small: what is ahead needs no limit.
using System.Text;
using System.Threading.Channels;

namespace Qwen3Tts.Generation;

sealed class TextReadAhead
{
    readonly Channel<string> _pieces = Channel.CreateUnbounded<string>(new() { SingleReader = true, SingleWriter = true });

    /// <summary>Begins to read a source until its end, an error or the stop.</summary>
    /// <param name="source">The pieces.</param>
    /// <param name="stop">Is cancelled after one of the callers' tokens, or alone.</param>
    /// <param name="callers">The tokens that the source may have been given, too.</param>
    public static TextReadAhead Of(IAsyncEnumerable<string> source, CancellationToken stop, CancellationToken[] callers)
    {
        var ahead = new TextReadAhead();
        _ = Task.Run(() => ahead.Read(source, stop, callers), CancellationToken.None);
        return ahead;
    }

    async Task Read(IAsyncEnumerable<string> source, CancellationToken stop, CancellationToken[] callers)
    {
        try
        {
            await foreach (var piece in source.WithCancellation(stop).ConfigureAwait(false))
            {
                stop.ThrowIfCancellationRequested(); // the source may take no notice of it
                _pieces.Writer.TryWrite(piece);
            }
            _pieces.Writer.Complete();
        }
        catch (OperationCanceledException) when (Array.Exists(callers, c => c.IsCancellationRequested))
        {
            // The source may see the cancellation before the stop does. It is no error of the source: the stop is about to end the wait.
        }
        catch (Exception e)
        {
            _pieces.Writer.Complete(e); // it is thrown where the text is used
        }
    }

    /// <summary>The text that is there; null at the end of the text.</summary>
    /// <param name="wait">False to not wait if there is none; the result is empty then.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public string? Next(bool wait, CancellationToken stop)
    {
        if (wait && !_pieces.Reader.WaitToReadAsync(stop).AsTask().GetAwaiter().GetResult())
            return null;
        var text = new StringBuilder();
        while (_pieces.Reader.TryRead(out var piece))
            text.Append(piece);
        return text.ToString();
    }

    /// <summary>Waits for the whole text that is left.</summary>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public string Rest(CancellationToken stop)
    {
        var all = new StringBuilder();
        while (Next(wait: true, stop) is { } piece)
            all.Append(piece);
        return all.ToString();
    }
}
