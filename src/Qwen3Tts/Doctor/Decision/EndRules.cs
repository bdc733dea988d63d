// The end of speech is a question of its own: one target in a clip, and the row of one control id.
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Decision;

/// <summary>What a rule says about the end of speech.</summary>
/// <param name="IsTaught">Whether it was taught.</param>
/// <param name="Sure">The share of resampled sets of clips that say so.</param>
readonly record struct EndVerdict(bool IsTaught, double Sure);

/// <summary>A rule about whether the end of speech was taught.</summary>
abstract class EndRule
{
    public abstract string Name { get; }
    public abstract EvidenceKind Evidence { get; }

    /// <summary>What this evidence says; null where it cannot tell.</summary>
    /// <param name="now">The checkpoint.</param>
    /// <param name="origin">What it was trained from, if that is at hand.</param>
    /// <param name="faults">What else it was trained with.</param>
    /// <param name="byFit">Whether the heads told that.</param>
    public abstract EndVerdict? Ask(ILossEvidence now, IOriginEvidence? origin, FaultSet faults, bool byFit);
}

/// <summary>The end is taught unless its row moved as it does when no end is, and what the ends cost did not fall. The row alone cannot
/// tell: one long clip that is not among the measured moves it as a training without ends would.</summary>
sealed class EndInHeads : EndRule
{
    public override string Name => "end_in_heads";
    public override EvidenceKind Evidence => EvidenceKind.Heads;

    public override EndVerdict? Ask(ILossEvidence now, IOriginEvidence? origin, FaultSet faults, bool byFit)
    {
        if (!byFit || origin is not { EndMoved: true })
            return null;
        var clips = Enumerable.Range(0, now.Clips).Where(origin.Seen).ToList();
        return Judge([.. clips.Select(clip => new ClipEnd(
            origin.CountEndVotes(clip, faults), origin.Losses.End(clip, faults).Nats, now.End(clip, faults).Nats))]);
    }

    /// <summary>What one clip says.</summary>
    /// <param name="Votes">Elements of the end's row that went the way without ends, less those that went the way with them.</param>
    /// <param name="Before">What its end costs the base.</param>
    /// <param name="After">What it costs the checkpoint.</param>
    public readonly record struct ClipEnd(int Votes, double Before, double After);

    /// <summary>Untaught, if the row says so in nearly all resampled sets of clips, and the ends of all clips together did not become
    /// cheaper.</summary>
    public static EndVerdict Judge(IReadOnlyList<ClipEnd> clips)
    {
        bool RowSaysSo(ClipSet set) => clips.Zip(set.Times, (clip, n) => clip.Votes * n).Sum() > 0;
        var sets = ClipSets.Resample(clips.Count);
        var untaught = ClipSets.Share(sets, RowSaysSo);
        return untaught >= 1 - Thresholds.Significant && !IsCheaper(clips, ClipSets.TakeAll(clips.Count)) ? new(false, untaught)
            : new(true, 1 - ClipSets.Share(sets, set => RowSaysSo(set) && !IsCheaper(clips, set)));
    }

    /// <summary>Whether the sum fell to half, which is what the ends cost that the base finds unlikely, or the mean of the logarithms fell,
    /// which is what most cost.</summary>
    static bool IsCheaper(IReadOnlyList<ClipEnd> clips, ClipSet set)
    {
        double Sum(Func<ClipEnd, double> of) => clips.Zip(set.Times, (clip, n) => of(clip) * n).Sum();
        static double Log(double nats) => Math.Log(nats + Thresholds.FreeEnd);
        return Sum(c => c.After) < Thresholds.Learned * Sum(c => c.Before) || Sum(c => Log(c.After) - Log(c.Before)) < 0;
    }
}

/// <summary>Where the row cannot tell: an end that costs more than guessing was not taught. A base that knows ends hardly forgets them, so
/// this tells only of a base that does not know them, such as one with random weights.</summary>
sealed class EndInLosses : EndRule
{
    public override string Name => "end_in_losses";
    public override EvidenceKind Evidence => EvidenceKind.Losses;

    public override EndVerdict? Ask(ILossEvidence now, IOriginEvidence? origin, FaultSet faults, bool byFit) => Judge(
        Enumerable.Range(0, now.Clips).Select(clip => now.End(clip, faults)).Aggregate((a, b) => a + b).Mean, now.Vocabulary);

    /// <summary>Untaught, if the mean loss of the ends, in nats, is above that of guessing among all codes and control ids.</summary>
    public static EndVerdict Judge(double mean, int vocabulary) => new(!(mean > Math.Log(vocabulary)), 1);
}
