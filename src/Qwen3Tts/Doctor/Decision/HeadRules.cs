// What moved decides, if these clips were trained on: a checkpoint was trained with the hypothesis whose gradient at the base fits best
// what moved in the heads. That is plain after fifteen small steps; after long training, what fits alike is told by its losses.

namespace Qwen3Tts.Doctor.Decision;

/// <summary>The best fit, and what fits within a tenth of it.</summary>
sealed class HeadsFit : Rule
{
    public override string Name => "heads_fit";
    public override EvidenceKind Evidence => EvidenceKind.Heads;

    public override void Apply(Case @case)
    {
        var best = @case.Best;
        @case.Near = [.. @case.Candidates.Where(c => @case.Distance(c, best) <= Math.Log(1 + Thresholds.SameWork))];
    }
}

/// <summary>Of those that fit alike: what the base found likelier than another and the checkpoint does not was not trained.</summary>
sealed class Overtaken : Rule
{
    public override string Name => "overtaken";
    public override EvidenceKind Evidence => EvidenceKind.Losses;

    public override void Apply(Case @case)
    {
        var near = @case.Near;
        bool IsOvertaken(Candidate c) => near.Contains(c)
            && near.Any(n => n.IsMoreThanPrefix(c) && @case.Share(w => n.Overtook(c, w)) >= 1 - Thresholds.Significant);
        @case.Keep(@case.Candidates.Where(c => !IsOvertaken(c)));
    }
}

/// <summary>If the loss of one that fits alike fell to half, they are told by how far theirs fell, too: then these are clips that were
/// learned. Losses of other clips rise where much was learned by heart.</summary>
sealed class LearnedByHeart : Rule
{
    public override string Name => "learned_by_heart";
    public override EvidenceKind Evidence => EvidenceKind.Losses;

    public override void Apply(Case @case)
    {
        if (!@case.Near.Any(c => c.Change(@case.Everyone) < Math.Log(Thresholds.Learned)))
            return;
        Candidate Rescored(Candidate c) => c with { Score = times => c.Score(times) + c.Change(times) };
        @case.Keep(@case.Candidates.Select(c => @case.Near.Contains(c) ? Rescored(c) : c));
    }
}

/// <summary>Training lowers the loss that it trains on. If the loss of what fits best did not fall, these clips were not trained on, and
/// what moved tells nothing about them.</summary>
sealed class FitConfirmed : Rule
{
    public override string Name => "fit_confirmed";
    public override EvidenceKind Evidence => EvidenceKind.Losses;

    public override void Apply(Case @case)
    {
        var best = @case.Best;
        @case.Tells = @case.Share(w => best.Change(w) < 0) >= 1 - Thresholds.Significant;
    }
}

/// <summary>Alike is what fits better in some resampled sets, and another prefix within a tenth: a row of the prefix changes too little of
/// what the heads read.</summary>
sealed class AlikeInHeads : Rule
{
    public override string Name => "alike_in_heads";
    public override EvidenceKind Evidence => EvidenceKind.Heads;

    public override void Apply(Case @case)
    {
        var best = @case.Best;
        @case.IsAlike = c => @case.Share(w => c.Score(w) <= best.Score(w)) >= Thresholds.Significant
            || !c.IsMoreThanPrefix(best) && @case.Distance(c, best) <= Math.Log(1 + Thresholds.SameWork);
    }
}

/// <summary>Of what cannot be told from the best, the one with the fewest deviations is named.</summary>
sealed class FewestFaults : Rule
{
    public override string Name => "fewest_faults";
    public override EvidenceKind Evidence => EvidenceKind.Losses;

    public override void Apply(Case @case) => @case.Named = @case.ListAlike().MinBy(c => int.PopCount((int)c.Faults));
}
