// Reads TextGrid files of Praat, as MFA writes them, in the long and in the short form: after a header of two lines both are the same
// sequence of numbers and quoted texts, and the long form has names before them. Of several tiers, that of the words is taken.
using System.Globalization;
using System.Text.RegularExpressions;

namespace Qwen3Tts.Training.Slicing;

static partial class TextGrid
{
    const string Remedy = "Save it as a TextGrid with a tier of intervals.";

    public static List<Cue> Read(string path, string text)
    {
        var values = new Queue<string>(Values().Matches(text).Select(m => m.Value));
        string Next() => values.TryDequeue(out var value) ? value : throw CueFile.Bad(path, "it ends in the middle", Remedy);
        string Text() => Next() is ['"', .., '"'] quoted ? quoted[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal)
            : throw CueFile.Bad(path, "a text is missing where one is expected", Remedy);
        double Number() => double.TryParse(Next(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
            : throw CueFile.Bad(path, "a number is missing where one is expected", Remedy);
        if (Text() != "ooTextFile" || Text() != "TextGrid")
            throw CueFile.Bad(path, "it is no TextGrid", Remedy);
        (_, _) = (Number(), Number());
        if (values.TryPeek(out var exists) && exists == "<exists>")
            Next();
        var tiers = new List<(string Name, List<Cue> Cues)>();
        for (var left = Number(); left > 0 && values.Count > 0; left--)
        {
            var (kind, name, cues) = (Text(), Text(), new List<Cue>());
            (_, _) = (Number(), Number());
            for (var items = Number(); items > 0; items--)
                if (kind == "IntervalTier")
                    cues.Add(new(CueFile.Checked(path, Number(), Number()), Text()));
                else
                    (_, _) = (Number(), Text());
            if (cues.Count > 0)
                tiers.Add((name, cues));
        }
        return Choose(path, tiers);
    }

    static List<Cue> Choose(string path, List<(string Name, List<Cue> Cues)> tiers)
    {
        bool Has(string name, params string[] words) => words.Any(w => name.Contains(w, StringComparison.OrdinalIgnoreCase));
        var spoken = tiers.Where(t => !Has(t.Name, "phone", "syll", "tone")).ToList();
        return spoken.Count == 0 ? throw CueFile.Bad(path, "it has no tier of words", Remedy)
            : spoken.FirstOrDefault(t => Has(t.Name, "word")).Cues ?? spoken.MaxBy(t => t.Cues.Sum(c => c.Text.Length)).Cues;
    }

    // In the long form, names such as xmin and [1] stand before the values; they are no values themselves.
    [GeneratedRegex("""\"(?:[^\"]|\"\")*\"|<exists>|(?<![\w\[.])-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![\w\]])""")]
    private static partial Regex Values();
}
