// From losses to a name. A checkpoint was trained with the hypothesis under which its loss is lowest, but clips differ, and a fine-tune of
// few steps still carries the habits of its base. So hypotheses are compared by loss / sqrt(loss of the base), which is lowest for a rival as
// soon as training has closed half of the distance (of the logarithms) that the base put between the two; without the base, by the loss.
// Three rules go before. Rows that got no gradient rule hypotheses out: a prompt without 'think' never moves the row 'think'. Training
// lowers the loss that it trains on: where the base's own best hypothesis got worse, only those are left that fell by more than it rose.
// And of what is alike the one with the fewest deviations is named. Alike is what resampled clips cannot tell from the best; what is
// better only by how far it came or only by where it is; and prefixes and layouts within a tenth of each other, which do the same work.
namespace Qwen3Tts.Doctor;

/// <summary>What a checkpoint was trained with, and how sure that is.</summary>
/// <param name="Hypothesis">The name.</param>
/// <param name="Confidence">Share of resampled sets of clips in which it beats the next one.</param>
/// <param name="Next">The best of those that can be told from it; null where there is none.</param>
/// <param name="Margin">How many times higher <paramref name="Next"/> lies; 1 where nothing can be told.</param>
/// <param name="Alike">What cannot be told from it on these clips.</param>
sealed record Reading(Hypothesis Hypothesis, double Confidence, Hypothesis? Next, double Margin, IReadOnlyList<Hypothesis> Alike);

static class Reader
{
    const int Resamples = 1000, ScreeningClips = 3, Kept = 3;
    const double Significant = 0.05, SameWork = 0.1;
    const Faults SameWorkInputs = Faults.NoLanguage | Faults.SpeakerAt6 | Faults.NoSpeaker | Faults.Interleaved; // how the base liked another prefix says nothing about the training
    const Faults Reteaching = Faults.NoTextProjection | Faults.FirstCodebookOnly | Faults.LabelsShiftedTwice; // the talker's states become others

    static readonly Faults[] Prefixes = [Faults.None, Faults.NoLanguage, Faults.SpeakerAt6, Faults.NoSpeaker, Faults.NoLanguage | Faults.NoSpeaker];

    /// <summary>The talker tells what it read and which codes it was asked for; the code predictor, on that input, from which hidden state
    /// it began and which codes it was asked for; the end is a question of its own.</summary>
    /// <param name="now">The checkpoint on the clips.</param>
    /// <param name="before">What it was trained from on the same clips, if that is at hand.</param>
    /// <param name="clues">What moved between the two.</param>
    public static Reading Read(Measurement now, Measurement? before = null, params IReadOnlyList<Clue> clues)
    {
        var known = clues.Where(c => (c.Fault & Measurement.Input) == 0 || now.Tells(c.Fault)).ToList();
        bool Possible(Faults faults, Faults about) => known.All(c => (c.Fault & about) == 0 || faults.HasFlag(c.Fault) == c.Planted);
        var talker = Choose(Inputs(now, before, f => Possible(f, Measurement.Input)).SelectMany(i => new[] { i, i | Faults.LabelsShiftedTwice }), now, before, (m, clip, faults) => m.Talker(clip, faults).Codes);
        var predictor = Choose(Subsets(Faults.OwnHidden | Faults.SubLabelsShifted).Where(p => Possible(p, ~Measurement.Input)).Select(p => talker.Named | p), now, (talker.Named & Reteaching) == 0 ? before : null, (m, clip, faults) => m.Predictor(clip, faults));
        var asked = predictor.Named & ~talker.Named;
        var faults = predictor.Named | (EndIsTaught(now, before, predictor.Named) ? 0 : Faults.NoEos);
        var next = new[] { (Faults: talker.Next | asked, talker.Margin), (Faults: predictor.Next, predictor.Margin) }.Where(n => n.Faults is not null).OrderBy(n => n.Margin).FirstOrDefault();
        return new(Name(faults), talker.Sure * predictor.Sure, next.Faults is { } n ? Name(n) : null, next.Faults is null ? 1 : next.Margin,
            [.. talker.Alike.Select(a => Name(a | asked)), .. predictor.Alike.Select(Name)]);
        // Without a language in any clip no clip can tell the official script from one that names it.
        Hypothesis Name(Faults f) => Hypothesis.All.FirstOrDefault(h => int.PopCount((int)f) > 1 && !now.Tells(Faults.NoLanguage) && (h.Faults & ~Faults.NoLanguage) == f) ?? Hypothesis.Of(f);
    }

    readonly record struct Choice(Faults Named, List<Faults> Alike, Faults? Next, double Margin, double Sure);

