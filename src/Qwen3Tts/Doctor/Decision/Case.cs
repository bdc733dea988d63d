using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Decision;

/// <summary>
/// The question what one network, talker or code predictor, was trained with: its evidence, and what the rules have left of it.
/// </summary>
/// <param name="now">The checkpoint on the clips.</param>
/// <param name="origin">What it was trained from, if that is at hand.</param>
/// <param name="cost">The network's loss on a clip.</param>
/// <param name="fit">The cosine of what moved in its heads.</param>
sealed class Case(ILossEvidence now, IOriginEvidence? origin, Func<ILossEvidence, int, FaultSet, Cost> cost,
    Func<IOriginEvidence, int, FaultSet, double> fit)
{
    public ILossEvidence Now => now;
    public IOriginEvidence? Origin => origin;

    /// <summary>Hypotheses that no rule has left out.</summary>
    public List<Candidate> Candidates { get; private set; } = [];

    /// <summary>Those that the heads cannot tell from the best.</summary>
    public List<Candidate> AsGoodAsBest { get; set; } = [];

    /// <summary>Whether a candidate cannot be told from the best.</summary>
    public Func<Candidate, bool> IsAlike { get; set; } = _ => false;

    /// <summary>The one of those alike that is named; null: the best.</summary>
    public Candidate? Named { get; set; }

    /// <summary>Each clip once, and many sets drawn from the clips.</summary>
    public ClipSet Everyone { get; } = ClipSets.TakeAll(now.Clips);
    public IReadOnlyList<ClipSet> Resampled { get; } = ClipSets.Resample(now.Clips);

    public Candidate Best => Candidates.MinBy(c => c.Score(Everyone))!;

    /// <summary>The best and all that cannot be told from it, the best first.</summary>
    public List<Candidate> ListAlike()
    {
        var best = Best;
        return [.. Candidates.Where(c => c == best || IsAlike(c)).OrderBy(c => c.Score(Everyone))];
    }

    public Cost Cost(ILossEvidence of, int clip, FaultSet faults) => cost(of, clip, faults);

    public double Fit(int clip, FaultSet faults) => fit(origin!, clip, faults);

    /// <summary>The share of resampled sets in which something holds.</summary>
    public double Share(Func<ClipSet, bool> holds) => ClipSets.Share(Resampled, holds);

    /// <summary>How much worse one scores than another, over all clips.</summary>
    public double Distance(Candidate from, Candidate to) => from.Score(Everyone) - to.Score(Everyone);

    /// <summary>Leaves out all but these.</summary>
    public void Keep(IEnumerable<Candidate> candidates) => Candidates = [.. candidates];

    /// <summary>Applies rules in order.</summary>
    /// <returns>What they say; null where there are no rules.</returns>
    public Choice? Ask(List<Candidate> candidates, IReadOnlyList<Rule> rules)
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
/// <param name="Named">The faults.</param>
/// <param name="Alike">What cannot be told from them.</param>
/// <param name="Next">The best of what can.</param>
/// <param name="Margin">How many times worse that is.</param>
/// <param name="Sure">Share of resampled sets that put the named before the next.</param>
/// <param name="ByFit">Whether what moved in the heads told it.</param>
sealed record Choice(FaultSet Named, List<FaultSet> Alike, FaultSet? Next, double Margin, double Sure, bool ByFit = false);
