// The verdict: one short sentence, and the details below it. The worst finding decides.
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Doctor.Report;

namespace Qwen3Tts.Doctor.Decision;

static class Verdicts
{
    /// <summary>Adds verdict and details to the report.</summary>
    public static DoctorReport Conclude(DoctorReport r, DoctorWords words)
    {
        var faults = r.Findings.Where(f => f.Severity == Severity.Fault).ToList();
        var isKnown = r.Hypothesis is not null && !r.Findings.Any(IsDoubt);
        var (verdict, details) = faults.Count > 0 ? DescribeFaults(r, faults, words) : isKnown ? DescribeHealthy(r)
            : DescribeUndecided(r, words);
        return r with
        {
            Verdict = verdict,
            Details = details,
            Healthy = faults.Count == 0 && isKnown,
            Undecided = faults.Count == 0 && !isKnown,
        };
    }

    static (string, IReadOnlyList<string>) DescribeFaults(DoctorReport r, List<Finding> faults, DoctorWords words)
    {
        if (r.Hypothesis == TrainingFindings.Untrained)
            return ("Untrained: under no hypothesis does it predict these recordings better than guessing.", []);
        var trained = FindFaults(r) & KnownFaults.Mismatch;
        if (trained == 0)
            return ($"Broken: {faults[0].Id.Replace('_', ' ')}{(faults.Count > 1 ? $", and {faults.Count - 1} more" : "")}.",
                [faults[0].Evidence]);
        var meaning = KnownFaults.Describe(trained);
        string[] details =
        [
            .. KnownFaults.ListParts(trained).Skip(1).Any() ? [$"That is: {meaning}."] : Array.Empty<string>(),
            r.Rescue is { } rescue ? $"{words.Rescue}{rescue}."
                : "No option of say gives the sequence of this training: train again from the base.",
        ];
        var what = Script.All.Any(s => s.Hypothesis == r.Hypothesis) ? $"it was trained by the official script ({r.Hypothesis})"
            : details.Length == 1 ? meaning
            : $"it was trained with {r.Hypothesis!.Replace("+", ", ", StringComparison.Ordinal)}";
        return ($"Mismatch: {what}.", details);
    }

    static (string, IReadOnlyList<string>) DescribeHealthy(DoctorReport r) => FindFaults(r) == FaultSet.None
        ? ("Healthy: it was trained with the sequence that it speaks with.", [])
        : ($"Healthy: it was trained with the sequence that it speaks with ({KnownFaults.Describe(FindFaults(r))}).", []);

    /// <summary>Whether the finding says that the training cannot be decided.</summary>
    static bool IsDoubt(Finding f) =>
        f is { Id: TrainingFindings.LossesAlone } or { Id: TrainingFindings.EndNotTested, Severity: Severity.Warning };

    static (string, IReadOnlyList<string>) DescribeUndecided(DoctorReport r, DoctorWords words) => r.Hypothesis is null
        ? ($"Not measured: {words.NoData}", ["Nothing is wrong with the folder."])
        : r.Findings.First(IsDoubt) is { Id: TrainingFindings.EndNotTested } end
        ? ("Undecided: these clips cannot show whether the end of speech was taught.",
            ["Everything else was trained as it speaks.", end.Evidence])
        : ("Undecided: losses alone cannot distinguish this from a short training with a fault.",
            ["The losses are lowest with the sequence that it speaks with.", r.Findings.First(IsDoubt).Evidence]);

    static FaultSet FindFaults(DoctorReport r) => r.Hypothesis is null ? FaultSet.None : Hypothesis.Parse(r.Hypothesis).Faults;
}
