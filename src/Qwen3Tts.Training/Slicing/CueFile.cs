// Reads files of texts with times: SRT, WebVTT, TextGrid of Praat, and labels of HTK or Audacity, which have a begin, an end and a text on
// each line. A TXT or .lab without times is only a text.
using System.Globalization;
using System.Text.RegularExpressions;
using Qwen3Tts.Data;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Slicing;

static partial class CueFile
{
    /// <summary>Extensions that are looked for beside a recording; the first that is there is taken.</summary>
    public static readonly IReadOnlyList<string> Extensions = [".TextGrid", ".srt", ".vtt", ".lab", ".txt"];

    /// <summary>Reads the texts of a file.</summary>
    /// <returns>The texts with times; or one text and null where the file has no times.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, has phones instead of words, or has no text.</exception>
    public static (IReadOnlyList<Cue>? Cues, string Text) Read(string path)
    {
        var text = TextFile.Read(path).ReplaceLineEndings("\n");
        var cues = Path.GetExtension(path).ToUpperInvariant() switch
        {
            ".SRT" or ".VTT" => Subtitles(path, text),
            ".TEXTGRID" => TextGrid.Read(path, text),
            _ => Labels(path, text),
        };
        if (cues is null)
            return text.Any(char.IsLetterOrDigit) ? (null, text) : throw Bad(path, "it has no text", "Write what is said, or remove it.");
        var said = cues.Select(c => c with { Text = Clean(c.Text) }).Where(c => c.Text.Any(char.IsLetterOrDigit))
            .OrderBy(c => c.Span.Middle).ToList();
        if (said.Count == 0)
            throw Bad(path, "it has no text", "Write what is said, or remove it.");
        if (said.Count > 10 && said.All(c => c.Text.Length <= 3 && c.Text.All(char.IsAscii)))
            throw Bad(path, $"its {said.Count} labels look like phones, not words", "Give the file of words, or remove it.");
        return (said, "");
    }

    /// <summary>Blocks of a line with two times and lines of text. Numbers, notes and styles stand outside of such blocks.</summary>
    static List<Cue> Subtitles(string path, string text)
    {
        var (cues, lines) = (new List<Cue>(), text.Split('\n'));
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].Contains("-->", StringComparison.Ordinal))
                continue;
            var place = $"{path}({i + 1})";
            if (Times().Match(lines[i]) is not { Success: true } times)
                throw Bad(place, $"'{Printable.Text(lines[i].Trim())}' are no times", "They read 00:01:02,500 --> 00:01:04,000.");
            var said = new List<string>();
            while (i + 1 < lines.Length && lines[i + 1].Trim().Length > 0 && !lines[i + 1].Contains("-->", StringComparison.Ordinal))
                said.Add(lines[++i]);
            cues.Add(new(Checked(place, Time(times.Groups, 1), Time(times.Groups, 5)), string.Join(' ', said)));
        }
        return cues.Count > 0 ? cues : throw Bad(path, "it has no line with times", "They read 00:01:02,500 --> 00:01:04,000.");
    }

    /// <summary>Lines of begin, end and text, in seconds or in the 100 ns of HTK; null if the first line is none of them.</summary>
    static List<Cue>? Labels(string path, string text)
    {
        var (cues, number) = (new List<Cue>(), 0);
        foreach (var line in text.Split('\n'))
        {
            number++;
            if (line.Trim().Length == 0 || line.StartsWith('\\')) // Audacity writes frequencies in lines that begin with a backslash
                continue;
            if (Label().Match(line) is not { Success: true } label)
                return cues.Count == 0 ? null
                    : throw Bad($"{path}({number})", $"'{Printable.Text(line.Trim())}' is no label", "A line reads 1.5 2.8 What is said.");
            double Number(int group) => double.Parse(label.Groups[group].Value, CultureInfo.InvariantCulture);
            var unit = label.Groups[2].Value.Contains('.', StringComparison.Ordinal) || Number(2) < 100_000 ? 1 : 1e-7;
            cues.Add(new(Checked($"{path}({number})", Number(1) * unit, Number(2) * unit), label.Groups[3].Value));
        }
        return cues.Count > 0 ? cues : null;
    }

    /// <summary>The text without markup, signs of music and descriptions of sounds, in one line.</summary>
    public static string Clean(string text)
    {
        var plain = System.Net.WebUtility.HtmlDecode(Markup().Replace(text, " "));
        return ClipList.Words(plain.Trim() is "sil" or "SIL" or "sp" or "SP" or "spn" or "<eps>" ? "" : plain.TrimStart(' ', '-', '–'));
    }

    static double Time(GroupCollection groups, int first)
    {
        double Part(int i) => groups[i].Length == 0 ? 0 : double.Parse(groups[i].Value, CultureInfo.InvariantCulture);
        return 3600 * Part(first) + 60 * Part(first + 1) + Part(first + 2) + Part(first + 3) / Math.Pow(10, groups[first + 3].Length);
    }

    public static Span Checked(string place, double begin, double end) => begin <= end && double.IsFinite(end) ? new(begin, end)
        : throw Bad(place, FormattableString.Invariant($"it ends at {end:0.###} s, before it begins at {begin:0.###} s"),
            "Correct the times.");

    public static InvalidDataException Bad(string place, string what, string remedy) => new($"{place}: {what}. {remedy}");

    const string TimeOfDay = @"(?:([0-9]{1,3}):)?([0-9]{1,2}):([0-9]{1,2})(?:[,.]([0-9]{1,6}))?";

    [GeneratedRegex($@"^\s*{TimeOfDay}\s*-->\s*{TimeOfDay}")]
    private static partial Regex Times();

    [GeneratedRegex(@"^\s*([0-9]{1,15}(?:\.[0-9]{1,9})?)\s+([0-9]{1,15}(?:\.[0-9]{1,9})?)(?:\s+(.*))?$")]
    private static partial Regex Label();

    [GeneratedRegex(@"<[^<>]*>|\{[^{}]*\}|\[[^\[\]]*\]|\([^()]*\)|[♪♫]")]
    private static partial Regex Markup();
}
