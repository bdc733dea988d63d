using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Decision;

/// <summary>A hypothesis and its evidence over a set of clips, which says how often each clip counts.</summary>
/// <param name="Faults">Which.</param>
/// <param name="Score">Lower is better.</param>
/// <param name="After">The logarithm of the checkpoint's loss.</param>
/// <param name="Before">Of the base's; null where that is not known.</param>
sealed record Candidate(FaultSet Faults, Func<ClipSet, double> Score, Func<ClipSet, double> After, Func<ClipSet, double>? Before = null)
{
    /// <summary>By what factor training raised the loss, as a logarithm.</summary>
    public double Change(ClipSet set) => After(set) - Before!(set);

    /// <summary>Whether training made this the likelier one, which the other was for the base.</summary>
    public bool Overtook(Candidate other, ClipSet set) => Before!(set) > other.Before!(set) && After(set) < other.After(set);

    /// <summary>Whether the two differ in more than a row of the prefix.</summary>
    public bool IsMoreThanPrefix(Candidate other) => ((Faults ^ other.Faults) & ~KnownFaults.FaintInHeads) != 0;

    /// <summary>Scored by the cosine of what moved in the heads: -log of its mean over the clips that may have been trained on.</summary>
    public static Candidate FromHeads(FaultSet faults, int clips, Case of)
    {
        var origin = of.Origin!;
        var fits = Enumerable.Range(0, clips).Select(clip => origin.Seen(clip) ? of.Fit(clip, faults) : 0).ToArray();
        var seen = Enumerable.Range(0, clips).Select(origin.Seen).ToArray();
        double Mean(ClipSet set) // loops: it is asked of many sets
        {
            var (sum, count) = (0.0, 0);
            for (var clip = 0; clip < clips; clip++)
                (sum, count) = (sum + fits[clip] * set.Times[clip], seen[clip] ? count + set.Times[clip] : count);
            return sum / Math.Max(1, count);
        }
        var after = new Lazy<Cost[]>(() => ListCosts(of, of.Now, clips, faults));
        var before = new Lazy<Cost[]>(() => ListCosts(of, origin.Losses, clips, faults));
        return new(faults, ClipSets.Once(set => -Math.Log(Math.Max(Mean(set), Thresholds.NoFit))),
            ClipSets.Once(set => Log(after.Value, set)), ClipSets.Once(set => Log(before.Value, set)));
    }

    /// <summary>Scored by log(loss / sqrt(loss of the base)), or by log(loss) without the base.</summary>
    /// <param name="faults">The hypothesis.</param>
    /// <param name="clips">How many clips are measured.</param>
    /// <param name="of">The case.</param>
    /// <param name="before">The base, if its losses are a yardstick here.</param>
    public static Candidate FromLosses(FaultSet faults, int clips, Case of, ILossEvidence? before)
    {
        var after = ListCosts(of, of.Now, clips, faults);
        var now = ClipSets.Once(set => Log(after, set));
        if (before is null)
            return new(faults, now, now);
        var costs = ListCosts(of, before, clips, faults & ~KnownFaults.OnlyChangesPrompt);
        var first = ClipSets.Once(set => Log(costs, set));
        return new(faults, set => now(set) - first(set) / 2, now, first);
    }

    static Cost[] ListCosts(Case of, ILossEvidence losses, int clips, FaultSet faults) =>
        [.. Enumerable.Range(0, clips).Select(clip => of.Cost(losses, clip, faults))];

    static double Log(Cost[] costs, ClipSet set)
    {
        var sum = default(Cost);
        for (var clip = 0; clip < costs.Length; clip++)
            sum += costs[clip] * set.Times[clip];
        return Math.Log(sum.Mean);
    }
}
