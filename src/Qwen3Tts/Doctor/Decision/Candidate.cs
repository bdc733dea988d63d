using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Decision;

/// <summary>A hypothesis and its evidence over a set of clips, which says how often each clip counts.</summary>
/// <param name="Faults">Which.</param>
/// <param name="Score">Lower is better.</param>
/// <param name="After">The logarithm of the checkpoint's loss.</param>
/// <param name="Before">Of the base's; null where that is not known.</param>
sealed record Candidate(FaultSet Faults, Func<int[], double> Score, Func<int[], double> After, Func<int[], double>? Before = null)
{
    /// <summary>By what factor training raised the loss, as a logarithm.</summary>
    public double Change(int[] times) => After(times) - Before!(times);

    /// <summary>Whether training made this the likelier one, which the other was for the base.</summary>
    public bool Overtook(Candidate other, int[] times) => Before!(times) > other.Before!(times) && After(times) < other.After(times);

    /// <summary>Whether the two differ in more than a row of the prefix.</summary>
    public bool IsMoreThanPrefix(Candidate other) => ((Faults ^ other.Faults) & ~KnownFaults.FaintInHeads) != 0;

    /// <summary>Scored by the cosine of what moved in the heads: -log of its mean over the clips that may have been trained on.</summary>
    public static Candidate FromHeads(FaultSet faults, int clips, Case of)
    {
        var origin = of.Origin!;
        var fits = Enumerable.Range(0, clips).Select(clip => origin.Seen(clip) ? of.Fit(clip, faults) : 0).ToArray();
        var seen = Enumerable.Range(0, clips).Select(origin.Seen).ToArray();
        double Mean(int[] times) // loops: it is asked of many sets
        {
            var (sum, count) = (0.0, 0);
            for (var clip = 0; clip < clips; clip++)
                (sum, count) = (sum + fits[clip] * times[clip], seen[clip] ? count + times[clip] : count);
            return sum / Math.Max(1, count);
        }
        var after = new Lazy<Cost[]>(() => ListCosts(of, of.Now, clips, faults));
        var before = new Lazy<Cost[]>(() => ListCosts(of, origin.Losses, clips, faults));
        return new(
            faults, times => -Math.Log(Math.Max(Mean(times), Thresholds.NoFit)), times =>
                Log(after.Value, times), times => Log(before.Value, times));
    }

    /// <summary>Scored by log(loss / sqrt(loss of the base)), or by log(loss) without the base.</summary>
    /// <param name="faults">The hypothesis.</param>
    /// <param name="clips">How many clips are measured.</param>
    /// <param name="of">The case.</param>
    /// <param name="before">The base, if its losses are a yardstick here.</param>
    public static Candidate FromLosses(FaultSet faults, int clips, Case of, ILossEvidence? before)
    {
        var after = ListCosts(of, of.Now, clips, faults);
        if (before is null)
            return new(faults, times => Log(after, times), times => Log(after, times));
        var first = ListCosts(of, before, clips, faults & ~KnownFaults.KeepsWork);
        return new(faults, times => Log(after, times) - Log(first, times) / 2, times => Log(after, times), times => Log(first, times));
    }

    static Cost[] ListCosts(Case of, ILossEvidence losses, int clips, FaultSet faults) =>
        [.. Enumerable.Range(0, clips).Select(clip => of.Cost(losses, clip, faults))];

    static double Log(Cost[] costs, int[] times)
    {
        var sum = default(Cost);
        for (var clip = 0; clip < costs.Length; clip++)
            sum += costs[clip] * times[clip];
        return Math.Log(sum.Mean);
    }
}
