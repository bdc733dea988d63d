// The one sentence that comes first: the worst finding decides.
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Doctor.Report;

namespace Qwen3Tts.Doctor.Decision;

static class Verdicts
{
    /// <summary>Adds the verdict: the worst finding decides.</summary>
    public static DoctorReport Conclude(DoctorReport r)
    {
        var faults = r.Findings.Where(f => f.Severity == Severity.Fault).ToList();
        return r with { Healthy = faults.Count == 0, Verdict = Sentence(r, faults) };
    }

    static string Sentence(DoctorReport r, List<Finding> faults)
    {
        if (r.Hypothesis == TrainingFindings.Untrained)
            return "Untrained: under no hypothesis does it predict these recordings better than guessing.";
        var trained = r.Hypothesis is null ? FaultSet.None : Hypothesis.Parse(r.Hypothesis).Faults;
        if ((trained & KnownFaults.Mismatch) != 0)
            return $"Mismatch: {(r.Hypothesis!.StartsWith("official", StringComparison.Ordinal) ? $"it was trained by the official script ({r.Hypothesis}): " : "")}{KnownFaults.Describe(trained & KnownFaults.Mismatch)}."
                + (r.Rescue is { } rescue ? $" It can be spoken with as it was trained: {rescue}." : " No way of speaking is like this training: train again from the base.");
        if (faults.Count > 0)
            return $"Broken: {faults[0].Evidence}{(faults.Count > 1 ? $" ({faults.Count} faults in all)" : "")}";
        return r.Hypothesis is null ? "Nothing is wrong with the folder; what it was trained with was not measured, which needs --data."
            : r.Findings.Any(f => f.Id == "losses_alone") ? "Healthy as far as losses tell: they are lowest with the sequence that it speaks with. After a short training with a fault they are, too."
            : r.Hypothesis == Hypothesis.Correct.Name ? "Healthy: it was trained with the sequence that it speaks with."
            : $"Healthy: it was trained with the sequence that it speaks with ({KnownFaults.Describe(trained)}).";
    }
}
