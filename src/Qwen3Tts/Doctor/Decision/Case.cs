using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Decision;

/// <summary>The decision about one network, talker or code predictor: its evidence, and the candidates that the rules have kept so
/// far.</summary>
/// <param name="now">The losses of the checkpoint on the clips.</param>
/// <param name="origin">The evidence from the base; null if there is no base.</param>
/// <param name="cost">Takes the network's loss on a clip under a hypothesis.</param>
/// <param name="fit">Takes the cosine between the change of the network's heads and the descent direction of a hypothesis on a
/// clip.</param>
sealed class Case(ILossEvidence now, IOriginEvidence? origin, Func<ILossEvidence, int, FaultSet, Cost> cost,
    Func<IOriginEvidence, int, FaultSet, double> fit)
{
    public ILossEvidence Now => now;
    public IOriginEvidence? Origin => origin;

    /// <summary>The hypotheses that no rule has removed.</summary>
    public List<Candidate> Candidates { get; private set; } = [];

    /// <summary>The candidates that fit the change of the heads nearly as well as the best one.</summary>
    public List<Candidate> AsGoodAsBest { get; set; } = [];

    /// <summary>Whether a candidate cannot be distinguished from the best one.</summary>
    public Func<Candidate, bool> IsAlike { get; set; } = _ => false;

    /// <summary>The candidate that is named, out of those that cannot be distinguished; null: the best one.</summary>
    public Candidate? Named { get; set; }

    /// <summary>The set that has each clip once.</summary>
    public ClipSet Everyone { get; } = ClipSets.TakeAll(now.Clips);

    /// <summary>Many sets of clips that are drawn from the clips with replacement.</summary>
    public IReadOnlyList<ClipSet> Resampled { get; } = ClipSets.Resample(now.Clips);

    public Candidate Best => Candidates.MinBy(c => c.Score(Everyone))!;

    /// <summary>The best candidate and all that cannot be distinguished from it, the lowest score first.</summary>
    public List<Candidate> ListAlike()
    {
        var best = Best;
        return [.. Candidates.Where(c => c == best || IsAlike(c)).OrderBy(c => c.Score(Everyone))];
    }

    public Cost Cost(ILossEvidence losses, int clip, FaultSet faults) => cost(losses, clip, faults);

    public double Fit(int clip, FaultSet faults) => fit(origin!, clip, faults);

    /// <summary>The share of resampled sets in which a condition holds.</summary>
    public double Share(Func<ClipSet, bool> holds) => ClipSets.Share(Resampled, holds);

    /// <summary>By how much the first score is higher (worse) than the second, over all clips.</summary>
    public double Distance(Candidate worse, Candidate better) => worse.Score(Everyone) - better.Score(Everyone);

    /// <summary>Keeps only these candidates.</summary>
    public void Keep(IEnumerable<Candidate> candidates) => Candidates = [.. candidates];

    /// <summary>Applies the rules to the candidates, in order.</summary>
    /// <returns>The choice; null if there are no rules.</returns>
    public Choice? Apply(List<Candidate> candidates, IReadOnlyList<Rule> rules)
    {
        (Candidates, AsGoodAsBest, IsAlike, Named) = (candidates, [], _ => false, null);
        foreach (var rule in rules)
            rule.Apply(this);
        return rules.Count > 0 ? Choose() : null;
    }

    Choice Choose()
    {
        var alike = ListAlike();
        var named = Named ?? alike[0];
        List<FaultSet> others = [.. alike.Where(c => c != named).Select(c => c.Faults)];
        return Candidates.Except(alike).MinBy(c => c.Score(Everyone)) is { } next
            ? new(named.Faults, others, next.Faults, Math.Exp(Distance(next, named)), Share(w => named.Score(w) < next.Score(w)))
            : new(named.Faults, others, null, 1, 1);
    }
}

/// <summary>What the rules found for one network.</summary>
/// <param name="Named">The faults that are named.</param>
/// <param name="Alike">Other hypotheses that cannot be distinguished from the named one.</param>
/// <param name="Next">The best hypothesis that can be distinguished from the named one; null if there is none.</param>
/// <param name="Margin">How many times worse the evidence for <paramref name="Next"/> is.</param>
/// <param name="Sure">Share of resampled sets in which the named hypothesis scores better than the next.</param>
/// <param name="ByFit">Whether the change of the heads gave the answer, and not the losses.</param>
sealed record Choice(FaultSet Named, List<FaultSet> Alike, FaultSet? Next, double Margin, double Sure, bool ByFit = false);
