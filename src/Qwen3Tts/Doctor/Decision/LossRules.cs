// Rules about losses. They decide if the measured clips are not those of the training, or if the heads were frozen. After few steps the
// losses are still close to those of the base, so losses are divided by the base's: the score is loss / sqrt(loss of the base). Suppose the
// base has a lower loss under hypothesis A than under B, and the training used B. B then has the better score as soon as training has
// closed half of the difference of the two logarithms. Without the base, the loss alone shows which format the checkpoint knows best, and a
// short training with a fault may not have changed that yet.
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Decision;

/// <summary>A candidate cannot be distinguished from the best in three cases: it scores better in some resampled sets of clips; its loss
/// fell by a larger factor in some of them; or it differs only in the prompt (prefix or layout) and scores within a tenth of the
/// best.</summary>
sealed class AlikeInLosses : Rule
{
    public override string Name => "alike_in_losses";
    public override EvidenceKind Evidence => EvidenceKind.Losses;

    public override void Apply(Case @case)
    {
        var best = @case.Best;
        bool DiffersInPromptOnly(Candidate c) => ((c.Faults ^ best.Faults) & ~KnownFaults.OnlyChangesPrompt) == 0;
        @case.IsAlike = c => @case.Share(w => c.Score(w) <= best.Score(w)) >= Thresholds.Significant
            || best.BaseLogLoss is not null && @case.Share(w => c.Change(w) <= best.Change(w)) >= Thresholds.Significant
            || DiffersInPromptOnly(c) && @case.Distance(c, best) <= Math.Log(1 + Thresholds.NearlyEqual);
    }
}
