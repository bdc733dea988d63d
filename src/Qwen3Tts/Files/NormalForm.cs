// Unicode normal form C. string.Normalize needs ICU: with invariant globalization, which lets the program run on a machine without that
// library, it silently returns its input. So the table is part of the assembly. It is the table of Unicode 9.0, because the official
// tokenizer uses that version and does not reorder newer marks (found by trying all of them). The algorithm is UAX #15.
using System.Globalization;
using System.Text;

namespace Qwen3Tts.Files;

static class NormalForm
{
    const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7; // Hangul
    const int Leads = 19, Vowels = 21, Trails = 28, Syllables = Leads * Vowels * Trails;

    static readonly Dictionary<int, int[]> Decompositions = [];
    static readonly Dictionary<(int First, int Second), int> Compositions = [];
    static readonly Dictionary<int, byte> Classes = [];
    // Finds code points that can change, or can combine with the code point before them. A text without any is already in normal form.
    static readonly HashSet<int> Movable = [];

    static NormalForm()
    {
        using var reader = new StreamReader(typeof(NormalForm).Assembly.GetManifestResourceStream("NormalFormC.txt")!);
        while (reader.ReadLine() is { } line)
        {
            var words = line.Split(' ');
            if (words[0] != "#")
                Add(words[0], words[1], words[2..]);
        }
    }

    static void Add(string codes, string relation, string[] values)
    {
        static int Hex(string s) => int.Parse(s, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (relation == ":")
        {
            var range = codes.Split("..");
            for (var c = Hex(range[0]); c <= Hex(range[^1]); c++)
            {
                Classes[c] = byte.Parse(values[0], CultureInfo.InvariantCulture);
                Movable.Add(c);
            }
            return;
        }
        var (code, parts) = (Hex(codes), Array.ConvertAll(values, Hex));
        Decompositions[code] = parts;
        if (relation == "=")
            Compositions[(parts[0], parts[1])] = code;
        Movable.Add(relation == "=" ? parts[1] : code);
    }

    /// <summary>The text in normal form C. Lone surrogates become U+FFFD.</summary>
    public static string C(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\u0300', '\uFFFF') || !text.EnumerateRunes().Any(r => CanChange(r.Value)))
            return text;
        var codes = new List<int>(text.Length + 8);
        foreach (var rune in text.EnumerateRunes())
            Decompose(rune.Value, codes);
        Order(codes);
        Compose(codes);
        var result = new StringBuilder(codes.Count);
        foreach (var code in codes)
            result.Append(new Rune(code).ToString());
        return result.ToString();
    }

    static bool CanChange(int code) =>
        Movable.Contains(code) || code is >= VowelBase and < VowelBase + Vowels or > TrailBase and < TrailBase + Trails;

    static void Decompose(int code, List<int> into)
    {
        var syllable = code - SyllableBase;
        if (syllable is >= 0 and < Syllables)
        {
            into.Add(LeadBase + syllable / (Vowels * Trails));
            into.Add(VowelBase + syllable / Trails % Vowels);
            if (syllable % Trails != 0)
                into.Add(TrailBase + syllable % Trails);
        }
        else if (Decompositions.TryGetValue(code, out var parts))
            foreach (var part in parts)
                Decompose(part, into);
        else
            into.Add(code);
    }

    /// <summary>Sorts each run of combining marks by class. Marks of one class keep their order.</summary>
    static void Order(List<int> codes)
    {
        for (var begin = 0; begin < codes.Count; begin++)
        {
            var end = begin;
            while (end < codes.Count && Class(codes[end]) != 0)
                end++;
            if (end - begin > 1)
            {
                var sorted = codes.GetRange(begin, end - begin).OrderBy(Class).ToArray(); // OrderBy is stable
                for (var i = 0; i < sorted.Length; i++)
                    codes[begin + i] = sorted[i];
            }
            begin = end;
        }
    }

    /// <summary>
    /// Combines each code point with the last base before it, unless a mark of the same or a higher class is between them.
    /// </summary>
    static void Compose(List<int> codes)
    {
        int count = 0, start = -1, between = 0; // between: class of the last mark after the base that did not combine
        foreach (var code in codes.ToArray())
        {
            var own = Class(code);
            var reachable = start >= 0 && (count == start + 1 || between < own);
            if (reachable && Composed(codes[start], code) is { } joined)
            {
                codes[start] = joined;
                continue;
            }
            if (own == 0)
                start = count;
            between = own;
            codes[count++] = code;
        }
        codes.RemoveRange(count, codes.Count - count);
    }

    static int? Composed(int first, int second)
    {
        var (lead, vowel, syllable, trail) = (first - LeadBase, second - VowelBase, first - SyllableBase, second - TrailBase);
        if (lead is >= 0 and < Leads && vowel is >= 0 and < Vowels)
            return SyllableBase + (lead * Vowels + vowel) * Trails;
        if (syllable is >= 0 and < Syllables && syllable % Trails == 0 && trail is > 0 and < Trails)
            return first + trail;
        return Compositions.TryGetValue((first, second), out var code) ? code : null;
    }

    static byte Class(int code) => Classes.GetValueOrDefault(code);
}
