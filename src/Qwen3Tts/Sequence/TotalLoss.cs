namespace Qwen3Tts.Sequence;

/// <summary>The one loss that training lowers and that the doctor measures.</summary>
static class TotalLoss
{
    /// <summary>Weight of the code predictor's mean beside the talker's, as in the official script.</summary>
    public const double PredictorWeight = 0.3;

    /// <param name="talker">Mean loss of the talker, in nats.</param>
    /// <param name="predictor">Mean loss of the code predictor, in nats.</param>
    public static double Compute(double talker, double predictor) => talker + PredictorWeight * predictor;
}
