using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Decision;

/// <summary>A hypothesis with its evidence. Each number is a function of a set of clips, which says how often each clip counts.</summary>
/// <param name="Faults">The faults of the hypothesis.</param>
/// <param name="Score">How badly the evidence fits the hypothesis: lower is better.</param>
/// <param name="LogLoss">The logarithm of the checkpoint's loss.</param>
/// <param name="BaseLogLoss">The logarithm of the base's loss; null if that is not known.</param>
sealed record Candidate(FaultSet Faults, Func<ClipSet, double> Score, Func<ClipSet, double> LogLoss,
    Func<ClipSet, double>? BaseLogLoss = null)
{
    /// <summary>The logarithm of the factor by which training changed the loss; negative if the loss fell.</summary>
    public double Change(ClipSet set) => LogLoss(set) - BaseLogLoss!(set);

    /// <summary>Whether the base has the higher loss under this hypothesis than under the other one, and the checkpoint the lower
    /// loss.</summary>
    public bool Overtook(Candidate other, ClipSet set) =>
        BaseLogLoss!(set) > other.BaseLogLoss!(set) && LogLoss(set) < other.LogLoss(set);

    /// <summary>Whether the two hypotheses differ in more than one row of the prefix.</summary>
    public bool DiffersBeyondPrefix(Candidate other) => ((Faults ^ other.Faults) & ~KnownFaults.FaintInHeads) != 0;

    /// <summary>A candidate that is scored by the change of the heads: -log of the mean cosine between this change and the descent
    /// direction of the hypothesis, over the clips that may have been trained on.</summary>
    public static Candidate FromHeads(FaultSet faults, int clips, Case @case)
    {
        var origin = @case.Origin!;
        var fits = Enumerable.Range(0, clips).Select(clip => origin.MayHaveSeen(clip) ? @case.Fit(clip, faults) : 0).ToArray();
        var seen = Enumerable.Range(0, clips).Select(origin.MayHaveSeen).ToArray();
        double Mean(ClipSet set) // loops instead of LINQ: it is called for a thousand sets
        {
            var (sum, count) = (0.0, 0);
            for (var clip = 0; clip < clips; clip++)
                (sum, count) = (sum + fits[clip] * set.Times[clip], seen[clip] ? count + set.Times[clip] : count);
            return sum / Math.Max(1, count);
        }
        var after = new Lazy<Cost[]>(() => ListCosts(@case, @case.Now, clips, faults));
        var before = new Lazy<Cost[]>(() => ListCosts(@case, origin.Losses, clips, faults));
        return new(faults, ClipSets.Memoize(set => -Math.Log(Math.Max(Mean(set), Thresholds.SmallestCosine))),
            ClipSets.Memoize(set => Log(after.Value, set)), ClipSets.Memoize(set => Log(before.Value, set)));
    }

    /// <summary>A candidate that is scored by its losses: by log(loss / sqrt(loss of the base)), or by log(loss) without the
    /// base.</summary>
    /// <param name="faults">The hypothesis.</param>
    /// <param name="clips">How many clips are measured.</param>
    /// <param name="case">The case, which has the losses.</param>
    /// <param name="before">The losses of the base; null if there is no base or its losses are not comparable.</param>
    public static Candidate FromLosses(FaultSet faults, int clips, Case @case, ILossEvidence? before)
    {
        var after = ListCosts(@case, @case.Now, clips, faults);
        var now = ClipSets.Memoize(set => Log(after, set));
        if (before is null)
            return new(faults, now, now);
        var costs = ListCosts(@case, before, clips, faults & ~KnownFaults.OnlyChangesPrompt);
        var first = ClipSets.Memoize(set => Log(costs, set));
        return new(faults, set => now(set) - first(set) / 2, now, first);
    }

    static Cost[] ListCosts(Case @case, ILossEvidence losses, int clips, FaultSet faults) =>
        [.. Enumerable.Range(0, clips).Select(clip => @case.Cost(losses, clip, faults))];

    static double Log(Cost[] costs, ClipSet set)
    {
        var sum = default(Cost);
        for (var clip = 0; clip < costs.Length; clip++)
            sum += costs[clip] * set.Times[clip];
        return Math.Log(sum.Mean);
    }
}
