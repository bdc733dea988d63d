// The losses under each hypothesis, for the reader of the report. A hypothesis that the changed rows contradict is not measured: with a
// base, that would take half of the doctor's time, and the decision does not ask for it.
using Qwen3Tts.Doctor.Decision;
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Report;

static class LossTable
{
    /// <summary>One row for each hypothesis. The correct and the named one always have numbers.</summary>
    /// <param name="now">The losses of the checkpoint.</param>
    /// <param name="origin">The evidence from the base; null if there is no base.</param>
    /// <param name="named">What the checkpoint was trained with.</param>
    public static IReadOnlyList<LossRow> Measure(Measurement now, Origin? origin, Hypothesis named)
    {
        var rows = new RowsRuleOut(now, origin?.Rows ?? []);
        bool IsRuledOut(FaultSet faults) => faults != FaultSet.None && faults != named.Faults && !rows.Allow(faults, about: ~FaultSet.None);
        return [.. Hypothesis.All.Append(named).DistinctBy(h => h.Name).Select(h =>
            !now.Allows(h.Faults) ? new LossRow(h.Name, "the shapes forbid it")
            : IsRuledOut(h.Faults) ? new(h.Name, "the changed rows rule it out")
            : Row(h, now, origin?.Measurement))];
    }

    static LossRow Row(Hypothesis h, Measurement now, Measurement? before)
    {
        var losses = now.LossesUnder(h.Faults);
        return new(h.Name, null, losses.Total, losses.Talker, losses.Codes.Mean, losses.End.Count == 0 ? null : losses.End.Mean,
            losses.Predictor.Mean, before?.LossesUnder(h.Faults).Total);
    }
}
