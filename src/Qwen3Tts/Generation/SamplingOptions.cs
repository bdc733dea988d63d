// The sampling options: one record that the command line and other callers pass down to the sampler.
using Qwen3Tts.Files;

namespace Qwen3Tts.Generation;

/// <summary>
/// The sampling options. The initial values are those of the official wrapper. <c>Tts.Sampling</c> has those of the model's
/// generation_config.json; to change one of them, use <c>with</c>.
/// </summary>
public sealed record SamplingOptions
{
    /// <summary>
    /// Takes the first code with the highest score instead of drawing one. Greedy speech often does not end; judge the quality of a model
    /// with sampling.
    /// </summary>
    public bool Greedy { get; init; }

    /// <summary>Divides the scores of a frame's first code; 0.001 to 1000.</summary>
    public double Temperature { get; init; } = 0.9;

    /// <summary>Number of highest scores that remain, including those equal to the last of them; 0 keeps all.</summary>
    public int TopK { get; init; } = 50;

    /// <summary>The most probable codes remain that together reach this probability; above 0 to 1, and 1 keeps all.</summary>
    public double TopP { get; init; } = 1.0;

    /// <summary>Makes first codes that were already generated less probable; 0.001 to 1000, and 1 has no effect.</summary>
    public double RepetitionPenalty { get; init; } = 1.05;

    /// <summary><see cref="Greedy"/> for a frame's other 15 codes, which the code predictor predicts.</summary>
    public bool PredictorGreedy { get; init; }

    /// <summary><see cref="Temperature"/> for the code predictor.</summary>
    public double PredictorTemperature { get; init; } = 0.9;

    /// <summary><see cref="TopK"/> for the code predictor.</summary>
    public int PredictorTopK { get; init; } = 50;

    /// <summary><see cref="TopP"/> for the code predictor.</summary>
    public double PredictorTopP { get; init; } = 1.0;

    /// <summary>
    /// The most frames, of 80 ms each. The official <c>max_new_tokens</c> N allows N - 1 frames: the first code of one more frame is drawn,
    /// and that frame is not completed.
    /// </summary>
    public int MaxFrames { get; init; } = 2047;

    /// <summary>
    /// Seed of the random numbers. The same seed, text and voice give the same speech, with any number of threads. Default: 0. The command
    /// 'qwen3tts say' takes a new seed each time.
    /// </summary>
    public ulong Seed { get; init; }

    // Scores are at most some hundreds. Divided by less than a thousandth, they are so far apart that a draw always takes the highest one,
    // and divided by 1e-38 they overflow. Divided by more than a thousand, all codes are nearly equally probable.
    internal static readonly NumberRange TemperatureRange = new(0.001, 1000, Reason: "To take the highest score, ask for greedy.");
    internal static readonly NumberRange TopKRange = new(0, int.MaxValue, Reason: "0 keeps all.");
    internal static readonly NumberRange TopPRange = new(0, 1, Above: true, Reason: "1 keeps all.");
    internal static readonly NumberRange RepetitionPenaltyRange = new(0.001, 1000, Reason: "1 does nothing.");
    internal static readonly NumberRange MaxFramesRange = new(1, int.MaxValue);

    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    internal void Check()
    {
        Check(TemperatureRange, "temperature", Temperature);
        Check(TemperatureRange, "predictor temperature", PredictorTemperature);
        Check(TopKRange, "top-k", TopK);
        Check(TopKRange, "predictor top-k", PredictorTopK);
        Check(TopPRange, "top-p", TopP);
        Check(TopPRange, "predictor top-p", PredictorTopP);
        Check(RepetitionPenaltyRange, "repetition penalty", RepetitionPenalty);
        Check(MaxFramesRange, "limit of frames", MaxFrames);
    }

    static void Check(NumberRange range, string name, double value)
    {
        if (!range.Holds(value))
            throw new ArgumentException(FormattableString.Invariant($"The {name} is {value}. It must be {range.Words}.")
                + $"{(range.Reason is { } reason ? $" {reason}" : "")}");
    }
}
