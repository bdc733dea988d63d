// The two pre-tokenizer expressions, matched by hand-written code. .NET's Regex cannot run them: it sees a code point above U+FFFF as two
// surrogates without a category, so Gothic or mathematical letters would be split where the official engine sees letters. The hand-written
// code also needs no backtracking. Tests compare both expressions with Regex on random text, with substitutes for code points above U+FFFF.
using System.Globalization;
using System.Text;

namespace Qwen3Tts.Text;

static class PieceSplitter
{
    public const string QwenPattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    public const string MistralPattern =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|" +
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|" +
        @"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>
    /// The properties of a code point that the expressions test. Upper and Lower are the two bracketed classes of the Mistral expression;
    /// marks, and letters without case, are in both.
    /// </summary>
    [Flags]
    enum Kind : byte { Other = 0, Letter = 1, Upper = 2, Lower = 4, Number = 8, Space = 16, Newline = 32, Slash = 64 }

    /// <summary>Splits text into consecutive pieces that cover all of it.</summary>
    /// <param name="text">Any text; a lone surrogate counts as a code point of no category.</param>
    /// <param name="rule">The expression; not <see cref="PreTokenizer.Auto"/>.</param>
    /// <returns>Ranges of UTF-16 indices.</returns>
    public static List<Range> Split(ReadOnlySpan<char> text, PreTokenizer rule)
    {
        var kinds = new Kind[text.Length + 1]; // [code points]
        var starts = new int[text.Length + 1];
        var count = 0;
        for (var at = 0; at < text.Length; count++)
        {
            Rune.DecodeFromUtf16(text[at..], out var rune, out var length);
            (kinds[count], starts[count]) = (KindOf(rune), at);
            at += length;
        }
        starts[count] = text.Length;

        var pieces = new List<Range>();
        var known = kinds.AsSpan(0, count);
        for (var i = 0; i < count;)
        {
            var end = rule == PreTokenizer.Mistral ? MistralWord(known, i) : QwenWord(known, i, text[starts[i]..]);
            if (end == i)
                end = NumberPunctuationOrSpace(known, i, text[starts[i]] == ' ', rule == PreTokenizer.Mistral ? Kind.Newline | Kind.Slash
                    : Kind.Newline);
            pieces.Add(starts[i]..starts[end]);
            i = end;
        }
        return pieces;
    }

    static Kind KindOf(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => Kind.Letter | Kind.Upper,
        UnicodeCategory.LowercaseLetter => Kind.Letter | Kind.Lower,
        UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Kind.Letter | Kind.Upper | Kind.Lower,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => Kind.Upper | Kind.Lower,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
        _ when rune.Value is '\r' or '\n' => Kind.Space | Kind.Newline,
        _ when Rune.IsWhiteSpace(rune) => Kind.Space,
        _ => rune.Value == '/' ? Kind.Slash : Kind.Other,
    };

    /// <summary><c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+</c>; the start if that does not match.</summary>
    static int QwenWord(ReadOnlySpan<Kind> kinds, int i, ReadOnlySpan<char> text)
    {
        if (text is ['\'', 's' or 'S' or 'ſ' or 't' or 'T' or 'm' or 'M' or 'd' or 'D', ..]) // case folding turns ſ, the long s, into s
            return i + 2;
        if (text is ['\'', 'r' or 'R' or 'v' or 'V', 'e' or 'E', ..] or ['\'', 'l' or 'L', 'l' or 'L', ..])
            return i + 3;
        var begin = i + Prefix(kinds, i);
        var end = Run(kinds, begin, Kind.Letter);
        return end > begin ? end : i;
    }

    /// <summary>
    /// Matches <c>[^\r\n\p{L}\p{N}]?[upper]*[lower]+|[^\r\n\p{L}\p{N}]?[upper]+[lower]*</c>; returns the start if neither branch matches. A
    /// mark may be the prefix or part of the word, so each branch is tried with the prefix and then without it.
    /// </summary>
    static int MistralWord(ReadOnlySpan<Kind> kinds, int i)
    {
        for (var begin = i + Prefix(kinds, i); begin >= i; begin--)
        {
            var upper = Run(kinds, begin, Kind.Upper);
            var lower = Run(kinds, upper, Kind.Lower);
            if (lower > upper)
                return lower;
            for (var last = upper - 1; last >= begin; last--) // [upper]* backtracks until [lower]+ matches a character
                if ((kinds[last] & Kind.Lower) != 0)
                    return last + 1;
        }
        for (var begin = i + Prefix(kinds, i); begin >= i; begin--)
            if (Run(kinds, begin, Kind.Upper) is var upper && upper > begin)
                return upper; // no lower-case letters follow, or the first branch would have matched
        return i;
    }

    /// <summary><c>\p{N}| ?[^\s\p{L}\p{N}]+[tail]*|\s*[\r\n]+|\s+(?!\S)|\s+</c></summary>
    static int NumberPunctuationOrSpace(ReadOnlySpan<Kind> kinds, int i, bool blank, Kind tail)
    {
        if ((kinds[i] & Kind.Number) != 0)
            return i + 1;
        var begin = blank ? i + 1 : i;
        var end = begin;
        while (end < kinds.Length && (kinds[end] & (Kind.Space | Kind.Letter | Kind.Number)) == 0)
            end++;
        if (end > begin)
            return Run(kinds, end, tail);
        end = Run(kinds, i, Kind.Space);
        for (var last = end - 1; last >= i; last--)
            if ((kinds[last] & Kind.Newline) != 0)
                return last + 1;
        return end == kinds.Length || end == i + 1 ? end : end - 1; // the last blank before a word is part of the word's piece
    }

    /// <summary>Length of <c>[^\r\n\p{L}\p{N}]?</c>.</summary>
    static int Prefix(ReadOnlySpan<Kind> kinds, int i) => (kinds[i] & (Kind.Newline | Kind.Letter | Kind.Number)) == 0 ? 1 : 0;

    static int Run(ReadOnlySpan<Kind> kinds, int i, Kind any)
    {
        while (i < kinds.Length && (kinds[i] & any) != 0)
            i++;
        return i;
    }
}
