// From numbers to a name. Rows that got no gradient rule hypotheses out; then what moved in the heads tells, or losses where that cannot.
// Of what cannot be told from the best, the one with the fewest deviations is named.
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Decision;

/// <summary>What a prompt without 'think' never moves, and the like: a hypothesis that contradicts a row is impossible.</summary>
sealed class RowsRuleOut(ILossEvidence now, IReadOnlyList<RowEvidence> rows)
{
    public const string Name = "rows_rule_out";

    readonly List<RowEvidence> _known = [.. rows.Where(c => (c.Fault & KnownFaults.Input) == 0 || now.ShowsDifference(c.Fault))];

    /// <summary>Whether what the rows say about these faults allows the hypothesis.</summary>
    public bool Allow(FaultSet faults, FaultSet about) =>
        _known.TrueForAll(c => (c.Fault & about) == 0 || faults.HasFlag(c.Fault) == c.IsPresent);
}

/// <summary>The questions about one checkpoint.</summary>
/// <param name="now">The checkpoint on the clips.</param>
/// <param name="origin">What it was trained from, on the same clips, if that is at hand.</param>
/// <param name="rules">Those that are asked.</param>
sealed class Diagnostics(ILossEvidence now, IOriginEvidence? origin, Rules rules)
{
    /// <summary>The talker tells what it read and which codes it was asked for; the code predictor, on that input, from which hidden state
    /// it began and which codes it was asked for; the end is a question of its own.</summary>
    /// <param name="now">The checkpoint on the clips.</param>
    /// <param name="origin">What it was trained from, on the same clips, if that is at hand.</param>
    /// <param name="rules">Those that are asked; null: all.</param>
    public static Diagnosis Diagnose(ILossEvidence now, IOriginEvidence? origin = null, Rules? rules = null) =>
        new Diagnostics(now, origin, rules ?? Rules.All).Diagnose();

    Diagnosis Diagnose()
    {
        var rows = new RowsRuleOut(now, rules.OfRows && origin is not null ? origin.Rows : []);
        var talker = DiagnoseTalker(f => now.Allows(f) && rows.Allow(f, KnownFaults.Input));
        var predictor = DiagnosePredictor(talker.Named, f => rows.Allow(f, ~KnownFaults.Input));
        var asked = predictor.Named & ~talker.Named;
        var end = rules.OfTheEnd.Select(r => r.Ask(now, origin, predictor.Named, talker.ByFit)).FirstOrDefault(v => v is not null)
            ?? new(IsTaught: true, 1);
        var faults = predictor.Named | (end.IsTaught ? FaultSet.None : KnownFaults.End);
        var sure = talker.Sure * predictor.Sure * end.Sure;
        var next = new[] { (Faults: talker.Next | asked, talker.Margin), (Faults: predictor.Next, predictor.Margin) }
            .Where(n => n.Faults is not null).OrderBy(n => n.Margin).FirstOrDefault();
        IEnumerable<FaultSet> alike = [.. talker.Alike.Select(a => a | asked), .. predictor.Alike];
        return new(Name(faults), sure, next.Faults is { } n ? Name(n) : null, next.Faults is null ? 1 : next.Margin,
            [.. alike.Select(Name)], !talker.ByFit && !predictor.ByFit);
    }

    /// <summary>Without a language in any clip no clip can tell a script from one that names it.</summary>
    Hypothesis Name(FaultSet faults)
    {
        bool IsLikeIt(Hypothesis h) => int.PopCount((int)h.Faults) > 1 && (h.Faults & ~FaultSet.NoLanguage) == faults;
        return (now.ShowsDifference(FaultSet.NoLanguage) ? null : Hypothesis.All.FirstOrDefault(IsLikeIt)) ?? Hypothesis.Combine(faults);
    }

    Choice DiagnoseTalker(Func<FaultSet, bool> possible)
    {
        var talker = new Case(now, origin, (l, clip, faults) => l.Codes(clip, faults), (o, clip, faults) => o.CodesFit(clip, faults));
        List<Candidate> Search(Func<FaultSet, int, Candidate> candidate) => FaultSearch.ListCandidates(now.Clips, possible, candidate);
        if (origin is { TalkerMoved: true }
            && talker.Ask(Search((f, clips) => Candidate.FromHeads(f, clips, talker)), rules.OfHeads) is { } told)
            return told with { ByFit = true };
        return talker.Ask(Search((f, clips) => Candidate.FromLosses(f, clips, talker, origin?.Losses)), rules.OfLosses)!;
    }

    Choice DiagnosePredictor(FaultSet talker, Func<FaultSet, bool> possible)
    {
        var predictor = new Case(
            now, origin, (l, clip, faults) => l.Predictor(clip, faults), (o, clip, faults) => o.PredictorFit(clip, faults));
        var among = KnownFaults.ListSubsets(KnownFaults.Predictor).Where(possible).Select(p => talker | p).ToList();
        if (origin is { PredictorMoved: true }
            && predictor.Ask([.. among.Select(f => Candidate.FromHeads(f, now.Clips, predictor))], rules.OfHeads) is { } told)
            return told with { ByFit = true };
        var before = (talker & KnownFaults.ChangesStates) == 0 ? origin?.Losses : null;
        return predictor.Ask([.. among.Select(f => Candidate.FromLosses(f, now.Clips, predictor, before))], rules.OfLosses)!;
    }
}
