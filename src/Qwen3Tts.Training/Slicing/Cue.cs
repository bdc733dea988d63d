// Texts with times: subtitles and labels. Their times are rarely exact, so a pause counts as a border between two texts if both of them
// leave it free, but for a tolerance.
namespace Qwen3Tts.Training.Slicing;

/// <summary>A text and when it is said.</summary>
sealed record Cue(Span Span, string Text);

/// <summary>The texts of a recording, in the order of their times.</summary>
/// <param name="Cues">The texts.</param>
/// <param name="Origin">Where they are from, for the table.</param>
sealed record Transcript(IReadOnlyList<Cue> Cues, string Origin)
{
    const double Tolerance = 0.25; // seconds

    /// <summary>Number of texts that are said before a pause.</summary>
    public int Before(Span pause)
    {
        var (low, high) = (0, Cues.Count);
        while (low < high)
            if (Cues[(low + high) / 2].Span.Middle < pause.Middle)
                low = (low + high) / 2 + 1;
            else
                high = (low + high) / 2;
        return low;
    }

    /// <summary>True if no text is said across the pause.</summary>
    public bool IsBorder(Span pause) => Before(pause) is var n
        && (n == 0 || Cues[n - 1].Span.End <= pause.End + Tolerance)
        && (n == Cues.Count || Cues[n].Span.Begin >= pause.Begin - Tolerance);

    /// <summary>The texts from one to before another, in one line.</summary>
    public string Text(int first, int end) => string.Join(' ', Cues.Skip(first).Take(end - first).Select(c => c.Text));

    /// <summary>Why a text cannot be what is said in so many seconds of speech, or null.</summary>
    public static string? Problem(string text, double seconds)
    {
        const double Fewest = 3, Most = 28; // letters a second; fast speakers reach 22
        const int Wide = 3; // a Chinese or Japanese character takes as long as about three letters
        var letters = text.EnumerateRunes().Where(System.Text.Rune.IsLetterOrDigit).Sum(r => r.Value >= 0x2E80 ? Wide : 1);
        var pace = letters / Math.Max(0.1, seconds);
        return pace > Most ? FormattableString.Invariant($"its text has {pace:0} letters a second, more than anybody says")
            : pace < Fewest ? FormattableString.Invariant($"its text has {pace:0.0} letters a second, less than is said")
            : null;
    }
}
