// What was spoken: the samples, and how it went.
using Qwen3Tts.Audio;

namespace Qwen3Tts.Generation;

/// <summary>How long the steps of a speech took, from its beginning. The time that a stream waited for its reader or its text is in
/// it.</summary>
/// <param name="Prompt">Computing the prompt: voice, instruction and the text before the first frame.</param>
/// <param name="FirstFrame">Until the first frame was there.</param>
/// <param name="FirstAudio">Until the first samples were there. Whole speech is decoded at its end.</param>
/// <param name="Total">Until the last samples were there.</param>
public sealed record SpeechTimes(TimeSpan Prompt, TimeSpan FirstFrame, TimeSpan FirstAudio, TimeSpan Total);

/// <summary>How a speech went.</summary>
/// <param name="FinishReason">The reason why it ended.</param>
/// <param name="Frames">Frames that the model made, of 80 ms.</param>
/// <param name="Seconds">Length of the speech.</param>
/// <param name="Seed">The seed that it was spoken with; with <see cref="SpeechOptions.Retries"/>, that of the last attempt.</param>
/// <param name="Times">How long it took; with <see cref="SpeechOptions.Retries"/>, the last attempt.</param>
public record SpeechSummary(FinishReason FinishReason, int Frames, double Seconds, ulong Seed, SpeechTimes Times)
{
    /// <summary>Seconds of computing for each second of speech: below 1, the speech is made faster than it plays. 0 without
    /// speech.</summary>
    public double RealTimeFactor => Seconds > 0 ? Times.Total.TotalSeconds / Seconds : 0;
}

/// <summary>A spoken text.</summary>
public sealed record Speech : SpeechSummary
{
    internal Speech(Waveform waveform, SpeechSummary summary) : base(summary) => Waveform = waveform;

    /// <summary>The speech: frames * 1,920 samples within ±1.</summary>
    public Waveform Waveform { get; }

    /// <summary>The samples, within ±1.</summary>
    public float[] Samples => Waveform.Samples;

    /// <summary>Samples per second.</summary>
    public int SampleRate => Waveform.SampleRate;
}

/// <summary>A piece of speech.</summary>
/// <param name="Samples">Samples within ±1; possibly none in the last chunk.</param>
/// <param name="Start">Seconds from the start of the speech to the first sample.</param>
/// <param name="Frames">Frames of 80 ms in this chunk.</param>
/// <param name="Ended">How the speech went, with its last chunk; null while it goes on.</param>
public sealed record AudioChunk(float[] Samples, double Start, int Frames, SpeechSummary? Ended = null);
