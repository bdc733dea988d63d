namespace Qwen3Tts.Sequence;

/// <summary>The total loss, which training lowers and the doctor measures.</summary>
static class TotalLoss
{
    /// <summary>Factor of the code predictor's mean loss in the total; the talker's has factor 1. As in the official script.</summary>
    public const double PredictorWeight = 0.3;

    /// <param name="talker">Mean loss of the talker, in nats.</param>
    /// <param name="predictor">Mean loss of the code predictor, in nats.</param>
    public static double Compute(double talker, double predictor) => talker + PredictorWeight * predictor;
}
