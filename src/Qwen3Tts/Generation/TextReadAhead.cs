// Text of an asynchronous source for a thread that waits for it. The source is read ahead, so that text which arrives during a frame is
// there when it is needed. Text is small: what is ahead needs no limit.
using System.Text;
using System.Threading.Channels;

namespace Qwen3Tts.Generation;

sealed class TextReadAhead
{
    readonly Channel<string> _pieces = Channel.CreateUnbounded<string>(new() { SingleReader = true, SingleWriter = true });

    /// <summary>Begins to read a source until its end, an error or the stop.</summary>
    public static TextReadAhead Of(IAsyncEnumerable<string> source, CancellationToken stop)
    {
        var ahead = new TextReadAhead();
        _ = Task.Run(() => ahead.Read(source, stop), CancellationToken.None);
        return ahead;
    }

    async Task Read(IAsyncEnumerable<string> source, CancellationToken stop)
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
        catch (Exception e)
        {
            _pieces.Writer.Complete(e); // it is thrown where the text is used
        }
    }

    /// <summary>Waits for the next piece; null at the end of the text.</summary>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public string? Next(CancellationToken stop)
    {
        while (_pieces.Reader.WaitToReadAsync(stop).AsTask().GetAwaiter().GetResult())
            if (_pieces.Reader.TryRead(out var piece))
                return piece;
        return null;
    }

    /// <summary>Waits for the whole text that is left.</summary>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public string Rest(CancellationToken stop)
    {
        var all = new StringBuilder();
        while (Next(stop) is { } piece)
            all.Append(piece);
        return all.ToString();
    }
}
