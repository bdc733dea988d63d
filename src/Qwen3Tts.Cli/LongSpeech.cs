// Speaks a text for qwen3tts say: at once, or a long one sentence by sentence.
using Qwen3Tts.Generation;

namespace Qwen3Tts.Cli;

static class LongSpeech
{
    /// <summary>True if the text is spoken in more than one part.</summary>
    public static bool IsLong(Tts tts, string text, SpeechOptions options, LongTextOptions parts) =>
        tts.Kind != "voice_design" && tts.Parts(text, options, parts).Skip(1).Any();

    /// <summary>Speaks a text at once.</summary>
    /// <returns>The speed, how the speech ended, and the time of the text.</returns>
    public static (SpokenPace Spoken, SpeechEnding Ending, IReadOnlyList<SentenceTime> Times) SayAtOnce(Tts tts, string text,
        SpeechOptions options, SpokenTarget target, CancellationToken stop)
    {
        var speech = tts.Stream(text, options);
        var spoken = SpokenOutput.Write(speech.Until(stop), speech.SampleRate, () => $"{speech.Frames.Count} frames", target, stop);
        var (frames, reason) = (speech.Frames.Count, speech.FinishReason!.Value);
        return (spoken, SpeechEnding.Describe(reason, frames, target.File),
            [new(text, 0, frames / tts.FramesPerSecond, frames, reason, options.Sampling!.Seed)]);
    }

    /// <summary>Speaks a long text.</summary>
    /// <returns>The speed, how the speech ended, and the times of the sentences.</returns>
    public static (SpokenPace Spoken, SpeechEnding Ending, IReadOnlyList<SentenceTime> Times) Say(Tts tts, string text,
        SpeechOptions options, LongTextOptions parts, SpokenTarget target, CancellationToken stop)
    {
        var times = new List<SentenceTime>();
        var spoken = SpokenOutput.Write(Samples(), tts.SampleRate, () => $"sentence {times.Count + 1}", target, stop);
        return (spoken, SpeechEnding.Describe(times, parts.MaxSeconds is { } most
            && Math.Ceiling(most * tts.FramesPerSecond) <= times.Sum(t => t.Frames), stop.IsCancellationRequested, target.File), times);

        IEnumerable<float[]> Samples()
        {
            foreach (var chunk in tts.StreamLong(text, options, parts, stop))
            {
                if (chunk.Ended is { } time)
                    times.Add(time);
                yield return chunk.Samples;
            }
        }
    }
}
