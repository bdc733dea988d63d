// How a text is to be spoken: one record that the command line and other callers of the library fill.
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Generation;

/// <summary>How a text is to be spoken.</summary>
public sealed record SpeechOptions
{
    /// <summary>Name of one of the model's speakers, in any case. Cannot be combined with <see cref="Voice"/>.</summary>
    public string? Speaker { get; init; }

    /// <summary>A cloned voice.</summary>
    public Voice? Voice { get; init; }

    /// <summary>
    /// Changes of the weights for this speech alone, from <c>Tts.LoadAdapter</c>; null for none. <see cref="Speaker"/> may then be one of
    /// the adapter's speakers.
    /// </summary>
    public VoiceAdapter? Adapter { get; init; }

    /// <summary>An instruction in words: how to speak, or which voice to design; null or empty for none.</summary>
    public string? Instruct { get; init; }

    /// <summary>One of the model's languages, in any case. "Auto" lets the model decide.</summary>
    public string Language { get; init; } = "Auto";

    /// <summary>
    /// Where the text stands. Null takes the defaults of the official package: interleaved for a cloned voice, otherwise text first.
    /// </summary>
    public Layout? Layout { get; init; }

    /// <summary>The sampling options; null takes those of the model, <c>Tts.Sampling</c>.</summary>
    public SamplingOptions? Sampling { get; init; }

    /// <summary>
    /// Default of the command line for <see cref="MaxFramesPerToken"/>: three times what speech takes, so speech that ends by itself does
    /// not reach it.
    /// </summary>
    public const double UsualMaxFramesPerToken = 12;

    /// <summary>
    /// Stops speech that does not end by itself, after two seconds plus this number of frames (80 ms) for each text token. Speech takes
    /// about 3 to 5. An <see cref="Instruct"/>, which may ask for slow speech, doubles it. A voice with a transcript, whose recording has
    /// more than four frames for each token, raises it in that ratio, at most by two. With null,
    /// <see cref="SamplingOptions.MaxFrames"/> is the only limit, as in the official package.
    /// </summary>
    public double? MaxFramesPerToken { get; init; }

    /// <summary>
    /// Default of the command line for <see cref="MaxRepeatedSeconds"/>: longer than any pause inside speech. RepetitionGuard.cs has the
    /// measurements.
    /// </summary>
    public const double UsualMaxRepeatedSeconds = 12;

    /// <summary>
    /// Stops speech that does nothing but repeat itself for so long, be it a phrase of up to four seconds or silence; 1 to 3600. A pause
    /// that is shorter than 7/8 of this is never cut. With null, speech may repeat itself, as in the official package.
    /// </summary>
    public double? MaxRepeatedSeconds { get; init; }

    /// <summary>
    /// How often a speech that ends with <see cref="FinishReason.Runaway"/> is spoken again with another seed, which follows from the first
    /// one; the result tells which seed it has. If no attempt ends by itself, the last one is returned. 0 by default. Only for <c>Say</c>,
    /// <c>SayAsync</c>, <c>SayAll</c>, and each part of <c>SayLong</c>: a stream has returned samples before it is known how it ends.
    /// Needs one of the limits <see cref="MaxFramesPerToken"/> and <see cref="MaxRepeatedSeconds"/>.
    /// </summary>
    public int Retries { get; init; }

    /// <summary>
    /// Turns a text, or a part of a long text, into what is read aloud: numbers, dates and units into words. Null reads it as it is;
    /// the model then reads numbers as it learned to, which may be wrong.
    /// </summary>
    public Func<string, string>? Normalize { get; init; }

    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    internal void Check()
    {
        if (MaxRepeatedSeconds is { } most && !(most is >= 1 and <= 3600))
            throw new ArgumentException(FormattableString.Invariant(
                $"The limit of repeated seconds is {most}. It must be 1 to 3600; null is no limit."));
        if (MaxFramesPerToken is { } each && !(each >= 0))
            throw new ArgumentException(FormattableString.Invariant(
                $"The limit of frames for each token is {each}. It must be 0 or more; null is no limit."));
        if (Retries < 0)
            throw new ArgumentException($"The number of retries is {Retries}. It must be 0 or more.");
        if (Retries > 0 && MaxFramesPerToken is null && MaxRepeatedSeconds is null)
            throw new ArgumentException($"The number of retries is {Retries}, and no limit finds speech that does not end. Set "
                + $"{nameof(MaxFramesPerToken)} or {nameof(MaxRepeatedSeconds)}.");
    }

    internal string Reading(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Normalize is null ? text
            : Normalize(text) ?? throw new ArgumentException($"{nameof(Normalize)} returned null for a text. It must return a text.");
    }
}
