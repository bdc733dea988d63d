// The end of speech is a question of its own: one target in a clip, and the row of one control id.
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Decision;

/// <summary>A rule about whether the end of speech was taught.</summary>
abstract class EndRule
{
    public abstract string Name { get; }
    public abstract EvidenceKind Evidence { get; }

    /// <summary>Whether the end was taught; null where this evidence cannot tell.</summary>
    /// <param name="now">The checkpoint.</param>
    /// <param name="origin">What it was trained from, if that is at hand.</param>
    /// <param name="faults">What else it was trained with.</param>
    /// <param name="byFit">Whether the heads told that.</param>
    public abstract bool? IsTaught(Measurement now, Origin? origin, FaultSet faults, bool byFit);
}

/// <summary>The end is taught unless its row moved as it does when no end is.</summary>
sealed class EndInHeads : EndRule
{
    public override string Name => "end_in_heads";
    public override EvidenceKind Evidence => EvidenceKind.Heads;

    public override bool? IsTaught(Measurement now, Origin? origin, FaultSet faults, bool byFit) =>
        byFit && origin is { EndMoved: true } ? !origin.EndIsUntaught(faults) : null;
}

/// <summary>The end is taught when the model finds it better than by guessing; where the base is there, when it has not lost half of the
/// way to guessing.</summary>
sealed class EndInLosses : EndRule
{
    public override string Name => "end_in_losses";
    public override EvidenceKind Evidence => EvidenceKind.Losses;

    public override bool? IsTaught(Measurement now, Origin? origin, FaultSet faults, bool byFit)
    {
        var (guessing, end) = (Math.Log(now.Vocabulary), now.LossesUnder(faults).End.Mean);
        return origin is null ? end < guessing : end < (guessing + origin.Measurement.LossesUnder(faults).End.Mean) / 2;
    }
}
