// What came out of a run, in a few sentences: which checkpoint is the result and why, and what tuning brought. The console and the page of
// the run say the same.
using System.Globalization;

namespace Qwen3Tts.Training.Log;

/// <param name="Course">The held-out losses; null if no clip was held out.</param>
/// <param name="Kept">Which checkpoint is the result; null if no step was made.</param>
/// <param name="Overfitting">That the model learned its clips by heart; null if it did not.</param>
/// <param name="Comparison">The result compared with the clone; null if nothing was spoken.</param>
sealed record RunOutcome(HeldOutCourse? Course, string? Kept, string? Overfitting, Comparison? Comparison)
{
    /// <summary>Reads the files of a run.</summary>
    /// <param name="run">Its folder.</param>
    /// <param name="log">Its steps.</param>
    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    public static RunOutcome Of(string run, IReadOnlyList<StepReport> log) =>
        Of(log, Evaluation.ReadAll(run), PreflightReport.In(run)?.HeldOut);

    public static RunOutcome Of(IReadOnlyList<StepReport> log, IReadOnlyList<Evaluation> evaluations, HeldOutLoss? untouched)
    {
        var course = HeldOutCourse.Of(log, untouched);
        if (log.Count == 0)
            return new(course, null, null, null);
        if (course is null)
            return new(null, $"Result: the checkpoint of the last step, {log[^1].Step}. No clip is held out, so nothing says whether an " +
                "earlier one is better.", null, null);
        return new(course, Describe(course, log, untouched), course.IsOverfitted(log) ? course.Overfitting(log) : null,
            Comparison.Of(evaluations, course.Best));
    }

    static string Describe(HeldOutCourse course, IReadOnlyList<StepReport> log, HeldOutLoss? untouched)
    {
        if (course.Best == 0)
            return $"Result: the untouched model with the voice's vector, which is the clone: in {log[^1].Step} steps the held-out loss " +
                "was never lower. Tuning did not help. Try a lower --lr, or bring more recordings.";
        var best = log.Last(l => l.Step == course.Best);
        var text = string.Create(CultureInfo.InvariantCulture,
            $"Result: the checkpoint of step {course.Best} of {log[^1].Step}, where the held-out loss is lowest: {course.Lowest:0.00}");
        if (Difference.Between(best.HeldOutEach, untouched?.Each) is { } gain)
            text += string.Create(CultureInfo.InvariantCulture, $", lower by {gain.Mean:0.00}")
                + (double.IsFinite(gain.Error) ? string.Create(CultureInfo.InvariantCulture, $" ± {2 * gain.Error:0.00}") : "")
                + $" than before training ({untouched!.Each.Count} clips"
                + (double.IsFinite(gain.Error) ? "; ± is twice the standard error)" : ")");
        return text + ".";
    }

    /// <summary>All that is to be said, one line each.</summary>
    public IEnumerable<string> Lines => new[] { Kept, Overfitting?.TrimEnd(), Comparison?.Numbers, Comparison?.Verdict }.OfType<string>();
}
