// Where other clips are measured than were trained on, or the heads were frozen, losses must tell, and a fine-tune of few steps still
// carries the habits of its base. Compared is loss / sqrt(loss of the base), which is lowest for a rival as soon as training has closed
// half of the distance (of the logarithms) that the base put between the two. Without the base, the loss alone tells which format the
// checkpoint knows best, and a short training with a fault may not have changed that yet.
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Decision;

/// <summary>Alike is what is better in some resampled sets, what came as far, and prefixes and layouts within a tenth of each other, which
/// do the same work.</summary>
sealed class AlikeInLosses : Rule
{
    public override string Name => "alike_in_losses";
    public override EvidenceKind Evidence => EvidenceKind.Losses;

    public override void Apply(Case @case)
    {
        var best = @case.Best;
        bool DoSameWork(Candidate c) => ((c.Faults ^ best.Faults) & ~KnownFaults.OnlyChangesPrompt) == 0;
        @case.IsAlike = c => @case.Share(w => c.Score(w) <= best.Score(w)) >= Thresholds.Significant
            || best.Before is not null && @case.Share(w => c.Change(w) <= best.Change(w)) >= Thresholds.Significant
            || DoSameWork(c) && @case.Distance(c, best) <= Math.Log(1 + Thresholds.SameWork);
    }
}
