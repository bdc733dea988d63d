// Finds out when the sentences of a text without times are said, from nothing but lengths: a long sentence takes a long stretch of speech,
// and between sentences are longer pauses than within them. Every way to distribute the sentences over the stretches, in order, has a
// probability: lengths are log-normal, and a pause is the more likely a border the longer it is. The sum over all ways (forward-backward)
// tells how sure each piece is, and only sure pieces are kept: a wrong text would be worse for training than none.
using System.Text;
using Qwen3Tts.Text;

namespace Qwen3Tts.Training.Slicing;

static class LengthAlignment
{
    const int Most = 12; // stretches of a sentence
    const int Together = 3; // sentences of a stretch
    const double Sure = 0.95; // least probability of a piece
    const double Enough = 0.5; // share of the sentences that must be placed
    const double Deviation = 0.22; // of the logarithm of a sentence's length
    const double EvenPause = 0.5, PauseWeight = 3; // a pause of half a second is as likely a border as not
    const int MostCells = 30_000_000; // sentences times stretches

    /// <summary>The sentences that can be placed, with their times; null if these are too few.</summary>
    /// <param name="sentences">The sentences, in order.</param>
    /// <param name="speech">The stretches of speech, in order.</param>
    public static List<Cue>? Align(IReadOnlyList<string> sentences, IReadOnlyList<Span> speech)
    {
        var (letters, seconds) = (Sums(sentences.Select(s => (double)Letters(s))), Sums(speech.Select(s => s.Seconds)));
        var (n, m) = (sentences.Count, speech.Count);
        if (letters[^1] == 0 || seconds[^1] == 0 || (long)n * m > MostCells)
            return null;
        var pace = seconds[^1] / letters[^1];
        // The logarithm of the probability of a piece: sentences s0 to before s1 in the stretches t0 to before t1.
        double Piece(int s0, int s1, int t0, int t1) =>
            -Math.Pow(Math.Log((seconds[t1] - seconds[t0] + 0.3) / (pace * (letters[s1] - letters[s0]) + 0.3)) / Deviation, 2) / 2
            + (t1 == m ? 0 : PauseWeight * Math.Log((speech[t1].Begin - speech[t1 - 1].End) / EvenPause));
        var (before, behind) = (Filled(n, m), Filled(n, m));
        (before[0, 0], behind[n, m]) = (0, 0);
        for (var s = 0; s <= n; s++)
            for (var t = 0; t <= m; t++)
                foreach (var (a, b) in Shapes)
                    if (s >= a && t >= b)
                        before[s, t] = Added(before[s, t], before[s - a, t - b] + Piece(s - a, s, t - b, t));
        for (var s = n; s >= 0; s--)
            for (var t = m; t >= 0; t--)
                foreach (var (a, b) in Shapes)
                    if (s + a <= n && t + b <= m)
                        behind[s, t] = Added(behind[s, t], behind[s + a, t + b] + Piece(s, s + a, t, t + b));
        var placed = from s in Enumerable.Range(0, n)
                     from t in Enumerable.Range(0, m)
                     from shape in Shapes
                     where s + shape.Sentences <= n && t + shape.Stretches <= m
                     let probability = Math.Exp(before[s, t] + Piece(s, s + shape.Sentences, t, t + shape.Stretches)
                         + behind[s + shape.Sentences, t + shape.Stretches] - before[n, m])
                     where probability > Sure
                     select (s, t, shape);
        var cues = placed.Select(p => (p.shape.Sentences, new Cue(new(speech[p.t].Begin, speech[p.t + p.shape.Stretches - 1].End),
            string.Join(' ', sentences.Skip(p.s).Take(p.shape.Sentences))))).ToList();
        return cues.Sum(c => c.Sentences) < Enough * n ? null : cues.ConvertAll(c => c.Item2);
    }

    /// <summary>The sentences of a text. Lines are kept apart, because a line is often what is said in one breath.</summary>
    public static List<string> Sentences(string text) => [.. text
        .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .SelectMany(line => SentenceSplitter.Split(line).Select(s => line[s.Start..s.End])).Where(s => Letters(s) > 0)];

    static readonly (int Sentences, int Stretches)[] Shapes =
        [.. Enumerable.Range(1, Most).Select(i => (1, i)), .. Enumerable.Range(2, Together - 1).Select(i => (i, 1))];

    static double[,] Filled(int n, int m)
    {
        var table = new double[n + 1, m + 1];
        for (var s = 0; s <= n; s++)
            for (var t = 0; t <= m; t++)
                table[s, t] = double.NegativeInfinity;
        return table;
    }

    /// <summary>The logarithm of a sum of two numbers, of which the logarithms are given.</summary>
    static double Added(double a, double b) => double.IsNegativeInfinity(b) ? a : double.IsNegativeInfinity(a) ? b
        : Math.Max(a, b) + Math.Log(1 + Math.Exp(-Math.Abs(a - b)));

    static int Letters(string text) => text.EnumerateRunes().Where(Rune.IsLetterOrDigit).Sum(r => r.Value >= 0x2E80 ? 3 : 1);

    /// <summary>Sums of the first 0, 1, 2 … values.</summary>
    static double[] Sums(IEnumerable<double> values)
    {
        var sums = new List<double> { 0 };
        foreach (var value in values)
            sums.Add(sums[^1] + value);
        return [.. sums];
    }
}
