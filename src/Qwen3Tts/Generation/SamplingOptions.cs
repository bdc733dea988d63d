// How codes are drawn: one record, passed whole from command line and HTTP down to the sampler.
namespace Qwen3Tts.Generation;

/// <summary>How codes are drawn. The initial values are those of the official wrapper; <c>Tts.Sampling</c> has what a model asks for in its
/// generation_config.json, so change that one with <c>with</c>.</summary>
public sealed record SamplingOptions
{
    /// <summary>Takes the highest score for a frame's first code instead of drawing. Greedy speech often never ends; judge quality with sampling.</summary>
    public bool Greedy { get; init; }

    /// <summary>Divides the scores of a frame's first code; above 0, at most 1000.</summary>
    public double Temperature { get; init; } = 0.9;

    /// <summary>Keeps this many of the highest scores, and those equal to the last of them; 0 keeps all.</summary>
    public int TopK { get; init; } = 50;

    /// <summary>Keeps the most probable codes that together reach this probability; above 0, and 1 keeps all.</summary>
    public double TopP { get; init; } = 1.0;

    /// <summary>Makes first codes that were spoken before less probable; above 0, at most 1000, and 1 does nothing.</summary>
    public double RepetitionPenalty { get; init; } = 1.05;

    /// <summary><see cref="Greedy"/> for a frame's other fifteen codes, which the code predictor draws.</summary>
    public bool PredictorGreedy { get; init; }

    /// <summary><see cref="Temperature"/> for the code predictor.</summary>
    public double PredictorTemperature { get; init; } = 0.9;

    /// <summary><see cref="TopK"/> for the code predictor.</summary>
    public int PredictorTopK { get; init; } = 50;

    /// <summary><see cref="TopP"/> for the code predictor.</summary>
    public double PredictorTopP { get; init; } = 1.0;

    /// <summary>Most frames of 80 ms. The official <c>max_new_tokens</c> N is N - 1 frames: the first code of one more is drawn and never completed.</summary>
    public int MaxFrames { get; init; } = 2047;

    /// <summary>The same seed, text and voice give the same speech, with any number of threads.</summary>
    public ulong Seed { get; init; }

    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    internal void Check()
    {
        Check(Temperature is > 0 and <= 1000, "temperature", Temperature, "above 0 and at most 1000; to take the highest score, ask for greedy");
        Check(PredictorTemperature is > 0 and <= 1000, "predictor temperature", PredictorTemperature, "above 0 and at most 1000; to take the highest score, ask for greedy");
        Check(TopK >= 0, "top-k", TopK, "0, which keeps all, or more");
        Check(PredictorTopK >= 0, "predictor top-k", PredictorTopK, "0, which keeps all, or more");
        Check(TopP is > 0 and <= 1, "top-p", TopP, "above 0 and at most 1");
        Check(PredictorTopP is > 0 and <= 1, "predictor top-p", PredictorTopP, "above 0 and at most 1");
        Check(RepetitionPenalty is > 0 and <= 1000, "repetition penalty", RepetitionPenalty, "above 0 and at most 1000; 1 does nothing");
        Check(MaxFrames >= 1, "limit of frames", MaxFrames, "at least 1");
    }

    static void Check(bool good, string name, double value, string expected)
    {
        if (!good)
            throw new ArgumentException(FormattableString.Invariant($"The {name} is {value}. It must be {expected}."));
    }
}
