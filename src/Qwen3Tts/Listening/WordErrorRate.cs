// The word error rate: the edit distance between the words that should be said and the words that were recognised, by kind of error.
using System.Globalization;
using System.Text;

namespace Qwen3Tts.Listening;

/// <summary>The errors of one or more utterances. A sum over utterances is weighted by their words, as is usual.</summary>
/// <param name="Words">Number of words of the reference.</param>
/// <param name="Substitutions">Words that were recognised as another word.</param>
/// <param name="Insertions">Words that were recognised and are not in the reference.</param>
/// <param name="Deletions">Words of the reference that were not recognised.</param>
readonly record struct WordErrorRate(int Words, int Substitutions, int Insertions, int Deletions)
{
    public int Errors => Substitutions + Insertions + Deletions;

    /// <summary>Errors divided by the words of the reference; may exceed 1. 0 if there is no word and no error.</summary>
    public double Rate => Errors == 0 ? 0 : (double)Errors / Math.Max(1, Words);

    public static WordErrorRate operator +(WordErrorRate a, WordErrorRate b) =>
        new(a.Words + b.Words, a.Substitutions + b.Substitutions, a.Insertions + b.Insertions, a.Deletions + b.Deletions);

    /// <summary>
    /// The fewest edits that turn the reference into the hypothesis. Of equally few edits, those with the most substitutions are taken.
    /// </summary>
    public static WordErrorRate Compare(IReadOnlyList<string> reference, IReadOnlyList<string> hypothesis)
    {
        // best[j]: the fewest edits from the reference's words so far to the first j words of the hypothesis
        var best = new WordErrorRate[hypothesis.Count + 1];
        for (var j = 1; j < best.Length; j++)
            best[j] = new(0, 0, Insertions: j, 0);
        foreach (var word in reference)
        {
            var diagonal = best[0];
            best[0] = diagonal with { Deletions = diagonal.Deletions + 1 };
            for (var j = 1; j < best.Length; j++)
            {
                var (above, left) = (best[j], best[j - 1]);
                var way = word == hypothesis[j - 1] ? diagonal : diagonal with { Substitutions = diagonal.Substitutions + 1 };
                if (above.Errors + 1 < way.Errors)
                    way = above with { Deletions = above.Deletions + 1 };
                if (left.Errors + 1 < way.Errors)
                    way = left with { Insertions = left.Insertions + 1 };
                (diagonal, best[j]) = (above, way);
            }
        }
        return best[^1] with { Words = reference.Count };
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture,
        $"{100 * Rate:0.0} % of {Words} words ({Substitutions} wrong, {Insertions} too many, {Deletions} missing)");
}

/// <summary>Normalises a text to words, so that a different spelling never counts as an error.</summary>
static class SpokenWords
{
    static readonly string[] English = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    static readonly string[] German = ["null", "eins", "zwei", "drei", "vier", "fuenf", "sechs", "sieben", "acht", "neun"];

    /// <summary>
    /// The words in lower case without punctuation; each digit becomes a word in the given language, or in English if that language is
    /// unknown.
    /// </summary>
    public static IReadOnlyList<string> Split(string text, string? language = null)
    {
        var german = string.Equals(language, "german", StringComparison.OrdinalIgnoreCase);
        var words = new StringBuilder();
        foreach (var c in text.Normalize(NormalizationForm.FormC).ToLowerInvariant())
            words.Append(c switch
            {
                >= '0' and <= '9' => $" {(german ? German : English)[c - '0']} ",
                'ä' when german => "ae",
                'ö' when german => "oe",
                'ü' when german => "ue",
                'ß' when german => "ss",
                '’' => "'",
                '\'' => "'",
                _ => char.IsLetter(c) || CharUnicodeInfo.GetUnicodeCategory(c)
                    is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark ? c.ToString() : " ",
            });
        return [.. words.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => w.Trim('\'')).Where(w => w.Length > 0)];
    }
}
