// What the predictions of some clips cost, in nats, as sums with counts: so clips add up, and a resampled set of clips is arithmetic.
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Evidence;

/// <summary>A sum of cross-entropies and how many it is of.</summary>
readonly record struct Cost(double Nats, int Count)
{
    /// <summary>NaN where there is nothing to cost: what was not measured is not free.</summary>
    public double Mean => Nats / Count;

    public static Cost operator +(Cost a, Cost b) => new(a.Nats + b.Nats, a.Count + b.Count);
    public static Cost operator *(Cost a, int times) => new(a.Nats * times, a.Count * times);
}

/// <summary>Losses under one hypothesis.</summary>
/// <param name="Codes">The talker's, over the first codes of frames.</param>
/// <param name="End">The talker's, over the ends of speech; empty where the hypothesis has none.</param>
/// <param name="Predictor">The code predictor's, over frames and heads.</param>
readonly record struct Losses(Cost Codes, Cost End, Cost Predictor)
{
    public double Talker => (Codes + End).Mean;
    public double Total => TotalLoss.Compute(Talker, Predictor.Mean);

    public static Losses operator +(Losses a, Losses b) => new(a.Codes + b.Codes, a.End + b.End, a.Predictor + b.Predictor);
    public static Losses operator *(Losses a, int times) => new(a.Codes * times, a.End * times, a.Predictor * times);
}
