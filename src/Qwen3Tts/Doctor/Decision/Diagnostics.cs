// From the evidence to the name of a hypothesis. First, rows that got no gradient rule hypotheses out. Then the change of the heads
// decides, or the losses where the heads give no evidence. Of the hypotheses that cannot be distinguished from the best, the one with the
// fewest faults is named.
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Decision;

/// <summary>Rules out every hypothesis that contradicts a row. For example, training on prompts without 'think' never changes the row
/// 'think'.</summary>
sealed class RowsRuleOut(ILossEvidence now, IReadOnlyList<RowEvidence> rows)
{
    public const string Name = "rows_rule_out";

    readonly List<RowEvidence> _known = [.. rows.Where(c => (c.Fault & KnownFaults.Input) == 0 || now.ShowsDifference(c.Fault))];

    /// <summary>Whether the hypothesis agrees with what the rows say about these faults.</summary>
    public bool Allow(FaultSet faults, FaultSet about) =>
        _known.TrueForAll(c => (c.Fault & about) == 0 || faults.HasFlag(c.Fault) == c.IsPresent);
}

/// <summary>Decides what one checkpoint was trained with.</summary>
/// <param name="now">The losses of the checkpoint on the clips.</param>
/// <param name="origin">The evidence from the base, on the same clips; null if there is no base.</param>
/// <param name="rules">The rules that are applied.</param>
sealed class Diagnostics(ILossEvidence now, IOriginEvidence? origin, Rules rules)
{
    /// <summary>Decides in three steps. The talker: what it read, and which codes it was taught. The code predictor, on that input: from
    /// which hidden state it started, and which codes it was taught. The end of speech: whether it was taught.</summary>
    /// <param name="now">The losses of the checkpoint on the clips.</param>
    /// <param name="origin">The evidence from the base, on the same clips; null if there is no base.</param>
    /// <param name="rules">The rules that are applied; null: all.</param>
    public static Diagnosis Diagnose(ILossEvidence now, IOriginEvidence? origin = null, Rules? rules = null) =>
        new Diagnostics(now, origin, rules ?? Rules.All).Diagnose();

    Diagnosis Diagnose()
    {
        var rows = new RowsRuleOut(now, rules.OfRows && origin is not null ? origin.Rows : []);
        var talker = DiagnoseTalker(f => now.Allows(f) && rows.Allow(f, KnownFaults.Input));
        var predictor = DiagnosePredictor(talker.Named, f => rows.Allow(f, ~KnownFaults.Input));
        var added = predictor.Named & ~talker.Named;
        var end = rules.OfTheEnd.Select(r => r.Decide(now, origin, predictor.Named, talker.ByFit)).FirstOrDefault(v => v is not null)
            ?? new(IsTaught: true, 1);
        var faults = predictor.Named | (end.IsTaught ? FaultSet.None : KnownFaults.End);
        var sure = talker.Sure * predictor.Sure * end.Sure;
        var next = new[] { (Faults: talker.Next | added, talker.Margin), (Faults: predictor.Next, predictor.Margin) }
            .Where(n => n.Faults is not null).OrderBy(n => n.Margin).FirstOrDefault();
        IEnumerable<FaultSet> alike = [.. talker.Alike.Select(a => a | added), .. predictor.Alike];
        return new(Name(faults), sure, next.Faults is { } n ? Name(n) : null, next.Faults is null ? 1 : next.Margin,
            [.. alike.Select(Name)], !talker.ByFit && !predictor.ByFit);
    }

    /// <summary>The hypothesis of these faults. If no clip has a language, no_language cannot be measured; then a script whose other faults
    /// are exactly these gives the name.</summary>
    Hypothesis Name(FaultSet faults)
    {
        bool IsSameWithoutLanguage(Hypothesis h) => int.PopCount((int)h.Faults) > 1 && (h.Faults & ~FaultSet.NoLanguage) == faults;
        return (now.ShowsDifference(FaultSet.NoLanguage) ? null : Hypothesis.All.FirstOrDefault(IsSameWithoutLanguage))
            ?? Hypothesis.Combine(faults);
    }

    Choice DiagnoseTalker(Func<FaultSet, bool> possible)
    {
        var talker = new Case(now, origin, (l, clip, faults) => l.Codes(clip, faults), (o, clip, faults) => o.CodesFit(clip, faults));
        List<Candidate> Search(Func<FaultSet, int, Candidate> candidate) => FaultSearch.ListCandidates(now.Clips, possible, candidate);
        if (origin is { TalkerMoved: true }
            && talker.Apply(Search((f, clips) => Candidate.FromHeads(f, clips, talker)), rules.OfHeads) is { } choice)
            return choice with { ByFit = true };
        return talker.Apply(Search((f, clips) => Candidate.FromLosses(f, clips, talker, origin?.Losses)), rules.OfLosses)!;
    }

    Choice DiagnosePredictor(FaultSet talker, Func<FaultSet, bool> possible)
    {
        var predictor = new Case(
            now, origin, (l, clip, faults) => l.Predictor(clip, faults), (o, clip, faults) => o.PredictorFit(clip, faults));
        var among = KnownFaults.ListSubsets(KnownFaults.Predictor).Where(possible).Select(p => talker | p).ToList();
        if (origin is { PredictorMoved: true }
            && predictor.Apply([.. among.Select(f => Candidate.FromHeads(f, now.Clips, predictor))], rules.OfHeads) is { } choice)
            return choice with { ByFit = true };
        var before = (talker & KnownFaults.ChangesStates) == 0 ? origin?.Losses : null;
        return predictor.Apply([.. among.Select(f => Candidate.FromLosses(f, now.Clips, predictor, before))], rules.OfLosses)!;
    }
}
