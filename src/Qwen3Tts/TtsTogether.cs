// Several texts at once. Reading the weights takes most of the time of a frame, and texts that are spoken together read them once.
using System.Runtime.ExceptionServices;
using Qwen3Tts.Generation;

namespace Qwen3Tts;

public sealed partial class Tts
{
    /// <summary>Speaks several texts at once. Each is what <see cref="Say"/> makes of it alone, bit for bit.</summary>
    /// <param name="texts">The texts; none is empty.</param>
    /// <param name="options">How to speak all of them, with the same seed.</param>
    /// <param name="together">How many are spoken at the same time, 1 to 32. Each needs memory for its sequence.</param>
    /// <param name="cancellation">Checked after each frame of 80 ms.</param>
    /// <returns>The speech of each text, in the order of the texts.</returns>
    /// <exception cref="ArgumentException">A text is empty, or an option does not fit this model.</exception>
    /// <exception cref="OperationCanceledException">The speech was cancelled.</exception>
    public IReadOnlyList<Speech> SayAll(IReadOnlyList<string> texts, SpeechOptions? options = null, int together = 8,
        CancellationToken cancellation = default)
    {
        if (together is < 1 or > 32)
            throw new ArgumentOutOfRangeException(nameof(together), together, "From 1 to 32 texts can be spoken at the same time.");
        var speeches = new Speech[texts.Count];
        var (next, error) = (-1, (Exception?)null);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // Threads of their own: they wait for one another most of the time, and the pool would start two of them at first.
        Thread[] threads = [.. Enumerable.Range(0, Math.Min(together, texts.Count)).Select(_ => new Thread(Speak) { IsBackground = true })];
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        cancellation.ThrowIfCancellationRequested();
        if (error is not null)
            ExceptionDispatchInfo.Throw(error);
        return speeches;

        void Speak()
        {
            try
            {
                for (var i = Interlocked.Increment(ref next); i < texts.Count; i = Interlocked.Increment(ref next))
                    speeches[i] = Say(texts[i], options, stop.Token);
            }
            catch (Exception e)
            {
                if (Interlocked.CompareExchange(ref error, e, null) is null)
                    stop.Cancel(); // the others need not go on
            }
        }
    }
}