    static Choice Choose(IEnumerable<Faults> among, Measurement now, Measurement? before, Func<Measurement, int, Faults, Cost> cost)
    {
        var candidates = among.Select(f => new Candidate(f, PerClip(now, f), before is null ? null : PerClip(before, f & ~SameWorkInputs))).ToList();
        Cost[] PerClip(Measurement of, Faults faults) => [.. Enumerable.Range(0, of.Clips).Select(clip => cost(of, clip, faults))];
        var resampled = Resampled(now.Clips);
        if (before is not null && candidates.MinBy(c => c.Before!.Aggregate((a, b) => a + b).Mean) is { } usual && Share(resampled, w => usual.Change(w) > 0) >= 1 - Significant)
        {
            var everyone = Enumerable.Repeat(1, now.Clips).ToArray();
            candidates = candidates.Where(c => -c.Change(everyone) > usual.Change(everyone)).ToList() is { Count: > 0 } fell ? fell : candidates;
        }
        return Choose(candidates, resampled);
    }

    static Choice Choose(List<Candidate> candidates, List<int[]> resampled)
    {
        var everyone = Enumerable.Repeat(1, resampled[0].Length).ToArray();
        double Score(Candidate c) => c.Score(everyone);
        var best = candidates.MinBy(Score)!;
        bool IsAlike(Candidate c) => Share(resampled, w => c.Score(w) <= best.Score(w)) >= Significant
            || best.Before is not null && Share(resampled, w => c.Change(w) <= best.Change(w)) >= Significant
            || ((c.Faults ^ best.Faults) & ~SameWorkInputs) == 0 && Score(c) - Score(best) <= Math.Log(1 + SameWork);
        var alike = candidates.Where(IsAlike).OrderBy(Score).ToList();
        var named = alike.MinBy(c => int.PopCount((int)c.Faults))!;
        var others = alike.Where(c => c != named).Select(c => c.Faults).ToList();
        return candidates.Except(alike).MinBy(Score) is { } next
            ? new(named.Faults, others, next.Faults, Math.Exp(Score(next) - Score(named)), Share(resampled, w => named.Score(w) < next.Score(w)))
            : new(named.Faults, others, null, 1, 1);
    }

    static double Share(List<int[]> resampled, Func<int[], bool> holds) => resampled.Count(holds) / (double)resampled.Count;

    /// <summary>The end is taught when the model finds it better than by guessing; where the base is there, when it has not lost half of the
    /// way to guessing.</summary>
    static bool EndIsTaught(Measurement now, Measurement? before, Faults faults)
    {
        var guessing = Math.Log(now.Vocabulary);
        var end = now.Of(faults).End.Mean;
        return before is null ? end < guessing : end < (guessing + before.Of(faults).End.Mean) / 2;
    }

    /// <summary>The inputs worth the whole work: those of hypotheses with a name, and the best of all combinations by the talker on a few clips.</summary>
    static List<Faults> Inputs(Measurement now, Measurement? before, Func<Faults, bool> possible)
    {
        var few = Enumerable.Range(0, Math.Min(ScreeningClips, now.Clips)).ToList();
        double Mean(Measurement m, Faults faults) => few.Aggregate(default(Cost), (sum, clip) => sum + m.Talker(clip, faults).Codes).Mean;
        double Score(Faults faults) => Math.Log(Mean(now, faults)) - (before is null ? 0 : Math.Log(Mean(before, faults & ~SameWorkInputs)) / 2);
        var all = from prefix in Prefixes
                  from rest in Subsets(Faults.NoTextProjection | Faults.FirstCodebookOnly | Faults.Interleaved)
                  where now.Allows(rest) && possible(prefix | rest)
                  select prefix | rest;
        var best = all.OrderBy(i => Math.Min(Score(i), Score(i | Faults.LabelsShiftedTwice))).Take(Kept);
        return [.. Hypothesis.All.Select(h => h.Faults & Measurement.Input).Where(i => now.Allows(i) && possible(i)).Concat(best).Distinct()];
    }

    static IEnumerable<Faults> Subsets(Faults of) => Enumerable.Range(0, (int)of + 1).Where(s => (s & ~(int)of) == 0).Select(s => (Faults)s);

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

    sealed record Candidate(Faults Faults, Cost[] Now, Cost[]? Before)
    {
        public double Score(int[] times) => Log(Now, times) - (Before is null ? 0 : Log(Before, times) / 2);

        /// <summary>By what factor training raised the loss, as a logarithm.</summary>
        public double Change(int[] times) => Log(Now, times) - Log(Before!, times);

        static double Log(Cost[] clips, int[] times) => Math.Log(clips.Zip(times, (c, n) => c * n).Aggregate((a, b) => a + b).Mean);
    }
}
