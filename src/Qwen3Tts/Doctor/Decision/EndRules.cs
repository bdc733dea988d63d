// Whether the end of speech was taught is decided separately, because its evidence is small: one target in each clip, and one row of the
// talker's head.
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Decision;

/// <summary>The answer of a rule about the end of speech.</summary>
/// <param name="IsTaught">Whether it was taught.</param>
/// <param name="Sure">The share of resampled sets of clips that give this answer.</param>
readonly record struct EndVerdict(bool IsTaught, double Sure);

/// <summary>A rule about whether the end of speech was taught.</summary>
abstract class EndRule
{
    public abstract string Name { get; }
    public abstract EvidenceKind Evidence { get; }

    /// <summary>The answer that this evidence gives; null if it gives none.</summary>
    /// <param name="now">The losses of the checkpoint.</param>
    /// <param name="origin">The evidence from the base; null if there is no base.</param>
    /// <param name="faults">The other faults that it was trained with.</param>
    /// <param name="byFit">Whether the change of the heads showed these other faults, and not the losses.</param>
    public abstract EndVerdict? Decide(ILossEvidence now, IOriginEvidence? origin, FaultSet faults, bool byFit);
}

/// <summary>The end was not taught if two things hold: its row moved as it does without end targets, and the loss of the ends did not fall.
/// The row alone is not enough: one long clip of the training that is not measured can move the row in the same way. And the rule gives no
/// answer where it would say the same of the first step of a training with all ends.</summary>
sealed class EndInHeads : EndRule
{
    public override string Name => "end_in_heads";
    public override EvidenceKind Evidence => EvidenceKind.Heads;

    public override EndVerdict? Decide(ILossEvidence now, IOriginEvidence? origin, FaultSet faults, bool byFit)
    {
        if (!byFit || origin is not { EndMoved: true })
            return null;
        var verdict = Judge(now, origin, faults);
        return verdict.IsTaught || CanTell(origin, faults) ? verdict : null;
    }

    /// <summary>The answer before it is asked whether the row can tell.</summary>
    public static EndVerdict Judge(ILossEvidence now, IOriginEvidence origin, FaultSet faults) =>
        Judge([.. Enumerable.Range(0, now.Clips).Where(origin.MayHaveSeen).Select(clip => new ClipEnd(
            origin.CountEndVotes(clip, faults), origin.Losses.End(clip, faults).Nats, now.End(clip, faults).Nats))]);

    /// <summary>Whether the row can show a missing end on these clips: whether the votes are against it for the first step of a
    /// training with all ends. They are not if the base expects many ends inside the clips, as where several sentences are joined: the row
    /// moves away from these hidden states, which resemble those at the ends.</summary>
    public static bool CanTell(IOriginEvidence origin, FaultSet faults) => Enumerable.Range(0, origin.Losses.Clips)
        .Where(origin.MayHaveSeen).Sum(clip => origin.CountEndVotesIfTaught(clip, faults)) < 0;

    /// <summary>The evidence of one clip.</summary>
    /// <param name="Votes">Number of elements of the end's row that moved as in a training without the end, minus the number that moved as
    /// in a training with the end.</param>
    /// <param name="BaseNats">The loss of its end under the base.</param>
    /// <param name="Nats">The loss of its end under the checkpoint.</param>
    public readonly record struct ClipEnd(int Votes, double BaseNats, double Nats);

    /// <summary>The end was not taught if the row says so in nearly all resampled sets of clips, and the loss of the ends of all clips
    /// together did not fall.</summary>
    public static EndVerdict Judge(IReadOnlyList<ClipEnd> clips)
    {
        bool RowSaysSo(ClipSet set) => clips.Zip(set.Times, (clip, n) => clip.Votes * n).Sum() > 0;
        var sets = ClipSets.Resample(clips.Count);
        var untaught = ClipSets.Share(sets, RowSaysSo);
        return untaught >= 1 - Thresholds.Significant && !HasLossFallen(clips, ClipSets.TakeAll(clips.Count)) ? new(false, untaught)
            : new(true, 1 - ClipSets.Share(sets, set => RowSaysSo(set) && !HasLossFallen(clips, set)));
    }

    /// <summary>Whether the summed loss fell below half, or the mean of the logarithms fell. The sum mostly shows the few ends that the
    /// base finds unlikely; the logarithms show most of the ends.</summary>
    static bool HasLossFallen(IReadOnlyList<ClipEnd> clips, ClipSet set)
    {
        double Sum(Func<ClipEnd, double> number) => clips.Zip(set.Times, (clip, n) => number(clip) * n).Sum();
        static double Log(double nats) => Math.Log(nats + Thresholds.SmallEndLoss);
        return Sum(c => c.Nats) < Thresholds.Learned * Sum(c => c.BaseNats) || Sum(c => Log(c.Nats) - Log(c.BaseNats)) < 0;
    }
}

/// <summary>Where the row cannot tell: an end that costs more than guessing was not taught. A base that knows ends hardly forgets them, so
/// this tells only of a base that does not know them, such as one with random weights.</summary>
sealed class EndInLosses : EndRule
{
    public override string Name => "end_in_losses";
    public override EvidenceKind Evidence => EvidenceKind.Losses;

    public override EndVerdict? Decide(ILossEvidence now, IOriginEvidence? origin, FaultSet faults, bool byFit) => Judge(
        Enumerable.Range(0, now.Clips).Select(clip => now.End(clip, faults)).Aggregate((a, b) => a + b).Mean, now.Vocabulary);

    /// <summary>Untaught, if the mean loss of the ends, in nats, is above that of guessing among all codes and control ids.</summary>
    public static EndVerdict Judge(double mean, int vocabulary) => new(!(mean > Math.Log(vocabulary)), 1);
}
