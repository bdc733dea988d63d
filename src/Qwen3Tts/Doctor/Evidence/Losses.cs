// Losses over some clips, in nats, as sums with counts. So the losses of clips can be added, and the loss of a resampled set of clips needs
// no new measurement.
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Evidence;

/// <summary>A sum of cross-entropies, and the number of predictions in it.</summary>
readonly record struct Cost(double Nats, int Count)
{
    /// <summary>The mean; NaN if there are no predictions, because a missing loss must not count as 0.</summary>
    public double Mean => Nats / Count;

    public static Cost operator +(Cost a, Cost b) => new(a.Nats + b.Nats, a.Count + b.Count);
    public static Cost operator *(Cost a, int times) => new(a.Nats * times, a.Count * times);
}

/// <summary>Losses under one hypothesis.</summary>
/// <param name="Codes">The talker's loss over the first codes of frames.</param>
/// <param name="End">The talker's loss over the ends of speech; empty if the hypothesis has no end target.</param>
/// <param name="Predictor">The code predictor's loss over frames and heads.</param>
readonly record struct Losses(Cost Codes, Cost End, Cost Predictor)
{
    public double Talker => (Codes + End).Mean;
    public double Total => TotalLoss.Compute(Talker, Predictor.Mean);

    public static Losses operator +(Losses a, Losses b) => new(a.Codes + b.Codes, a.End + b.End, a.Predictor + b.Predictor);
    public static Losses operator *(Losses a, int times) => new(a.Codes * times, a.End * times, a.Predictor * times);
}
