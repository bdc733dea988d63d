// The property Sentence_Break of every code point, from a table that is part of the assembly: .NET does not have this property, and with a
// table of our own, a text is split at the same places in every version of .NET.
using System.Globalization;

namespace Qwen3Tts.Text;

/// <summary>The values of the property. Format counts as Extend, because the rules treat both alike.</summary>
enum SentenceBreak : byte
{
    Other, CR, LF, Sep, Extend, Sp, Lower, Upper, OLetter, Numeric, ATerm, SContinue, STerm, Close,
}

/// <summary>Finds the property of a code point.</summary>
static class SentenceBreaks
{
    const int PageBits = 8, CodePoints = 0x110000;

    /// <summary>Pages of 256 code points. Most pages have one value only, and all pages of one value are one array.</summary>
    static readonly SentenceBreak[][] Pages = Read();

    /// <summary>The value of each UTF-16 unit of a text. The second half of a surrogate pair is Extend, so the rules skip it.</summary>
    public static SentenceBreak[] Of(ReadOnlySpan<char> text)
    {
        var kinds = new SentenceBreak[text.Length];
        for (var i = 0; i < text.Length; i++)
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
            {
                kinds[i] = Of(char.ConvertToUtf32(text[i], text[i + 1]));
                kinds[++i] = SentenceBreak.Extend;
            }
            else
                kinds[i] = Of(text[i]);
        return kinds;
    }

    /// <summary>The value of a code point; Other for half of a surrogate pair.</summary>
    public static SentenceBreak Of(int codePoint) => Pages[codePoint >> PageBits][codePoint & ((1 << PageBits) - 1)];

    static SentenceBreak[][] Read()
    {
        var all = new SentenceBreak[CodePoints];
        using (var reader = new StreamReader(typeof(SentenceBreaks).Assembly.GetManifestResourceStream("SentenceBreak.txt")!))
            while (reader.ReadLine() is { } line)
                if (!line.StartsWith('#'))
                    Fill(all, line.Split(' '));
        var uniform = new Dictionary<SentenceBreak, SentenceBreak[]>();
        var pages = new SentenceBreak[CodePoints >> PageBits][];
        for (var p = 0; p < pages.Length; p++)
        {
            var page = all[(p << PageBits)..((p + 1) << PageBits)];
            pages[p] = !page.AsSpan().ContainsAnyExcept(page[0])
                ? uniform.TryGetValue(page[0], out var same) ? same : uniform[page[0]] = page : page;
        }
        return pages;
    }

    static void Fill(SentenceBreak[] all, string[] words)
    {
        static int Hex(string s) => int.Parse(s, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var (even, odd) = words[0] switch
        {
            "UpperLower" => (SentenceBreak.Upper, SentenceBreak.Lower),
            "LowerUpper" => (SentenceBreak.Lower, SentenceBreak.Upper),
            var name => (Enum.Parse<SentenceBreak>(name), Enum.Parse<SentenceBreak>(name)),
        };
        foreach (var range in words.Skip(1))
        {
            var ends = range.Split('-');
            for (int first = Hex(ends[0]), c = first; c <= Hex(ends[^1]); c++)
                all[c] = (c - first) % 2 == 0 ? even : odd;
        }
    }
}
