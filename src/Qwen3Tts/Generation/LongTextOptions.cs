// How a long text is split and joined again: one record that the command line and other callers of the library fill.
using Qwen3Tts.Files;

namespace Qwen3Tts.Generation;

/// <summary>How a long text is spoken part by part.</summary>
public sealed record LongTextOptions
{
    /// <summary>
    /// Most text tokens of a part; at least 1. A longer sentence is split at commas and the like, then at spaces. 70 tokens are 22 s of
    /// speech; models are trained on at most 30 s.
    /// </summary>
    public int Longest { get; init; } = 70;

    /// <summary>
    /// Sentences of one paragraph are joined until a part has this many text tokens, because a model speaks single words badly. 0 speaks
    /// each sentence by itself.
    /// </summary>
    public int Shortest { get; init; } = 12;

    /// <summary>Seconds from the last sound of a sentence to the first sound of the next one; 0 to 60.</summary>
    public double Pause { get; init; } = 0.4;

    /// <summary>Seconds of the pause inside a sentence that was split; 0 to 60.</summary>
    public double ClausePause { get; init; } = 0.2;

    /// <summary>Seconds of the pause at the end of a paragraph; 0 to 60.</summary>
    public double ParagraphPause { get; init; } = 0.9;

    /// <summary>
    /// Stops after this many seconds of speech in all, rounded up to frames of 80 ms, without the pauses; null speaks the whole text.
    /// <see cref="SamplingOptions.MaxFrames"/> limits each part.
    /// </summary>
    public double? MaxSeconds { get; init; }

    static readonly NumberRange PauseRange = new(0, 60);

    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    internal void Check()
    {
        Check(new(1, int.MaxValue), "limit of tokens", Longest);
        Check(new(0, int.MaxValue), "least number of tokens", Shortest);
        Check(PauseRange, "pause", Pause);
        Check(PauseRange, "pause inside a sentence", ClausePause);
        Check(PauseRange, "pause of a paragraph", ParagraphPause);
        if (MaxSeconds is { } most)
            Check(new(0, double.MaxValue, Above: true), "limit of seconds", most);
    }

    static void Check(NumberRange range, string name, double value)
    {
        if (!range.Holds(value))
            throw new ArgumentException(FormattableString.Invariant($"The {name} is {value}. It must be {range.Words}."));
    }
}
