// Makes the speech of a request, piece by piece. What is computed is that of Tts.StreamAsync, or for a long text that of Tts.StreamLong:
// the samples of a seed are those of 'qwen3tts say', whatever else the server speaks at the same time.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Server;

/// <summary>How a speech went.</summary>
sealed record SpokenEnd(FinishReason Reason, int Frames, double Seconds, TimeSpan FirstAudio, TimeSpan Total);

/// <summary>A piece of speech; the last one has its end.</summary>
sealed record SpokenPiece(float[] Samples, int Frames, SpokenEnd? End);

static class Speaking
{
    const int PiecesAhead = 8;

    /// <summary>Speaks the text of a request.</summary>
    /// <param name="plan">The request, which is ready.</param>
    /// <param name="stop">Checked after each frame.</param>
    /// <exception cref="ArgumentException">The model cannot do what is asked for; thrown by the call itself.</exception>
    public static IAsyncEnumerable<SpokenPiece> Speak(SpeechPlan plan, CancellationToken stop)
    {
        var (model, text, speech) = (plan.Model, plan.Text, plan.Speech);
        var isLong = model.Kind != "voice_design" && model.Parts(text, speech, plan.Parts).Skip(1).Any();
        return Watched(isLong ? Long(model, model.StreamLong(text, speech, plan.Parts, stop), plan.Parts, stop)
            : Short(model.StreamAsync(text, speech, stop)), model, plan.FirstFrames);
    }

    /// <summary>Speaks text that arrives.</summary>
    public static IAsyncEnumerable<SpokenPiece> Speak(SpeechPlan plan, IAsyncEnumerable<string> text, CancellationToken stop) =>
        Watched(Short(plan.Model.StreamAsync(text, plan.Speech, stop)), plan.Model, plan.FirstFrames);

    static async IAsyncEnumerable<(float[] Samples, int Frames, FinishReason? Reason)> Short(IAsyncEnumerable<AudioChunk> chunks)
    {
        await foreach (var chunk in chunks.ConfigureAwait(false))
            yield return (chunk.Samples, chunk.Frames, chunk.Ended?.FinishReason);
    }

    // On a thread of its own, which waits for its frames and for its reader.
    static async IAsyncEnumerable<(float[] Samples, int Frames, FinishReason? Reason)> Long(Tts model, IEnumerable<LongSpeechChunk> chunks,
        LongTextOptions parts, [EnumeratorCancellation] CancellationToken stop)
    {
        var channel = Channel.CreateBounded<(float[], int, FinishReason?)>(PiecesAhead);
        using var left = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var speaking = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            await foreach (var piece in channel.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
                yield return piece;
        }
        finally
        {
            await left.CancelAsync().ConfigureAwait(false);
            await speaking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        void Put(float[] samples, int frames, FinishReason? reason) =>
            channel.Writer.WriteAsync((samples, frames, reason), left.Token).AsTask().GetAwaiter().GetResult();
        void Run()
        {
            try
            {
                var (reason, frames) = (FinishReason.End, 0);
                foreach (var chunk in chunks)
                {
                    frames += chunk.Ended?.Frames ?? 0;
                    reason = reason == FinishReason.End && chunk.Ended is { } sentence ? sentence.FinishReason : reason;
                    Put(chunk.Samples, chunk.Ended?.Frames ?? 0, null);
                }
                var isCut = parts.MaxSeconds is { } most && frames >= Math.Ceiling(most * model.FramesPerSecond);
                Put([], 0, stop.IsCancellationRequested ? FinishReason.Cancelled : isCut ? FinishReason.Length : reason);
                channel.Writer.Complete();
            }
            catch (Exception e)
            {
                channel.Writer.Complete(e);
            }
        }
    }

    /// <summary>Counts and takes the time, and holds the first pieces back until they have so many frames.</summary>
    static async IAsyncEnumerable<SpokenPiece> Watched(IAsyncEnumerable<(float[] Samples, int Frames, FinishReason? Reason)> pieces,
        Tts model, int firstFrames)
    {
        var began = Stopwatch.GetTimestamp();
        var (samples, frames, first) = (0L, 0, TimeSpan.Zero);
        List<float>? held = firstFrames > 1 ? [] : null;
        await foreach (var (piece, count, reason) in pieces.ConfigureAwait(false))
        {
            (samples, frames) = (samples + piece.Length, frames + count);
            if (first == TimeSpan.Zero && piece.Length > 0)
                first = Stopwatch.GetElapsedTime(began);
            var end = reason is { } why ? new SpokenEnd(why, frames, (double)samples / model.SampleRate, first,
                Stopwatch.GetElapsedTime(began)) : null;
            held?.AddRange(piece);
            if (held is not null && end is null && samples < firstFrames / model.FramesPerSecond * model.SampleRate)
                continue;
            yield return new(held is null ? piece : [.. held], count, end);
            held = null;
        }
    }
}
