// How a text is to be spoken: the one record that command line, HTTP and library hand down.
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Generation;

/// <summary>How a text is to be spoken.</summary>
public sealed record SpeechOptions
{
    /// <summary>A speaker of the model, in any case. Not together with <see cref="Voice"/>.</summary>
    public string? Speaker { get; init; }

    /// <summary>A cloned voice.</summary>
    public Voice? Voice { get; init; }

    /// <summary>How to speak, or which voice to design, in words; null or empty for none.</summary>
    public string? Instruct { get; init; }

    /// <summary>A language of the model, in any case. "Auto" leaves it to the model.</summary>
    public string Language { get; init; } = "Auto";

    /// <summary>
    /// Where the text lies; null is interleaved for a cloned voice and text first for all else, as in the official package.
    /// </summary>
    public Layout? Layout { get; init; }

    /// <summary>How codes are drawn; null is what the model asks for, <c>Tts.Sampling</c>.</summary>
    public SamplingOptions? Sampling { get; init; }

    /// <summary>A <see cref="MaxFramesPerToken"/> that no speech reaches which ends: three times what speech takes.
    /// The command line has it unless told otherwise.</summary>
    public const double UsualMaxFramesPerToken = 12;

    /// <summary>Stops speech that does not end by itself: at most two seconds and this many frames of 80 ms for each text token. Speech
    /// takes about 3 to 5. Null leaves <see cref="SamplingOptions.MaxFrames"/> as the only limit, as in the official package.</summary>
    public double? MaxFramesPerToken { get; init; }
}
