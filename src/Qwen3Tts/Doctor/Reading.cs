// From numbers to a name. Where the base is at hand and the output heads moved, they tell: a checkpoint was trained with the hypothesis
// whose gradient at the base fits best what moved (HeadMovement), which is plain after fifteen small steps; what fits alike after long
// training is told by their losses (ByFit). That holds on clips that were trained on; where others are measured, or the heads were
// frozen, losses must tell, and a fine-tune of few steps still carries the habits of its base: compared is loss / sqrt(loss of the base),
// which is lowest for a rival as soon as training has closed half of the distance (of the logarithms) that the base put between the two.
// Without the base, the loss alone: which format the checkpoint knows best, and that a short training with a fault may not have changed
// yet. Rows that got no gradient rule hypotheses out before all this: a prompt without 'think' never moves the row 'think'. And of what
// cannot be told from the best, the one with the fewest deviations is named.
namespace Qwen3Tts.Doctor;

/// <summary>What a checkpoint was trained with, and how sure that is.</summary>
/// <param name="Hypothesis">The name.</param>
/// <param name="Confidence">Share of resampled sets of clips in which it beats the next one.</param>
/// <param name="Next">The best of those that can be told from it; null where there is none.</param>
/// <param name="Margin">How many times better the evidence for it is than for <paramref name="Next"/>; 1 where nothing can be told.</param>
/// <param name="Alike">What cannot be told from it on these clips.</param>
/// <param name="ByLossAlone">What moved was not there to tell: then a fault that training has not carried far looks like none.</param>
sealed record Reading(Hypothesis Hypothesis, double Confidence, Hypothesis? Next, double Margin, IReadOnlyList<Hypothesis> Alike, bool ByLossAlone);

static class Reader
{
    const int Resamples = 1000, ScreeningClips = 2;
    const double Significant = 0.05, SameWork = 0.1, NoFit = 1e-6;
    const Faults Prefix = Faults.NoLanguage | Faults.SpeakerAt6; // a row there hardly changes what the heads read
    const Faults SameWorkInputs = Prefix | Faults.NoSpeaker | Faults.Interleaved; // how the base liked another prefix says nothing about the training
    const Faults Reteaching = Faults.NoTextProjection | Faults.FirstCodebookOnly | Faults.LabelsShiftedTwice; // the talker's states become others

    const Faults NoPrefix = Faults.NoTextProjection | Faults.FirstCodebookOnly | Faults.Interleaved; // of the input, what is no matter of the prefix

    static readonly Faults[] Prefixes = [Faults.None, Faults.NoLanguage, Faults.SpeakerAt6, Faults.NoSpeaker, Faults.NoLanguage | Faults.NoSpeaker];

    /// <summary>The talker tells what it read and which codes it was asked for; the code predictor, on that input, from which hidden state
    /// it began and which codes it was asked for; the end is a question of its own.</summary>
    /// <param name="now">The checkpoint on the clips.</param>
    /// <param name="origin">What it was trained from, on the same clips, if that is at hand.</param>
    public static Reading Read(Measurement now, Origin? origin = null)
    {
        var known = origin?.Clues.Where(c => (c.Fault & Measurement.Input) == 0 || now.Tells(c.Fault)).ToList() ?? [];
        bool Possible(Faults faults, Faults about) => known.All(c => (c.Fault & about) == 0 || faults.HasFlag(c.Fault) == c.Planted);
        var talker = Talker(now, origin, f => now.Allows(f) && Possible(f, Measurement.Input));
        var predictor = Predictor(now, origin, talker.Named, f => Possible(f, ~Measurement.Input));
        var asked = predictor.Named & ~talker.Named;
        var faults = predictor.Named | (EndIsTaught(now, origin, predictor.Named, talker.ByFit) ? 0 : Faults.NoEos);
        var next = new[] { (Faults: talker.Next | asked, talker.Margin), (Faults: predictor.Next, predictor.Margin) }.Where(n => n.Faults is not null).OrderBy(n => n.Margin).FirstOrDefault();
        return new(Name(faults), talker.Sure * predictor.Sure, next.Faults is { } n ? Name(n) : null, next.Faults is null ? 1 : next.Margin,
            [.. talker.Alike.Select(a => Name(a | asked)), .. predictor.Alike.Select(Name)], !talker.ByFit && !predictor.ByFit);
        // Without a language in any clip no clip can tell the official script from one that names it.
        Hypothesis Name(Faults f) => Hypothesis.All.FirstOrDefault(h => int.PopCount((int)f) > 1 && !now.Tells(Faults.NoLanguage) && (h.Faults & ~Faults.NoLanguage) == f) ?? Hypothesis.Of(f);
    }

