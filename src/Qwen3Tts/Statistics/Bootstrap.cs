// How far a measure over some texts may lie from the measure over all such texts: the texts are drawn anew many times, with repetition, and
// the measure of 95 % of the draws lies in the interval (Efron 1979). All takes of a text are drawn together, because they are alike.
namespace Qwen3Tts.Statistics;

/// <summary>A measure with its 95 % confidence interval.</summary>
/// <param name="Value">Over all texts.</param>
/// <param name="Low">Lower end of the interval.</param>
/// <param name="High">Upper end of the interval.</param>
readonly record struct Estimate(double Value, double Low, double High);

static class Bootstrap
{
    const int Draws = 2000;
    const double Tail = 0.025;

    /// <summary>The ratio of two sums over texts, such as wrong words and all words.</summary>
    /// <param name="texts">The parts of both sums for each text; at least one text.</param>
    /// <param name="seed">The same seed gives the same interval.</param>
    public static Estimate Ratio(IReadOnlyList<(double Part, double Whole)> texts, ulong seed = 1)
    {
        ArgumentOutOfRangeException.ThrowIfZero(texts.Count, nameof(texts));
        var random = new Pcg32(seed);
        var drawn = new double[Draws];
        for (var draw = 0; draw < Draws; draw++)
        {
            var (part, whole) = (0.0, 0.0);
            for (var i = 0; i < texts.Count; i++)
            {
                var text = texts[random.NextBelow(texts.Count)];
                (part, whole) = (part + text.Part, whole + text.Whole);
            }
            drawn[draw] = part / Math.Max(1e-9, whole);
        }
        Array.Sort(drawn);
        return new(texts.Sum(t => t.Part) / Math.Max(1e-9, texts.Sum(t => t.Whole)), drawn[(int)(Tail * Draws)],
            drawn[Draws - 1 - (int)(Tail * Draws)]);
    }
}
