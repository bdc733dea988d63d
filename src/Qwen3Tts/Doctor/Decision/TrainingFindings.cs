// Findings about what a checkpoint was trained with, with the numbers that show it.
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Doctor.Report;

namespace Qwen3Tts.Doctor.Decision;

static class TrainingFindings
{
    public const string Untrained = "untrained", LossesAlone = "losses_alone", EndNotTested = "end_not_tested";

    /// <summary>Whether even the best hypothesis is no better than guessing among the codes, neither for the talker nor for the code
    /// predictor. If the change of the heads gave the answer, the checkpoint was trained: with a fault, a loss may have fallen and still be
    /// far above guessing.</summary>
    public static bool IsUntrained(Measurement now, Diagnosis diagnosis)
    {
        if (!diagnosis.ByLossAlone)
            return false;
        var losses = now.LossesUnder(diagnosis.Hypothesis.Faults);
        return Math.Min(losses.Codes.Mean, losses.Predictor.Mean) >= Math.Log(now.Codebook);
    }

    public static IEnumerable<Finding> List(Measurement now, Diagnosis diagnosis, Origin? origin, DoctorWords words)
    {
        var faults = diagnosis.Hypothesis.Faults;
        var (losses, guessing) = (now.LossesUnder(faults), Math.Log(now.Codebook));
        if (IsUntrained(now, diagnosis))
        {
            yield return new(Untrained, Severity.Fault,
                $"The best losses, {losses.Codes.Mean:0.00} nats of the talker and {losses.Predictor.Mean:0.00} of the code predictor, "
                + $"are no better than guessing among {now.Codebook} codes, {guessing:0.00}.",
                "Check that data, codec and checkpoint belong together; if they do, the model has learned nothing, or lost everything.");
            yield break;
        }
        if (diagnosis.ByLossAlone && losses.Codes.Mean >= guessing)
            yield return new("unknown_speech", Severity.Warning,
                $"The talker's best loss, {losses.Codes.Mean:0.00} nats, is no better than guessing among {now.Codebook} codes, "
                + $"{guessing:0.00}: it does not know speech like this.",
                "Measure on the data it was trained on, prepared in the same way: silence, noise, another voice or another language " +
                    "raise the loss most.");
        foreach (var part in KnownFaults.ListParts(faults))
            yield return new(part.Name, part.IsMismatch ? Severity.Fault
                : Severity.Note, DescribeEvidence(part, faults, now, origin), $"{part.Remedy}.");
        if (diagnosis.ByLossAlone)
            yield return new(LossesAlone, Severity.Warning, WhyLossesAlone(origin),
                $"After a short training with a fault, losses are still lowest in the right format. {words.GiveAll}");
        if (origin is { EndMoved: true } && !faults.HasFlag(FaultSet.NoEos) && !EndInHeads.CanTell(origin, faults))
            yield return DescribeUntestedEnd(EndInHeads.Judge(now, origin, faults).IsTaught);
        if (!now.ShowsDifference(FaultSet.NoLanguage))
            yield return new("language_not_tested", Severity.Note,
                "No measured sequence names a language, so a prefix with a language was not tried.",
                words.NameLanguage);
    }

    static Finding DescribeUntestedEnd(bool seemsTaught) => new(EndNotTested, seemsTaught ? Severity.Note : Severity.Warning,
        "On these clips the row of the end moves in nearly the same way with and without end targets, because the base expects ends inside "
        + $"them; so no_eos was not tested{(seemsTaught ? "" : ", and the loss of the ends did not fall")}.",
        "Listen whether its speech ends; the share of takes that do not end is given where it speaks.");

    static string DescribeEvidence(Fault part, FaultSet faults, Measurement now, Origin? origin)
    {
        var (with, without) = (now.LossesUnder(faults), now.LossesUnder(faults & ~part.Bit));
        if (part.Stage == Stage.End)
        {
            const string RowMoved =
                "; the row of the end moved as it does when no end is taught, and the loss of the ends did not fall";
            return $"The loss of the end of speech is {without.End.Mean:0.00} nats; that of guessing among all {now.Vocabulary} ids is "
                + $"{Math.Log(now.Vocabulary):0.00}{(origin is { EndMoved: true } ? RowMoved : "")}.";
        }
        var row = origin?.Rows.FirstOrDefault(r => r.Fault == part.Bit && r.IsPresent);
        return $"The loss is {with.Total:0.0000} with it and {without.Total:0.0000} without it{DescribeFit(part, faults, now, origin)}"
            + $"{(row is null ? "" : $"; {row.Evidence}")}.";
    }

    static string DescribeFit(Fault part, FaultSet faults, Measurement now, Origin? origin)
    {
        var ofPredictor = (part.Bit & KnownFaults.Predictor) != 0;
        if (origin is null || !(ofPredictor ? origin.PredictorMoved : origin.TalkerMoved))
            return "";
        double Fit(FaultSet f) => Enumerable.Range(0, now.Clips)
            .Average(clip => ofPredictor ? origin.PredictorFit(clip, f) : origin.TalkerFit(clip, f).Codes);
        return $"; the change of the heads fits it at a cosine of {Fit(faults):0.000}, and {Fit(faults & ~part.Bit):0.000} without it";
    }

    static string WhyLossesAlone(Origin? origin) => origin switch
    {
        null => "There is no base to compare with.",
        { CanTell: true } => "The output heads did not change since the base.",
        _ => "Some codes of these clips have embedding rows that did not change since the base: these are not the clips it was "
            + "trained on, or it hardly changed.",
    };
}
