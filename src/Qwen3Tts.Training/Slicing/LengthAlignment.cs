// Finds out when the sentences of a text without times are said, from nothing but lengths: a long sentence takes a long stretch of speech.
// Of all ways to distribute the sentences over the stretches, in order, the one is taken whose lengths fit best and whose sentences end at
// long pauses. A sentence takes several stretches, or several sentences share one. If the text does not fit, nothing is guessed.
using Qwen3Tts.Text;

namespace Qwen3Tts.Training.Slicing;

static class LengthAlignment
{
    const int Most = 12; // stretches of a sentence, or sentences of a stretch
    const double Doubtful = 0.3; // median of |log(length / expected length)|

    /// <summary>The sentences with their times; null if their lengths do not fit the speech.</summary>
    /// <param name="sentences">The sentences, in order.</param>
    /// <param name="speech">The stretches of speech, in order.</param>
    public static List<Cue>? Align(IReadOnlyList<string> sentences, IReadOnlyList<Span> speech)
    {
        var (letters, seconds) = (Sums(sentences.Select(s => (double)Letters(s))), Sums(speech.Select(s => s.Seconds)));
        if (letters[^1] == 0 || seconds[^1] == 0)
            return null;
        var pace = seconds[^1] / letters[^1];
        double Off(int s0, int s1, int t0, int t1) =>
            Math.Log((seconds[t1] - seconds[t0] + 0.2) / (pace * (letters[s1] - letters[s0]) + 0.2));
        var (n, m) = (sentences.Count, speech.Count);
        var best = new double[n + 1, m + 1];
        var from = new (int S, int T)[n + 1, m + 1];
        for (var s = 0; s <= n; s++)
            for (var t = 0; t <= m; t++)
            {
                best[s, t] = s == 0 && t == 0 ? 0 : double.PositiveInfinity;
                foreach (var (a, b) in Shapes)
                    if (s >= a && t >= b && best[s - a, t - b] + Math.Pow(Off(s - a, s, t - b, t), 2) + EndOf(speech, t) is var cost
                        && cost < best[s, t])
                        (best[s, t], from[s, t]) = (cost, (s - a, t - b));
            }
        if (double.IsInfinity(best[n, m]))
            return null;
        var (cues, offs) = (new List<Cue>(), new List<double>());
        for (var (s, t) = (n, m); s > 0; (s, t) = from[s, t])
        {
            var (s0, t0) = from[s, t];
            cues.Add(new(new(speech[t0].Begin, speech[t - 1].End), string.Join(' ', sentences.Skip(s0).Take(s - s0))));
            offs.Add(Math.Abs(Off(s0, s, t0, t)));
        }
        cues.Reverse();
        return offs.Order().ElementAt(offs.Count / 2) > Doubtful ? null : cues;
    }

    /// <summary>The sentences of a text. Lines are kept apart, because a line is often what is said in one breath.</summary>
    public static List<string> Sentences(string text) => [.. text
        .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .SelectMany(line => SentenceSplitter.Split(line).Select(s => line[s.Start..s.End])).Where(s => Letters(s) > 0)];

    static readonly (int Sentences, int Stretches)[] Shapes =
        [.. Enumerable.Range(1, Most).Select(i => (1, i)), .. Enumerable.Range(2, Most - 1).Select(i => (i, 1))];

    /// <summary>What it costs to end a sentence at a short pause.</summary>
    static double EndOf(IReadOnlyList<Span> speech, int t) =>
        t == speech.Count ? 0 : 0.05 * SpeechMap.MinPause / Math.Max(SpeechMap.MinPause, speech[t].Begin - speech[t - 1].End);

    static int Letters(string text) => text.EnumerateRunes().Where(System.Text.Rune.IsLetterOrDigit).Sum(r => r.Value >= 0x2E80 ? 3 : 1);

    /// <summary>Sums of the first 0, 1, 2 … values.</summary>
    static double[] Sums(IEnumerable<double> values)
    {
        var sums = new List<double> { 0 };
        foreach (var value in values)
            sums.Add(sums[^1] + value);
        return [.. sums];
    }
}
