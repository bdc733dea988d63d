using System.Globalization;
using System.Text;

namespace Qwen3Tts.Generation;

/// <summary>Subtitles of spoken sentences.</summary>
public static class Subtitles
{
    /// <summary>The text of a file in the format SubRip (.srt): for each sentence its number, its times and its text in one line.</summary>
    /// <param name="sentences">The sentences in the order of the speech.</param>
    public static string Srt(IEnumerable<SentenceTime> sentences)
    {
        var srt = new StringBuilder();
        var number = 0;
        foreach (var sentence in sentences)
            srt.Append(CultureInfo.InvariantCulture, $"{++number}\n{Time(sentence.Start)} --> {Time(sentence.Start + sentence.Duration)}\n")
                // An arrow in the text would be read as a line of times.
                .Append(string.Join(' ', sentence.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                    .Replace("-->", "→", StringComparison.Ordinal)).Append("\n\n");
        return srt.ToString();
    }

    /// <summary>Hours, minutes, seconds and milliseconds.</summary>
    static string Time(double seconds)
    {
        var all = (long)Math.Round(seconds * 1000);
        return string.Create(CultureInfo.InvariantCulture,
            $"{all / 3_600_000:00}:{all / 60_000 % 60:00}:{all / 1000 % 60:00},{all % 1000:000}");
    }
}
