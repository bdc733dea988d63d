// The course of the held-out loss decides which checkpoint is exported and when a run ends. The loss is that of speech as it will be spoken
// (talker, and 0.3 of the code predictor, teacher-forced) on clips that are never trained on. It begins to rise when the model learns its
// clips by heart; the speech is usually worse from then on. Step 0, the untouched model with the voice's vector, takes part: the clone.
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Training.Log;

/// <param name="Best">The step with the lowest loss; 0 is the untouched model.</param>
/// <param name="Lowest">Its loss.</param>
/// <param name="Last">The last step that was measured.</param>
/// <param name="LastLoss">Its loss.</param>
sealed record HeldOutCourse(int Best, double Lowest, int Last, double LastLoss)
{
    const double LeastRise = 0.01; // of the lowest loss; a smaller rise is not worth a word

    /// <summary>The losses of all clips at the best step; null if they are not known.</summary>
    IReadOnlyList<double>? LowestEach { get; init; }

    /// <summary>How much higher the losses of the clips are at the last step than at the best one; null if they are not known.</summary>
    Difference? Rise { get; init; }

    /// <summary>The course so far; null if nothing was measured.</summary>
    /// <param name="log">The steps so far.</param>
    /// <param name="untouched">The losses before the first step; null if they are not known.</param>
    public static HeldOutCourse? Of(IEnumerable<StepReport> log, HeldOutLoss? untouched)
    {
        HeldOutCourse? course = null;
        if (untouched is not null && TotalLoss.Compute(untouched.Talker, untouched.Predictor) is var first && double.IsFinite(first))
            course = With(null, 0, first, untouched.Each);
        return log.Aggregate(course, (c, step) => step.HeldOutTotal is { } total ? With(c, step.Step, total, step.HeldOutEach) : c);
    }

    /// <summary>The course with one more measurement.</summary>
    public static HeldOutCourse With(HeldOutCourse? course, int step, double total, IReadOnlyList<double>? each) =>
        course is null || total < course.Lowest ? new(step, total, step, total) { LowestEach = each }
            : course with { Last = step, LastLoss = total, Rise = Difference.Between(course.LowestEach, each) };

    /// <summary>True if the loss had no new lowest value for so many steps.</summary>
    public bool HasEnded(int patience) => patience > 0 && Last - Best >= patience;

    /// <summary>
    /// True if the held-out loss has risen again, by more than its noise, while the loss of training still fell: the model learns its clips
    /// by heart. The noise is twice the standard error of the rise over the clips.
    /// </summary>
    public bool IsOverfitted(IReadOnlyList<StepReport> log) => LastLoss > (1 + LeastRise) * Lowest && Rise is { IsHigher: true }
        && TrainingLoss(log, Last) < TrainingLoss(log, Best);

    /// <summary>What happened, with its numbers.</summary>
    public string Overfitting(IReadOnlyList<StepReport> log) => FormattableString.Invariant(
        $"The model learns its clips by heart: the held-out loss was lowest at step {Best} ({Lowest:0.00}) and is {LastLoss:0.00} at step ")
        + FormattableString.Invariant($"{Last}, while the training loss fell from {TrainingLoss(log, Best):0.00} to ")
        + FormattableString.Invariant($"{TrainingLoss(log, Last):0.00}. ");

    /// <summary>The mean total loss of training over a few steps around a step.</summary>
    static double TrainingLoss(IReadOnlyList<StepReport> log, int step)
    {
        const int Around = 5;
        var from = Math.Clamp(step - Around, 0, Math.Max(0, log.Count - 1));
        return log.Skip(from).Take(2 * Around).Select(l => TotalLoss.Compute(l.Talker, l.Predictor)).DefaultIfEmpty(double.NaN).Average();
    }
}
