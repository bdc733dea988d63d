
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Training.Log;

/// <summary>
/// One step, as it is logged and shown. Losses are means in nats over the effective batch, measured before the step's update.
/// </summary>
/// <param name="Step">Number of the step, from 1.</param>
/// <param name="Of">Number of steps of the whole run.</param>
/// <param name="Talker">Mean over the codes of codebook 0 and the ends of speech.</param>
/// <param name="Predictor">Mean over the other codes.</param>
/// <param name="End">Mean over the ends of speech only.</param>
/// <param name="GradientNorm">2-norm of all gradients before clipping.</param>
/// <param name="LearningRate">Learning rate of this step.</param>
/// <param name="Tokens">Positions that the talker computed.</param>
/// <param name="Seconds">Duration of the step.</param>
/// <param name="HeldOutTalker">Loss on held-out clips after this step; null if it was not measured.</param>
/// <param name="HeldOutPredictor">The same for the code predictor.</param>
/// <param name="HeldOutEach">The total loss of each held-out clip.</param>
sealed record StepReport(int Step, int Of, double Talker, double Predictor, double End, double GradientNorm, double LearningRate,
    int Tokens, double Seconds, double? HeldOutTalker = null, double? HeldOutPredictor = null,
    IReadOnlyList<double>? HeldOutEach = null)
{
    /// <summary>The total loss on held-out clips; null if it was not measured.</summary>
    public double? HeldOutTotal =>
        HeldOutTalker is { } talker && HeldOutPredictor is { } predictor ? TotalLoss.Compute(talker, predictor) : null;
}
