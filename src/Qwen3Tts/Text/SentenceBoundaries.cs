// The rules SB1 to SB998 of UAX #29 (Unicode 17.0), without any tailoring. One pass over the text: what the rules have to know of the text
// before a position is the last terminator and what has followed it. Only SB8 looks ahead, and only to the next terminator, so the time is
// linear.
namespace Qwen3Tts.Text;

/// <summary>Finds the sentence boundaries of UAX #29.</summary>
static class SentenceBoundaries
{
    /// <summary>What has followed the last terminator: nothing, Close* or Close* Sp*.</summary>
    enum Phase { None, Terminator, Close, Space }

    /// <summary>The ends of all sentences.</summary>
    /// <param name="kinds">The property of each UTF-16 unit, as <see cref="SentenceBreaks.Of(ReadOnlySpan{char})"/> returns it.</param>
    /// <returns>Indices in ascending order. The last one is the length of the text; none for an empty text.</returns>
    public static List<int> Ends(ReadOnlySpan<SentenceBreak> kinds)
    {
        var ends = new List<int>();
        SentenceBreak last = SentenceBreak.Other, beforeTerminator = SentenceBreak.Other, terminator = SentenceBreak.Other;
        var phase = Phase.None;
        for (var i = 0; i < kinds.Length; i++)
        {
            var kind = kinds[i];
            if (kind == SentenceBreak.Extend) // SB5
                continue;
            if (phase != Phase.None && !Continues(kinds, i, phase, terminator, beforeTerminator))
            {
                ends.Add(i); // SB11
                phase = Phase.None;
            }
            if (IsParagraph(kind))
            {
                if (kind != SentenceBreak.CR || i + 1 == kinds.Length || kinds[i + 1] != SentenceBreak.LF) // SB3
                    ends.Add(i + 1); // SB4
                (phase, last) = (Phase.None, SentenceBreak.Other);
                continue;
            }
            if (IsTerminator(kind))
                (phase, terminator, beforeTerminator) = (Phase.Terminator, kind, last);
            else if (phase != Phase.None)
                phase = kind switch
                {
                    SentenceBreak.Close when phase != Phase.Space => Phase.Close,
                    SentenceBreak.Sp => Phase.Space,
                    _ => Phase.None,
                };
            last = kind;
        }
        if (kinds.Length > 0 && (ends.Count == 0 || ends[^1] < kinds.Length))
            ends.Add(kinds.Length); // SB2
        return ends;
    }

    public static bool IsParagraph(SentenceBreak kind) => kind is SentenceBreak.CR or SentenceBreak.LF or SentenceBreak.Sep;

    public static bool IsTerminator(SentenceBreak kind) => kind is SentenceBreak.ATerm or SentenceBreak.STerm;

    /// <summary>True if the sentence goes on at a position behind a terminator: SB6 to SB10.</summary>
    static bool Continues(ReadOnlySpan<SentenceBreak> kinds, int at, Phase phase, SentenceBreak terminator, SentenceBreak before) =>
        kinds[at] switch
        {
            SentenceBreak.Numeric when terminator == SentenceBreak.ATerm && phase == Phase.Terminator => true, // SB6
            SentenceBreak.Upper when terminator == SentenceBreak.ATerm && phase == Phase.Terminator
                && before is SentenceBreak.Upper or SentenceBreak.Lower => true, // SB7
            SentenceBreak.Close when phase != Phase.Space => true, // SB9
            SentenceBreak.SContinue or SentenceBreak.ATerm or SentenceBreak.STerm => true, // SB8a
            SentenceBreak.Sp or SentenceBreak.CR or SentenceBreak.LF or SentenceBreak.Sep => true, // SB9, SB10
            _ => terminator == SentenceBreak.ATerm && NextLetter(kinds, at) == SentenceBreak.Lower, // SB8
        };

    /// <summary>The first letter, terminator or line break from a position on; Other if there is none.</summary>
    public static SentenceBreak NextLetter(ReadOnlySpan<SentenceBreak> kinds, int at)
    {
        for (var i = at; i < kinds.Length; i++)
            if (kinds[i] is SentenceBreak.OLetter or SentenceBreak.Upper or SentenceBreak.Lower || IsParagraph(kinds[i])
                || IsTerminator(kinds[i]))
                return kinds[i];
        return SentenceBreak.Other;
    }
}
