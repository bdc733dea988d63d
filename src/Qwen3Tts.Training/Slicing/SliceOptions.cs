// What slice is asked to do, and what it says about each stretch of a recording.
using Qwen3Tts.Audio;

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
    /// <summary>Largest share of samples in flat tops of a clip.</summary>
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

/// <summary>A voice encoder.</summary>
/// <param name="SampleRate">Samples per second of what it takes.</param>
/// <param name="Fingerprint">A hash that changes with its weights.</param>
/// <param name="Embed">Turns speech into an x-vector.</param>
sealed record VoiceEncoder(int SampleRate, byte[] Fingerprint, Func<Waveform, float[]> Embed);

/// <summary>A recogniser that writes down what is said.</summary>
/// <param name="Name">Its name, with all that changes its results.</param>
/// <param name="Hear">The words of a clip.</param>
/// <param name="Owned">Is disposed with this; null for nothing.</param>
sealed record Transcriber(string Name, Func<Waveform, CancellationToken, string> Hear, IDisposable? Owned = null) : IDisposable
{
    public void Dispose() => Owned?.Dispose();
}

/// <summary>All that slice was asked to do.</summary>
sealed record SliceRequest
{
    /// <summary>Recordings, and folders of recordings.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }
    /// <summary>The folder of the clips.</summary>
    public required string Output { get; init; }
    public SliceOptions Options { get; init; } = new();
    /// <summary>Language of the list that is written; null names none.</summary>
    public string? Language { get; init; }
    /// <summary>Tells speakers apart; null takes all speech.</summary>
    public VoiceEncoder? Voices { get; init; }
    /// <summary>Writes the texts that no file has; null leaves them empty.</summary>
    public Transcriber? Transcriber { get; init; }
}

/// <summary>What slice did.</summary>
/// <param name="Slices">All stretches, in the order of the recordings.</param>
/// <param name="Seconds">Length of all recordings.</param>
/// <param name="Recordings">Number of recordings.</param>
/// <param name="Notes">What the user should know about recordings and their texts, with a remedy.</param>
sealed record SliceReport(IReadOnlyList<Slice> Slices, double Seconds, int Recordings, IReadOnlyList<string> Notes);
