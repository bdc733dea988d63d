// Rules about the change of the heads, for clips that were trained on. A checkpoint was trained with the hypothesis whose gradient at the
// base fits the change of the heads best. This is clear after fifteen small steps. After a long training several hypotheses may fit equally
// well; then their losses decide.

namespace Qwen3Tts.Doctor.Decision;

/// <summary>Marks the candidates whose fit is within a tenth of the best fit.</summary>
sealed class HeadsFit : Rule
{
    public override string Name => "heads_fit";
    public override EvidenceKind Evidence => EvidenceKind.Heads;

    public override void Apply(Case @case)
    {
        var best = @case.Best;
        @case.AsGoodAsBest = [.. @case.Candidates.Where(c => @case.Distance(c, best) <= Math.Log(1 + Thresholds.NearlyEqual))];
    }
}

/// <summary>Of the candidates that fit nearly as well as the best: removes each one that another overtook. That is, the base has the lower
/// loss under the removed one, and the checkpoint has the lower loss under the other.</summary>
sealed class Overtaken : Rule
{
    public override string Name => "overtaken";
    public override EvidenceKind Evidence => EvidenceKind.Losses;

    public override void Apply(Case @case)
    {
        var near = @case.AsGoodAsBest;
        bool IsOvertaken(Candidate c) => near.Contains(c)
            && near.Any(n => n.DiffersBeyondPrefix(c) && @case.Share(w => n.Overtook(c, w)) >= 1 - Thresholds.Significant);
        @case.Keep(@case.Candidates.Where(c => !IsOvertaken(c)));
    }
}

/// <summary>A candidate cannot be distinguished from the best if it fits better in some resampled sets of clips, or if it differs only in
/// the prefix and fits within a tenth of the best: one row of the prefix hardly changes what the heads read.</summary>
sealed class AlikeInHeads : Rule
{
    public override string Name => "alike_in_heads";
    public override EvidenceKind Evidence => EvidenceKind.Heads;

    public override void Apply(Case @case)
    {
        var best = @case.Best;
        @case.IsAlike = c => @case.Share(w => c.Score(w) <= best.Score(w)) >= Thresholds.Significant
            || !c.DiffersBeyondPrefix(best) && @case.Distance(c, best) <= Math.Log(1 + Thresholds.NearlyEqual);
    }
}

/// <summary>Of the candidates that cannot be distinguished from the best, the one with the fewest faults is named.</summary>
sealed class FewestFaults : Rule
{
    public override string Name => "fewest_faults";
    public override EvidenceKind Evidence => EvidenceKind.Losses;

    public override void Apply(Case @case) => @case.Named = @case.ListAlike().MinBy(c => int.PopCount((int)c.Faults));
}
