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
        @case.AsGoodAsBest = [.. @case.Candidates.Where(c => @case.Distance(c, best) <= Math.Log(1 + Thresholds.SameWork))];
    }
}

/// <summary>Of those that fit alike: what the base found likelier than another and the checkpoint does not was not trained.</summary>
sealed class Overtaken : Rule
{
    public override string Name => "overtaken";
    public override EvidenceKind Evidence => EvidenceKind.Losses;

    public override void Apply(Case @case)
    {
        var near = @case.AsGoodAsBest;
        bool IsOvertaken(Candidate c) => near.Contains(c)
            && near.Any(n => n.IsMoreThanPrefix(c) && @case.Share(w => n.Overtook(c, w)) >= 1 - Thresholds.Significant);
        @case.Keep(@case.Candidates.Where(c => !IsOvertaken(c)));
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
