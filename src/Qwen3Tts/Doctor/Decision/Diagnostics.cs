// From numbers to a name. Rows that got no gradient rule hypotheses out; then what moved in the heads tells, or losses where that cannot.
// Of what cannot be told from the best, the one with the fewest deviations is named.
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Decision;

/// <summary>What a prompt without 'think' never moves, and the like: a hypothesis that contradicts a row is impossible.</summary>
sealed class RowsRuleOut(Measurement now, Origin? origin)
{
    public const string Name = "rows_rule_out";

    readonly List<RowEvidence> _known =
        origin?.Rows.Where(c => (c.Fault & KnownFaults.Input) == 0 || now.ShowsDifference(c.Fault)).ToList() ?? [];

    /// <summary>Whether what the rows say about these faults allows the hypothesis.</summary>
    public bool Allow(FaultSet faults, FaultSet about) =>
        _known.TrueForAll(c => (c.Fault & about) == 0 || faults.HasFlag(c.Fault) == c.IsPlanted);
}

static class Diagnostics
{
    /// <summary>The talker tells what it read and which codes it was asked for; the code predictor, on that input, from which hidden state
    /// it began and which codes it was asked for; the end is a question of its own.</summary>
    /// <param name="now">The checkpoint on the clips.</param>
    /// <param name="origin">What it was trained from, on the same clips, if that is at hand.</param>
    public static Diagnosis Diagnose(Measurement now, Origin? origin = null)
    {
        var rows = new RowsRuleOut(now, origin);
        var talker = DiagnoseTalker(now, origin, f => now.Allows(f) && rows.Allow(f, KnownFaults.Input));
        var predictor = DiagnosePredictor(now, origin, talker.Named, f => rows.Allow(f, ~KnownFaults.Input));
        var asked = predictor.Named & ~talker.Named;
        var end = Rules.OfTheEnd.Select(r => r.Ask(now, origin, predictor.Named, talker.ByFit)).First(v => v is not null)!.Value;
        var faults = predictor.Named | (end.IsTaught ? FaultSet.None : KnownFaults.End);
        var sure = talker.Sure * predictor.Sure * end.Sure;
        var next = new[] { (Faults: talker.Next | asked, talker.Margin), (Faults: predictor.Next, predictor.Margin) }
            .Where(n => n.Faults is not null).OrderBy(n => n.Margin).FirstOrDefault();
        IEnumerable<FaultSet> alike = [.. talker.Alike.Select(a => a | asked), .. predictor.Alike];
        return new(
            Name(faults, now), sure, next.Faults is { } n ? Name(n, now) : null, next.Faults is null ? 1 : next.Margin,
            [.. alike.Select(f => Name(f, now))], !talker.ByFit && !predictor.ByFit);
    }

    /// <summary>Without a language in any clip no clip can tell a script from one that names it.</summary>
    static Hypothesis Name(FaultSet faults, Measurement now)
    {
        bool IsLikeIt(Hypothesis h) => int.PopCount((int)h.Faults) > 1 && (h.Faults & ~FaultSet.NoLanguage) == faults;
        return (now.ShowsDifference(FaultSet.NoLanguage) ? null : Hypothesis.All.FirstOrDefault(IsLikeIt)) ?? Hypothesis.Combine(faults);
    }

    static Choice DiagnoseTalker(Measurement now, Origin? origin, Func<FaultSet, bool> possible)
    {
        var talker = new Case(
            now, origin, (m, clip, faults) => m.Talker(clip, faults).Codes, (o, clip, faults) => o.TalkerFit(clip, faults).Codes);
        List<Candidate> Search(Func<FaultSet, int, Candidate> candidate) => FaultSearch.ListCandidates(now.Clips, possible, candidate);
        if (origin is { TalkerMoved: true }
            && Rules.Choose(talker, Search((f, clips) => Candidate.FromHeads(f, clips, talker)), Rules.OfHeads) is { } told)
            return told with { ByFit = true };
        return Rules.Choose(talker, Search((f, clips) => Candidate.FromLosses(f, clips, talker, origin?.Measurement)), Rules.OfLosses)!;
    }

    static Choice DiagnosePredictor(Measurement now, Origin? origin, FaultSet talker, Func<FaultSet, bool> possible)
    {
        var predictor = new Case(
            now, origin, (m, clip, faults) => m.Predictor(clip, faults), (o, clip, faults) => o.PredictorFit(clip, faults));
        var among = KnownFaults.ListSubsets(KnownFaults.Predictor).Where(possible).Select(p => talker | p).ToList();
        if (origin is { PredictorMoved: true }
            && Rules.Choose(predictor, [.. among.Select(f => Candidate.FromHeads(f, now.Clips, predictor))], Rules.OfHeads) is { } told)
            return told with { ByFit = true };
        var before = (talker & KnownFaults.ChangesStates) == 0 ? origin?.Measurement : null;
        return Rules.Choose(predictor, [.. among.Select(f => Candidate.FromLosses(f, now.Clips, predictor, before))], Rules.OfLosses)!;
    }
}
