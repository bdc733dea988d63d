// The smallest pieces that a long sentence may be split into: words, and where a word is too long by itself (Chinese and Thai have no
// spaces), its characters. A number stays whole, whatever points, commas and spaces it has, and so does a character of several code points.
using System.Globalization;

namespace Qwen3Tts.Text;

/// <summary>How good a break behind a unit is; a larger one is better.</summary>
enum UnitBreak { Character, Space, Clause }

/// <summary>A piece of a sentence that is not split.</summary>
/// <param name="Start">Index of its first character, which is no space.</param>
/// <param name="End">Index behind its last character that is no space.</param>
/// <param name="Weight">Its length in the caller's measure.</param>
/// <param name="After">The break behind it.</param>
readonly record struct TextUnit(int Start, int End, int Weight, UnitBreak After);

/// <summary>Splits a sentence into units.</summary>
static class TextUnits
{
    // Punctuation that ends a clause if a space follows, and punctuation that ends it also without a space.
    // Most characters that stay together because of punctuation; a row of a hundred exclamation marks is split.
    const int MostTight = 8;
    const string BeforeSpace = ",;:.!?…،؛·—–", Always = "，、；：。！？､｡।॥︐︑︓︔";

    /// <summary>The units between two indices. Spaces between them belong to none.</summary>
    public static List<TextUnit> Of(string text, int begin, int end, Func<string, int> weigh, int longest)
    {
        var units = new List<TextUnit>();
        for (var start = begin; start < end;)
        {
            var stop = start + 1;
            while (stop < end && !MayBreak(text, stop, begin))
                stop++;
            var last = stop;
            while (last > start && char.IsWhiteSpace(text[last - 1]))
                last--;
            while (start < last && char.IsWhiteSpace(text[start]))
                start++;
            if (start < last)
                Add(text, new(start, last, 0, After(text, last, stop)), weigh, longest, units);
            start = stop;
        }
        return units;
    }

    static void Add(string text, TextUnit word, Func<string, int> weigh, int longest, List<TextUnit> units)
    {
        var weight = weigh(text[word.Start..word.End]);
        if (weight <= longest)
        {
            units.Add(word with { Weight = weight });
            return;
        }
        for (var start = word.Start; start < word.End;)
        {
            var stop = start + StringInfo.GetNextTextElementLength(text.AsSpan(start, word.End - start));
            while (stop < word.End && (IsInNumber(text, stop) || HasSpace(text, stop) || stop - start < MostTight && Tight(text, stop)))
                stop += StringInfo.GetNextTextElementLength(text.AsSpan(stop, word.End - stop));
            units.Add(new(start, stop, weigh(text[start..stop]), stop == word.End ? word.After : UnitBreak.Character));
            start = stop;
        }
    }

    /// <summary>True if a unit may end at an index inside the text.</summary>
    static bool MayBreak(string text, int at, int begin)
    {
        var (before, next) = (text[at - 1], text[at]);
        if (char.IsWhiteSpace(before))
            return !char.IsWhiteSpace(next) && !IsMark(text, at) && !IsSpaceOfNumber(text, at, begin);
        return Always.Contains(before) && !char.IsWhiteSpace(next) && !Closes(next) && !IsMark(text, at) && !IsInNumber(text, at);
    }

    /// <summary>A mark on a space or on punctuation belongs to the same character as what is before it.</summary>
    static bool IsMark(string text, int at) => SentenceBreaks.Of(text.AsSpan(at, char.IsHighSurrogate(text[at])
        && at + 1 < text.Length ? 2 : 1))[0] == SentenceBreak.Extend;

    static UnitBreak After(string text, int last, int stop)
    {
        var i = last - 1;
        while (i > 0 && Closes(text[i]))
            i--;
        return Always.Contains(text[i]) || stop > last && BeforeSpace.Contains(text[i]) ? UnitBreak.Clause
            : stop > last ? UnitBreak.Space : UnitBreak.Character;
    }

    /// <summary>True beside a space. A unit has one only inside a number or under a mark.</summary>
    static bool HasSpace(string text, int at) => char.IsWhiteSpace(text[at]) || char.IsWhiteSpace(text[at - 1]);

    /// <summary>True between a digit and a digit, and on both sides of a point, comma, colon or slash between digits.</summary>
    static bool IsInNumber(string text, int at)
    {
        bool Digit(int i) => i >= 0 && i < text.Length && char.IsDigit(text[i]);
        bool Joint(int i) => i >= 0 && i < text.Length && ".,:/'’٫٬-．，：".Contains(text[i]);
        return Digit(at - 1) && (Digit(at) || Joint(at) && Digit(at + 1)) || Joint(at - 1) && Digit(at - 2) && Digit(at);
    }

    /// <summary>True if a space is inside a number: one to three digits before it, and groups of three digits behind it.</summary>
    static bool IsSpaceOfNumber(string text, int at, int begin)
    {
        const int Group = 3;
        bool Digit(int i) => i >= begin && i < text.Length && char.IsDigit(text[i]);
        var digits = 0;
        while (digits <= Group && Digit(at + digits))
            digits++;
        return Digit(at - 2) && digits == Group;
    }

    /// <summary>Closing punctuation does not begin a unit, and opening punctuation does not end one.</summary>
    static bool Tight(string text, int at) =>
        Closes(text[at]) || Always.Contains(text[at]) || BeforeSpace.Contains(text[at])
        || CharUnicodeInfo.GetUnicodeCategory(text[at - 1]) is UnicodeCategory.OpenPunctuation or UnicodeCategory.InitialQuotePunctuation;

    static bool Closes(char c) => c is '"' or '\'' || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.ClosePunctuation
        or UnicodeCategory.FinalQuotePunctuation;
}
