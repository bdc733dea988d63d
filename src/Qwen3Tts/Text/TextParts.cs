// From a long text to the parts that are spoken one after another. A part is a sentence, several short ones, or a piece of a long one.
// Nothing is lost: the parts, put together, are the text without some of its spaces.
namespace Qwen3Tts.Text;

/// <summary>Splits a long text into parts.</summary>
static class TextParts
{
    /// <summary>A range of the text with its weight.</summary>
    readonly record struct Piece(int Start, int End, int Weight, PartEnd After);

    /// <summary>The parts of a text, in order. A part is weighed and split when it is asked for.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="weigh">The length of a piece of text, in tokens or another measure. It must not be negative.</param>
    /// <param name="longest">Largest weight of a part. Only a word or number that cannot be split may be heavier.</param>
    /// <param name="shortest">Sentences of one paragraph are joined until they have this weight, if they do not get longer than
    /// <paramref name="longest"/>.</param>
    /// <param name="language">The model's name of the language; null if it is not known.</param>
    public static IEnumerable<TextPart> Of(string text, Func<string, int> weigh, int longest, int shortest, string? language = null)
    {
        Piece? waiting = null;
        foreach (var sentence in SentenceSplitter.Split(text, language))
            foreach (var piece in Pieces(text, sentence, weigh, longest))
            {
                if (waiting is not { } before)
                    waiting = piece;
                else if (before.After == PartEnd.Sentence && Math.Min(before.Weight, piece.Weight) < shortest
                    && (long)before.Weight + piece.Weight <= longest)
                    waiting = piece with { Start = before.Start, Weight = before.Weight + piece.Weight };
                else
                {
                    yield return Part(text, before);
                    waiting = piece;
                }
            }
        if (waiting is { } last)
            yield return Part(text, last with { After = PartEnd.Paragraph });
    }

    /// <summary>True if a text has a letter or a digit. Any other text has nothing to say.</summary>
    public static bool HasWord(string text) => text.EnumerateRunes().Any(System.Text.Rune.IsLetterOrDigit);

    static TextPart Part(string text, Piece piece) => new(text[piece.Start..piece.End], piece.After);

    static IEnumerable<Piece> Pieces(string text, Sentence sentence, Func<string, int> weigh, int longest)
    {
        var after = sentence.EndsParagraph ? PartEnd.Paragraph : PartEnd.Sentence;
        var weight = weigh(text[sentence.Start..sentence.End]);
        if (weight <= longest)
        {
            yield return new(sentence.Start, sentence.End, weight, after);
            yield break;
        }
        var units = TextUnits.Of(text, sentence.Start, sentence.End, weigh, longest);
        var rest = units.Sum(u => (long)u.Weight);
        for (var first = 0; first < units.Count;)
        {
            var count = Cut(units, first, rest, longest);
            var (start, own) = (units[first].Start, units.Skip(first).Take(count).Sum(u => u.Weight));
            first += count;
            rest -= own;
            var end = units[first - 1].End;
            yield return new(start, end, own, first == units.Count ? after : PartEnd.Clause);
        }
    }

    /// <summary>
    /// How many units the next piece has. The pieces of a sentence shall be about equally long, so that none is very short: the best kind
    /// of break wins that is at least half as far as it shall be, and of these the nearest to where it shall be.
    /// </summary>
    static int Cut(List<TextUnit> units, int first, long rest, int longest)
    {
        if (rest <= longest)
            return units.Count - first;
        var aim = rest / ((rest + longest - 1) / longest);
        var (best, bestBreak, bestMiss, sum) = (1, (UnitBreak)(-1), long.MaxValue, 0L);
        for (var count = 1; first + count <= units.Count; count++)
        {
            sum += units[first + count - 1].Weight;
            if (sum > longest && count > 1)
                break;
            var (kind, miss) = (units[first + count - 1].After, Math.Abs(sum - aim));
            if (2 * sum < aim)
                kind = (UnitBreak)(-1); // only if there is no other
            if (kind > bestBreak || kind == bestBreak && miss < bestMiss)
                (best, bestBreak, bestMiss) = (count, kind, miss);
        }
        return best;
    }
}
