
namespace Qwen3Tts.Training.Log;

/// <summary>One step, as it is logged and shown. Losses are means in nats over the effective batch, measured before its update.</summary>
/// <param name="Step">From 1.</param>
/// <param name="Of">Steps of the whole run.</param>
/// <param name="Talker">Over the codes of codebook 0 and the ends of speech.</param>
/// <param name="Predictor">Over the other codes.</param>
/// <param name="End">The part of <paramref name="Talker"/> over the ends of speech alone.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="LearningRate">Of this step.</param>
/// <param name="Tokens">Positions that passed the talker.</param>
/// <param name="Seconds">Time that the step took.</param>
/// <param name="HeldOutTalker">Measured after this step on clips that are not trained on; null where it was not.</param>
/// <param name="HeldOutPredictor">The same of the code predictor.</param>
sealed record StepReport(int Step, int Of, double Talker, double Predictor, double End, double GradientNorm, double LearningRate,
    int Tokens, double Seconds, double? HeldOutTalker = null, double? HeldOutPredictor = null);
