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
sealed class Case(
    Measurement now, Origin? origin, Func<Measurement, int, FaultSet, Cost> cost, Func<Origin, int, FaultSet, double> fit)
{
    public Measurement Now => now;
    public Origin? Origin => origin;

    /// <summary>Hypotheses that no rule has left out.</summary>
    public List<Candidate> Candidates { get; set; } = [];

    /// <summary>Those that the heads cannot tell from the best.</summary>
    public List<Candidate> Near { get; set; } = [];

    /// <summary>Whether a candidate cannot be told from the best.</summary>
    public Func<Candidate, bool> IsAlike { get; set; } = _ => false;

    /// <summary>False as soon as a rule finds that this evidence tells nothing.</summary>
    public bool Tells { get; set; } = true;

    /// <summary>Set by the last rule.</summary>
    public Choice? Choice { get; set; }

    /// <summary>Each clip once, and many sets drawn from the clips.</summary>
    public int[] Everyone { get; } = ClipSets.TakeAll(now.Clips);
    public List<int[]> Resampled { get; } = ClipSets.Resample(now.Clips);

    public Candidate Best => Candidates.MinBy(c => c.Score(Everyone))!;

    public Cost Cost(Measurement measurement, int clip, FaultSet faults) => cost(measurement, clip, faults);

    public double Fit(int clip, FaultSet faults) => fit(origin!, clip, faults);

    /// <summary>The share of resampled sets in which something holds.</summary>
    public double Share(Func<int[], bool> holds) => ClipSets.Share(Resampled, holds);

    /// <summary>How much worse one scores than another, over all clips.</summary>
    public double Distance(Candidate from, Candidate to) => from.Score(Everyone) - to.Score(Everyone);
}

/// <summary>What the rules found for one network.</summary>
/// <param name="Named">The faults.</param>
/// <param name="Alike">What cannot be told from them.</param>
/// <param name="Next">The best of what can.</param>
/// <param name="Margin">How many times worse that is.</param>
/// <param name="Sure">Share of resampled sets that put the named before the next.</param>
/// <param name="ByFit">Whether what moved in the heads told it.</param>
sealed record Choice(FaultSet Named, List<FaultSet> Alike, FaultSet? Next, double Margin, double Sure, bool ByFit = false);