    readonly record struct Choice(Faults Named, List<Faults> Alike, Faults? Next, double Margin, double Sure, bool ByFit = false); // whether what moved told it

    static Choice Talker(Measurement now, Origin? origin, Func<Faults, bool> possible)
    {
        return origin is { TalkerMoved: true } && ByFit(Among((f, clips) => Fit(f, clips, now, origin, codes, (clip, faults) => origin.TalkerFit(clip, faults).Codes)), now.Clips) is { } told ? told
            : ByLoss(Among((f, clips) => Loss(f, clips, now, origin?.Measurement, codes)), now);
        static Cost codes(Measurement m, int clip, Faults faults) => m.Talker(clip, faults).Codes;

        // Inputs of hypotheses with a name; and from the best of them, with labels as they are or shifted, one deviation further at a time, for as
        // long as that is better on a few clips: there are forty combinations, and each costs a pass of the talker over every clip.
        List<Candidate> Among(Func<Faults, int, Candidate> candidate)
        {
            var few = Math.Min(ScreeningClips, now.Clips);
            double Score(Faults input) => Math.Min(candidate(input, few).Score(Once(few)), candidate(input | Faults.LabelsShiftedTwice, few).Score(Once(few)));
            var inputs = Hypothesis.All.Select(h => h.Faults & Measurement.Input).Where(possible).Distinct().ToList();
            if (inputs.Count == 0)
                inputs.Add(Prefixes.SelectMany(p => Subsets(NoPrefix).Select(i => p | i)).Where(possible).MinBy(i => int.PopCount((int)i)));
            for (var best = inputs.MinBy(Score); Further(best).Where(possible).Except(inputs).OrderBy(Score).Cast<Faults?>().FirstOrDefault() is { } better && Score(better) < Score(best); best = better)
                inputs.Add(better);
            return [.. inputs.SelectMany(i => new[] { i, i | Faults.LabelsShiftedTwice }).Select(f => candidate(f, now.Clips))];
        }
    }

    /// <summary>One deviation more or less, or another prefix.</summary>
    static IEnumerable<Faults> Further(Faults input) => Prefixes.Select(p => input & NoPrefix | p).Concat(Subsets(NoPrefix).Where(i => int.PopCount((int)i) == 1).Select(i => input ^ i)).Where(i => i != input);

    static Choice Predictor(Measurement now, Origin? origin, Faults talker, Func<Faults, bool> possible)
    {
        var among = Subsets(Faults.OwnHidden | Faults.SubLabelsShifted).Where(possible).Select(p => talker | p).ToList();
        return origin is { PredictorMoved: true } && ByFit([.. among.Select(f => Fit(f, now.Clips, now, origin, codes, origin.PredictorFit))], now.Clips) is { } told ? told
            : ByLoss([.. among.Select(f => Loss(f, now.Clips, now, (talker & Reteaching) == 0 ? origin?.Measurement : null, codes))], now);
        static Cost codes(Measurement m, int clip, Faults faults) => m.Predictor(clip, faults);
    }

