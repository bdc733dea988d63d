// Sentences as a reader sees them: the boundaries of UAX #29, with tailoring. Two things are changed before the rules run: a single line
// break is a space, because files have lines of a fixed length, and an ellipsis is a terminator. Behind the rules, boundaries are dropped
// that abbreviations, numbers, domain names and quoted questions cause. In doubt a sentence goes on.
using System.Globalization;

namespace Qwen3Tts.Text;

/// <summary>A sentence of a text.</summary>
/// <param name="Start">Index of its first character, which is no space.</param>
/// <param name="End">Index behind its last character that is no space.</param>
/// <param name="EndsParagraph">True if an empty line, a paragraph separator or a form feed follows.</param>
readonly record struct Sentence(int Start, int End, bool EndsParagraph);

/// <summary>Splits a text into sentences.</summary>
static class SentenceSplitter
{
    const int LongestWord = 24; // longer words are no abbreviations

    /// <summary>The sentences of a text, in order. What lies between them are spaces and line breaks.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="language">The model's name of the language; null if it is not known. German writes ordinal numbers with a
    /// point.</param>
    public static List<Sentence> Split(string text, string? language = null)
    {
        var kinds = SentenceBreaks.Of(text);
        Tailor(text, kinds);
        var ordinals = "german".Equals(language, StringComparison.OrdinalIgnoreCase);
        var sentences = new List<Sentence>();
        var begin = 0;
        foreach (var end in SentenceBoundaries.Ends(kinds))
        {
            if (end <= begin || Kept(text, kinds, begin, end, ordinals) is not { } kept)
                continue;
            Add(text, kinds, begin, kept, sentences);
            begin = kept;
        }
        return sentences;
    }

    static void Add(string text, SentenceBreak[] kinds, int begin, int end, List<Sentence> sentences)
    {
        var paragraph = kinds[end - 1] == SentenceBreak.Sep;
        while (begin < end && char.IsWhiteSpace(text[begin]))
            begin++;
        while (end > begin && char.IsWhiteSpace(text[end - 1]))
            end--;
        if (begin < end)
            sentences.Add(new(begin, end, paragraph));
        else if (paragraph && sentences.Count > 0)
            sentences[^1] = sentences[^1] with { EndsParagraph = true };
    }

    /// <summary>Makes line breaks inside a paragraph spaces, those before an item of a list LF, and all others Sep.</summary>
    static void Tailor(string text, SentenceBreak[] kinds)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '…')
                kinds[i] = SentenceBreak.ATerm;
            if (!char.IsWhiteSpace(text[i]))
                continue;
            var (end, breaks, paragraph) = (i, 0, false);
            for (; end < text.Length && char.IsWhiteSpace(text[end]); end++)
            {
                breaks += text[end] is '\r' or '\n' or '\u0085' or '\u2028' && !(text[end] == '\n' && end > i && text[end - 1] == '\r')
                    ? 1 : 0;
                paragraph |= text[end] is '\u2029' or '\f';
            }
            var kind = paragraph || breaks > 1 ? SentenceBreak.Sep
                : breaks == 1 && IsItem(text.AsSpan(end)) ? SentenceBreak.LF : SentenceBreak.Sp;
            for (; i < end; i++)
                if (SentenceBoundaries.IsParagraph(kinds[i]) || kind == SentenceBreak.Sep && text[i] == '\f')
                    kinds[i] = kind;
            i--;
        }
    }

    /// <summary>True for a line that begins with a bullet, or with a number as in "1." and "2)".</summary>
    static bool IsItem(ReadOnlySpan<char> line)
    {
        var digits = 0;
        while (digits < Math.Min(3, line.Length) && char.IsAsciiDigit(line[digits]))
            digits++;
        var mark = line[digits..];
        return mark.Length > 1 && char.IsWhiteSpace(mark[1]) && (digits > 0 ? mark[0] is '.' or ')' : mark[0] is '-' or '*' or '•' or '–');
    }

    /// <summary>Where the sentence really ends: at the boundary or behind quotes that follow it; null if it goes on.</summary>
    static int? Kept(string text, SentenceBreak[] kinds, int begin, int end, bool ordinals)
    {
        if (end == kinds.Length || SentenceBoundaries.IsParagraph(kinds[end - 1]))
            return end;
        var (closed, mark) = (Back(kinds, end, SentenceBreak.Sp), 0);
        mark = Back(kinds, closed, SentenceBreak.Close) - 1;
        if (kinds[end] == SentenceBreak.Lower)
            return null; // "Really?" he asked.
        if (closed < end && BehindQuote(text, kinds, end) is var quoted && quoted > end)
            return quoted < kinds.Length && kinds[quoted] is SentenceBreak.Lower or SentenceBreak.SContinue ? null : quoted;
        if (closed == end && text[end - 1] is '」' or '』' or '）' && text[end] is >= '\u3041' and <= '\u309F')
            return null; // the particle behind a quotation: 「行こう。」と
        if (mark < begin || text[mark] is not ('.' or '…'))
            return end;
        if (mark + 1 == end)
            return null; // no space follows: example.org, 他…走
        return text[mark] == '.' && mark + 1 == closed
            && Abbreviations.GoesOn(WordBefore(text, begin, mark, out var first), text.AsSpan(end), first, ordinals) ? null : end;
    }

    /// <summary>The index behind the last unit before <paramref name="end"/> that is not of this kind.</summary>
    static int Back(SentenceBreak[] kinds, int end, SentenceBreak kind)
    {
        while (end > 0 && (kinds[end - 1] == kind || kinds[end - 1] == SentenceBreak.Extend))
            end--;
        return end;
    }

    /// <summary>The index behind a closing quote with a space before it, as in French, and behind the spaces after it.</summary>
    static int BehindQuote(string text, SentenceBreak[] kinds, int at)
    {
        var i = at;
        while (i < text.Length && (i > at && kinds[i] == SentenceBreak.Extend || CharUnicodeInfo.GetUnicodeCategory(text[i])
            is UnicodeCategory.ClosePunctuation or UnicodeCategory.FinalQuotePunctuation))
            i++;
        if (i == at || i < text.Length && char.IsLetterOrDigit(text, i))
            return at; // none, or one that opens: German »so«
        while (i < text.Length && kinds[i] is SentenceBreak.Sp or SentenceBreak.Extend)
            i++;
        return i;
    }

    static ReadOnlySpan<char> WordBefore(string text, int begin, int mark, out bool first)
    {
        var start = mark;
        while (start > begin && mark - start <= LongestWord && !char.IsWhiteSpace(text[start - 1]))
            start--;
        first = text.AsSpan(begin, start - begin).IsWhiteSpace();
        while (start < mark && !char.IsLetterOrDigit(text[start]))
            start++;
        return text.AsSpan(start, mark - start);
    }
}
