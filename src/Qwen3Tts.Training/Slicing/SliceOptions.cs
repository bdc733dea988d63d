// What slice is asked to do, and what it says about each stretch of a recording.
namespace Qwen3Tts.Training.Slicing;

/// <summary>How recordings are cut.</summary>
sealed record SliceOptions
{
    /// <summary>Shortest and longest clip, in seconds.</summary>
    public double Shortest { get; init; } = 3;
    public double Longest { get; init; } = 12;
    /// <summary>Seconds of quiet that are kept at both ends.</summary>
    public double Quiet { get; init; } = 0.2;
    /// <summary>A longer pause, in seconds, is always cut where the text permits it.</summary>
    public double LongestPause { get; init; } = 1;
    /// <summary>Least distance of the speech from the noise in its pauses, in dB.</summary>
    public double LeastDistance { get; init; } = 15;
    /// <summary>Largest share of samples in flat tops.</summary>
    public double MostClipped { get; init; } = 0.001;
}

/// <summary>A stretch of a recording that became a clip, or that was left out.</summary>
/// <param name="Source">The recording.</param>
/// <param name="Span">Where it is in the recording, with the quiet at both ends.</param>
/// <param name="Reason">Why it was left out, in one sentence; null if it is a clip.</param>
/// <param name="Kind">The reason in one or two words, for the summary; "clip" if it is one.</param>
sealed record Slice(string Source, Span Span, string? Reason, string Kind)
{
    public const string Clip = "clip";

    /// <summary>The clip's file; null if it was left out.</summary>
    public string? File { get; init; }
    /// <summary>What is said; empty if nobody wrote it yet.</summary>
    public string Text { get; init; } = "";
    /// <summary>Distance of the speech from the noise in its pauses, in dB; null if there is no pause to measure.</summary>
    public double? Distance { get; init; }
}