    /// <summary>The end is taught unless its row moved as it does when no end is. Where the row did not move: when the model finds the end better
    /// than by guessing; where the base is there, when it has not lost half of the way to guessing.</summary>
    static bool EndIsTaught(Measurement now, Origin? origin, Faults faults, bool byFit)
    {
        if (byFit && origin is { EndMoved: true })
            return !origin.EndIsUntaught(faults);
        var guessing = Math.Log(now.Vocabulary);
        var end = now.Of(faults).End.Mean;
        return origin is null ? end < guessing : end < (guessing + origin.Measurement.Of(faults).End.Mean) / 2;
    }

    /// <summary>A hypothesis and its evidence over clips that are drawn so many times each.</summary>
    /// <param name="Faults">Which.</param>
    /// <param name="Score">Lower is better.</param>
    /// <param name="After">The logarithm of the checkpoint's loss.</param>
    /// <param name="Before">Of the base's; null where that is not known.</param>
    sealed record Candidate(Faults Faults, Func<int[], double> Score, Func<int[], double> After, Func<int[], double>? Before = null)
    {
        /// <summary>By what factor training raised the loss, as a logarithm.</summary>
        public double Change(int[] times) => After(times) - Before!(times);

        /// <summary>Whether training made this the likelier one, which the other was for the base.</summary>
        public bool Overtook(Candidate other, int[] times) => Before!(times) > other.Before!(times) && After(times) < other.After(times);
    }

    static Candidate Fit(Faults faults, int clips, Measurement now, Origin origin, Func<Measurement, int, Faults, Cost> cost, Func<int, Faults, double> fit)
    {
        var fits = Enumerable.Range(0, clips).Select(clip => origin.Seen(clip) ? fit(clip, faults) : 0).ToArray();
        double Of(int[] times) => fits.Zip(times, (f, n) => f * n).Sum() / Math.Max(1, times.Where((_, clip) => origin.Seen(clip)).Sum());
        var (after, before) = (new Lazy<Cost[]>(() => PerClip(now, clips, faults, cost)), new Lazy<Cost[]>(() => PerClip(origin.Measurement, clips, faults, cost)));
        return new(faults, times => -Math.Log(Math.Max(Of(times), NoFit)), times => Log(after.Value, times), times => Log(before.Value, times));
    }

    static Candidate Loss(Faults faults, int clips, Measurement now, Measurement? before, Func<Measurement, int, Faults, Cost> cost)
    {
        var after = PerClip(now, clips, faults, cost);
        if (before is null)
            return new(faults, times => Log(after, times), times => Log(after, times));
        var first = PerClip(before, clips, faults & ~SameWorkInputs, cost);
        return new(faults, times => Log(after, times) - Log(first, times) / 2, times => Log(after, times), times => Log(first, times));
    }

    static Cost[] PerClip(Measurement of, int clips, Faults faults, Func<Measurement, int, Faults, Cost> cost) => [.. Enumerable.Range(0, clips).Select(clip => cost(of, clip, faults))];

    static double Log(Cost[] costs, int[] times) => Math.Log(costs.Zip(times, (c, n) => c * n).Aggregate((a, b) => a + b).Mean);

    /// <summary>What moved decides, if these clips were trained on: then the loss of what it names fell on them. Null if it did not, for then what
    /// moved tells nothing. Hypotheses that fit within a tenth of each other are told by their losses: what the base found likelier than another
    /// and the checkpoint does not was not trained; and of the others, if one fell to half, by how far they fell: then these are clips that were
    /// learned; losses of other clips rise where much was learned by heart. Another prefix changes too little of what the heads read to be told
    /// by them.</summary>
    static Choice? ByFit(List<Candidate> candidates, int clips)
    {
        var (resampled, everyone) = (Resampled(clips), Once(clips));
        var best = candidates.MinBy(c => c.Score(everyone))!;
        var near = candidates.Where(c => c.Score(everyone) - best.Score(everyone) <= Math.Log(1 + SameWork)).ToList();
        candidates = [.. candidates.Where(c => !near.Contains(c) || !near.Any(n => IsMoreThanPrefix(n, c) && Share(resampled, w => n.Overtook(c, w)) >= 1 - Significant))];
        if (near.Any(c => c.Change(everyone) < -Math.Log(2)))
            candidates = [.. candidates.Select(c => near.Contains(c) ? c with { Score = times => c.Score(times) + c.Change(times) } : c)];
        best = candidates.MinBy(c => c.Score(everyone))!;
        if (Share(resampled, w => best.Change(w) < 0) < 1 - Significant)
            return null;
        return Choose(candidates, best, everyone, resampled, c => Share(resampled, w => c.Score(w) <= best.Score(w)) >= Significant
            || !IsMoreThanPrefix(c, best) && c.Score(everyone) - best.Score(everyone) <= Math.Log(1 + SameWork)) with
        { ByFit = true };
    }

