// Which words before a point do not end a sentence. One list serves all languages, because the language of a text is often not known, and
// because a sentence that is joined to the next one does less harm than one that is cut behind "Dr.".
using System.Buffers;

namespace Qwen3Tts.Text;

/// <summary>The list of abbreviations, which is part of the assembly.</summary>
static class Abbreviations
{
    static readonly HashSet<string> Always = [], BeforeNumbers = [], Months = [];
    static readonly SearchValues<char> Roman = SearchValues.Create("IVX");

    static Abbreviations()
    {
        using var reader = new StreamReader(typeof(Abbreviations).Assembly.GetManifestResourceStream("Abbreviations.txt")!);
        while (reader.ReadLine() is { } line)
        {
            var words = line.Split(' ');
            if (words[0] != "#")
                (words[0] switch { "always" => Always, "number" => BeforeNumbers, _ => Months }).UnionWith(words.Skip(1));
        }
    }

    /// <summary>True if a point behind a word does not end the sentence.</summary>
    /// <param name="word">What stands before the point, without the quotes and brackets that open it.</param>
    /// <param name="next">The text behind the point and its spaces; not empty.</param>
    /// <param name="begins">True if the sentence begins with the word, so that a number counts its lines.</param>
    /// <param name="ordinals">True if the language writes ordinal numbers with a point, as German does.</param>
    public static bool GoesOn(ReadOnlySpan<char> word, ReadOnlySpan<char> next, bool begins, bool ordinals)
    {
        if (word.IsEmpty)
            return false;
        if (!word.ContainsAnyExceptInRange('0', '9'))
            return word.Length <= 3 && (begins || ordinals || IsMonth(next));
        if (ordinals && !word.ContainsAnyExcept(Roman))
            return true; // Friedrich II.
        if (word is "a.m" or "p.m")
            return SentenceBreaks.Of(next[0]) != SentenceBreak.Upper;
        return IsLetters(word) || Has(Always, word) || char.IsDigit(next[0]) && Has(BeforeNumbers, word);
    }

    /// <summary>One letter, or several with points between them: J. R. R., z.B., U.S. The English word I is none.</summary>
    static bool IsLetters(ReadOnlySpan<char> word)
    {
        for (var i = 0; i < word.Length; i++)
            if (i % 2 == 0 ? SentenceBreaks.Of(word[i]) is not (SentenceBreak.Upper or SentenceBreak.Lower) : word[i] != '.')
                return false;
        return word.Length % 2 == 1 && word is not "I";
    }

    static bool IsMonth(ReadOnlySpan<char> next)
    {
        var length = 0;
        while (length < next.Length && char.IsLetter(next[length]))
            length++;
        return Has(Months, next[..length]);
    }

    static bool Has(HashSet<string> words, ReadOnlySpan<char> word)
    {
        var found = words.GetAlternateLookup<ReadOnlySpan<char>>();
        if (word.IsEmpty || found.Contains(word))
            return !word.IsEmpty;
        Span<char> lower = stackalloc char[32];
        if (word.Length > lower.Length || !char.IsUpper(word[0]))
            return false;
        word.CopyTo(lower);
        lower[0] = char.ToLowerInvariant(word[0]);
        return found.Contains(lower[..word.Length]);
    }
}
