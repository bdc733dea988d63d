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
    /// about 3 to 5. With null, <see cref="SamplingOptions.MaxFrames"/> is the only limit, as in the official package.
    /// </summary>
    public double? MaxFramesPerToken { get; init; }

    /// <summary>
    /// Turns a text, or a part of a long text, into what is read aloud: numbers, dates and units into words. Null reads it as it is;
    /// the model then reads numbers as it learned to, which may be wrong.
    /// </summary>
    public Func<string, string>? Normalize { get; init; }

    internal string Reading(string text) => Normalize is { } normalize ? normalize(text) : text;
}
