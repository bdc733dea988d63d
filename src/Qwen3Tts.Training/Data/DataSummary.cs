// A summary of a set of clips that fits one screen: a table, the clips that were left out, and the doubts.
using System.Globalization;
using Qwen3Tts.Audio;
using Qwen3Tts.Data;

namespace Qwen3Tts.Training.Data;

/// <summary>The numbers of one clip; null if they were not measured.</summary>
sealed record DataRow(Clip Clip, ClipLevels? Levels, int? Tokens)
{
    /// <summary>See <see cref="PreparedClip.VoiceDistance"/>.</summary>
    public double? VoiceDistance { get; init; }

    /// <summary>Quality of the original recording.</summary>
    public SoundQuality? Sound { get; init; }

    /// <summary>See <see cref="TranscriptScores.Saved"/>.</summary>
    public double? TextSaves { get; init; }

    /// <summary>Frames a second of the codec that made the codes; null without a model.</summary>
    public double? FramesPerSecond { get; init; }

    public double? Seconds => Clip.Codes is { } codes && FramesPerSecond is { } rate ? codes.Count / rate : Levels?.Seconds;
    public double? FramesPerToken => Clip.Codes is { } codes && Tokens is > 0 and var n ? (double)codes.Count / n : null;
}

sealed record DataSummary(IReadOnlyList<DataRow> Rows, ListProblems LeftOut, IReadOnlyList<string> Doubts)
{
    public static DataSummary Summarise(PreparationReport report) =>
        new([.. report.Clips.Select(c => new DataRow(c.Clip, c.Levels, c.Tokens)
        {
            VoiceDistance = c.VoiceDistance,
            FramesPerSecond = report.FramesPerSecond,
            Sound = c.Sound,
            TextSaves = c.TextSaves,
        })], report.LeftOut, report.Doubts)
        {
            Texts = report.Texts,
            Coverage = report.Coverage,
        };

    /// <summary>How the texts fit the recordings; empty if that was not asked.</summary>
    public string Texts { get; init; } = "";

    /// <summary>The sounds in the texts; null if they were not counted.</summary>
    public Coverage? Coverage { get; init; }

    public List<(string Name, string Value)> Table()
    {
        var table = new List<(string, string)>();
        void Spread(string name, Func<DataRow, double?> of, string format, string unit, string before = "")
        {
            if (Rows.Select(of).OfType<double>().ToList() is { Count: > 0 } values)
                table.Add((name, string.Create(CultureInfo.InvariantCulture,
                    $"{before}median {ClipChecks.Median(values).ToString(format, CultureInfo.InvariantCulture)}, " +
                    $"{values.Min().ToString(format, CultureInfo.InvariantCulture)} to " +
                    $"{values.Max().ToString(format, CultureInfo.InvariantCulture)}{unit}")));
        }
        var heldOut = Rows.Count(r => r.Clip.HeldOut == true);
        table.Add(("clips", Rows.All(r => r.Clip.HeldOut is null) ? $"{Rows.Count}"
            : $"{Rows.Count}: {Rows.Count - heldOut} to train on, {heldOut} held out"));
        Spread("minutes", r => r.Seconds, "0.0", " s",
            string.Create(CultureInfo.InvariantCulture, $"{Rows.Sum(r => r.Seconds ?? 0) / 60:0.0}; a clip: "));
        table.Add(("languages", Counts(r => r.Clip.Language)));
        table.Add(("speakers", Counts(r => r.Clip.Speaker)));
        Spread("text tokens", r => r.Tokens, "0", "", $"{Rows.Sum(r => r.Tokens ?? 0)}; a clip: ");
        Spread("frames a token", r => r.FramesPerToken, "0.0", "");
        Spread("speech level", r => r.Levels is { Rms: > 0 } l ? RecordingChecks.Decibel(l.Rms) : null, "0.0", " dBFS as recorded");
        Spread("peak", r => r.Levels is { Peak: > 0 } l ? RecordingChecks.Decibel(l.Peak) : null, "0.0", " dBFS as recorded");
        Spread("loudness", r => r.Sound?.Lufs, "0.0", " LUFS as recorded");
        Spread("noise", r => -r.Sound?.BelowSpeech, "0", " dB from the speech");
        Spread("bandwidth", r => r.Sound?.Bandwidth / 1000, "0.0", " kHz");
        Spread("reverberation", r => r.Sound?.Decay, "0.00", " s for 60 dB, estimated");
        Spread("voice", r => r.VoiceDistance, "0.0", " deviations from the clip most like all others");
        if (Texts.Length > 0)
            table.Add(("texts", Texts));
        if (Coverage is { } coverage)
            table.Add(("sounds", string.Create(CultureInfo.InvariantCulture,
                $"{coverage.Letters} letters, {coverage.Pairs} pairs of letters") + (coverage.Next.Count == 0 ? "" : string.Create(
                CultureInfo.InvariantCulture, $": {100 * coverage.Covered:0} % of those in our texts")) + (coverage.Rare.Count == 0 ? ""
                : $"; rare or missing: {string.Join(' ', coverage.Rare)}")));
        table.Add(("problems", $"{LeftOut.Count} left out, {Doubts.Count} to listen to"
            + (LeftOut.Dropped > 0 ? $", {LeftOut.Dropped} dropped in a review" : "")));
        return table;
    }

    string Counts(Func<DataRow, string?> of) =>
        string.Join(", ", Rows.GroupBy(of).OrderByDescending(g => g.Count()).Select(g => $"{g.Key ?? "none named"} {g.Count()}"));

    /// <summary>The table, followed by the clips left out and the doubts, at most twenty of each.</summary>
    public static string Text(IEnumerable<(string Name, string Value)> table, IReadOnlyList<string> leftOut, IReadOnlyList<string> doubts)
    {
        const int Shown = 20;
        var lines = table.Select(r => $"{r.Name,-16}{r.Value}").ToList();
        foreach (var (title, messages) in new[] { ("Left out", leftOut), ("To listen to", doubts) })
            if (messages.Count > 0)
            {
                lines.Add($"{title}, {messages.Count}:");
                lines.AddRange(messages.Take(Shown));
                if (messages.Count > Shown)
                    lines.Add($"… and {messages.Count - Shown} more.");
            }
        return string.Join('\n', lines);
    }
}
