// Finds the predictor of a block of samples that needs the fewest bits: a fixed one, or one whose coefficients are fitted to the block.
// Every operation is an addition, a product or a quotient, which are exact to the last bit on every machine, so a file has the same bytes
// everywhere.
namespace Qwen3Tts.Audio;

/// <summary>A predictor and the differences of a block from its predictions.</summary>
/// <param name="Order">Number of samples that a prediction is made from.</param>
/// <param name="Coefficients">Factors of the samples before, the latest first; null if they are fixed.</param>
/// <param name="Shift">The sum of the products is divided by two to this power.</param>
/// <param name="Differences">Differences [n - order].</param>
sealed record FlacPredictor(int Order, int[]? Coefficients, int Shift, int[] Differences)
{
    /// <summary>Bits of a coefficient.</summary>
    public const int Precision = 14;

    const int HighestOrder = 12; // the highest that every player must know
    const int HighestShift = 15;

    /// <summary>The fixed predictor with the smallest differences.</summary>
    public static FlacPredictor BestFixed(ReadOnlySpan<int> samples)
    {
        FlacPredictor? best = null;
        var least = long.MaxValue;
        for (var order = 0; order < FlacSubframe.Fixed.Length && order <= samples.Length; order++)
            if (DifferencesOf(samples, FlacSubframe.Fixed[order], 0) is { } differences && Sum(differences) is var sum && sum < least)
                (best, least) = (new(order, null, 0, differences), sum);
        return best!;
    }

    static long Sum(int[] differences)
    {
        var sum = 0L;
        foreach (var difference in differences)
            sum += Math.Abs((long)difference);
        return sum;
    }

    /// <summary>Predictors of 4, 8 and 12 coefficients that are fitted to the block.</summary>
    public static IEnumerable<FlacPredictor> Fitted(int[] samples)
    {
        if (samples.Length <= 2 * HighestOrder)
            yield break;
        var correlation = Correlation(samples);
        if (correlation[0] == 0)
            yield break;
        foreach (var order in new[] { 4, 8, HighestOrder })
            if (Quantised(Fit(correlation, order)) is var (factors, shift) && DifferencesOf(samples, factors, shift) is { } differences)
                yield return new(order, factors, shift, differences);
    }

    /// <summary>The correlations of the block with itself, later by 0 to 12 samples. A parabola fades out both ends.</summary>
    static double[] Correlation(int[] samples)
    {
        var faded = new double[samples.Length];
        var middle = (samples.Length - 1) / 2.0;
        for (var t = 0; t < samples.Length; t++)
            faded[t] = samples[t] * (1 - (t - middle) / (middle + 1) * ((t - middle) / (middle + 1)));
        var result = new double[HighestOrder + 1];
        for (var lag = 0; lag < result.Length; lag++)
            for (var t = lag; t < faded.Length; t++)
                result[lag] += faded[t] * faded[t - lag];
        return result;
    }

    /// <summary>The coefficients with the smallest mean square of the differences, by the recursion of Levinson and Durbin.</summary>
    static double[] Fit(double[] correlation, int order)
    {
        var factors = new double[order];
        var error = correlation[0];
        for (var i = 0; i < order && error > 0; i++)
        {
            var rest = correlation[i + 1];
            for (var j = 0; j < i; j++)
                rest -= factors[j] * correlation[i - j];
            var reflection = rest / error;
            var before = factors[..i];
            for (var j = 0; j < i; j++)
                factors[j] = before[j] - reflection * before[i - 1 - j];
            factors[i] = reflection;
            error *= 1 - reflection * reflection;
        }
        return factors;
    }

    /// <summary>Integer coefficients with a common shift; null if they are too large for one.</summary>
    static (int[] Factors, int Shift)? Quantised(double[] factors)
    {
        const int Limit = 1 << Precision - 1;
        var largest = factors.Max(Math.Abs);
        var shift = HighestShift;
        while (shift >= 0 && !(largest * (1 << shift) < Limit - 1))
            shift--;
        if (shift < 0)
            return null;
        var (result, left) = (new int[factors.Length], 0.0); // the error of each coefficient is passed to the next one
        for (var i = 0; i < result.Length; i++)
        {
            left += factors[i] * (1 << shift);
            result[i] = (int)Math.Clamp(Math.Round(left), -Limit, Limit - 1);
            left -= result[i];
        }
        return (result, shift);
    }

    /// <summary>The differences of the samples from their predictions; null if one is larger than FLAC allows.</summary>
    static int[]? DifferencesOf(ReadOnlySpan<int> samples, int[] factors, int shift)
    {
        const int Limit = 1 << 30; // FLAC allows twice as much, and the Rice codes here fold the sign into one bit more
        var order = factors.Length;
        var result = new int[samples.Length - order];
        for (var t = order; t < samples.Length; t++)
        {
            var sum = 0L;
            for (var i = 0; i < order; i++)
                sum += (long)factors[i] * samples[t - 1 - i];
            var difference = samples[t] - (sum >> shift);
            if (difference is <= -Limit or >= Limit)
                return null;
            result[t - order] = (int)difference;
        }
        return result;
    }
}