    static bool IsMoreThanPrefix(Candidate a, Candidate b) => ((a.Faults ^ b.Faults) & ~Prefix) != 0;

    /// <summary>Training lowers the loss that it trains on: where the base's own best hypothesis got worse by a tenth, only those are left that
    /// fell by more than it rose, and below guessing. Alike is also what is better only by how far it came or only by where it is, and prefixes
    /// and layouts within a tenth of each other, which do the same work.</summary>
    static Choice ByLoss(List<Candidate> candidates, Measurement now)
    {
        var (resampled, everyone, guessing) = (Resampled(now.Clips), Once(now.Clips), Math.Log(Math.Log(now.Codebook)));
        if (candidates.TrueForAll(c => c.Before is not null) && candidates.MinBy(c => c.Before!(everyone))! is var first && first.Change(everyone) > Math.Log(1 + SameWork) && Share(resampled, w => first.Change(w) > 0) >= 1 - Significant)
            candidates = candidates.Where(c => -c.Change(everyone) > first.Change(everyone) && c.After(everyone) < guessing).ToList() is { Count: > 0 } fell ? fell : candidates;
        var best = candidates.MinBy(c => c.Score(everyone))!;
        return Choose(candidates, best, everyone, resampled, c => Share(resampled, w => c.Score(w) <= best.Score(w)) >= Significant
            || best.Before is not null && Share(resampled, w => c.Change(w) <= best.Change(w)) >= Significant
            || ((c.Faults ^ best.Faults) & ~SameWorkInputs) == 0 && c.Score(everyone) - best.Score(everyone) <= Math.Log(1 + SameWork));
    }

    static Choice Choose(List<Candidate> candidates, Candidate best, int[] everyone, List<int[]> resampled, Func<Candidate, bool> isAlike)
    {
        var alike = candidates.Where(c => c == best || isAlike(c)).OrderBy(c => c.Score(everyone)).ToList();
        var named = alike.MinBy(c => int.PopCount((int)c.Faults))!;
        var others = alike.Where(c => c != named).Select(c => c.Faults).ToList();
        return candidates.Except(alike).MinBy(c => c.Score(everyone)) is { } next
            ? new(named.Faults, others, next.Faults, Math.Exp(next.Score(everyone) - named.Score(everyone)), Share(resampled, w => named.Score(w) < next.Score(w)))
            : new(named.Faults, others, null, 1, 1);
    }

    static double Share(List<int[]> resampled, Func<int[], bool> holds) => resampled.Count(holds) / (double)resampled.Count;

    static IEnumerable<Faults> Subsets(Faults of) => Enumerable.Range(0, (int)of + 1).Where(s => (s & ~(int)of) == 0).Select(s => (Faults)s);

    static int[] Once(int clips) => [.. Enumerable.Repeat(1, clips)];

    /// <summary>How often each clip is drawn, for many draws of as many clips as there are.</summary>
    static List<int[]> Resampled(int clips)
    {
        var random = new Random(0); // a seeded Random keeps its sequence across versions of .NET
        return [.. Enumerable.Range(0, Resamples).Select(_ =>
        {
            var times = new int[clips];
            for (var i = 0; i < clips; i++)
                times[random.Next(clips)]++;
            return times;
        })];
    }
}
