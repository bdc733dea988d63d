// The options of 'say' that say how codes are drawn and when speech ends. What is not given is as the model says.
using System.CommandLine;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Cli;

sealed class SamplingFlags
{
    readonly Option<int?> _seed = CommonOptions.Seed("a new one each time, which is printed");
    readonly Option<double?> _temperature = Sampling<double?>("--temperature", SamplingOptions.TemperatureRange,
        "Divides the scores; a lower one makes speech more uniform.");
    readonly Option<int?> _topK = Sampling<int?>("--top-k", SamplingOptions.TopKRange,
        "Number of most probable codes to draw from; 0: all.");
    readonly Option<double?> _topP = Sampling<double?>("--top-p", SamplingOptions.TopPRange,
        "Draw from the most probable codes that together have this probability; 1: all.");
    readonly Option<double?> _repetitionPenalty = Sampling<double?>("--repetition-penalty", SamplingOptions.RepetitionPenaltyRange,
        "Above 1, codes that were already generated become less probable.");
    readonly Option<double?> _predictorTemperature = Sampling<double?>("--predictor-temperature", SamplingOptions.TemperatureRange,
        "Temperature for a frame's other 15 codes.");
    readonly Option<int?> _predictorTopK = Sampling<int?>("--predictor-top-k", SamplingOptions.TopKRange, "Likewise.");
    readonly Option<double?> _predictorTopP = Sampling<double?>("--predictor-top-p", SamplingOptions.TopPRange, "Likewise.");
    readonly Option<bool> _greedy = new("--greedy")
    {
        Description = "Take the most probable code instead of drawing. Greedy speech often does not end.",
    };
    readonly Option<double?> _maxSeconds = Sampling<double?>("--max-seconds", new(0, 86400, Above: true, Reason: "A day has as many."),
        "Stop after this many seconds of speech.");
    readonly Option<double> _maxFramesPerToken = new NumberOption<double>("--max-frames-per-token", new(0, 1000))
    {
        Description = "Stop speech that is far longer than its text: the largest number of frames (80 ms) for each text token. Speech " +
            "takes 3 to 5; 0 is no limit. An instruction doubles it, and a slow recording raises it. With a limit, speech that repeats " +
            "itself for 12 s is stopped, too.",
        DefaultValueFactory = _ => SpeechOptions.UsualMaxFramesPerToken,
    };

    public IEnumerable<Option> Drawing => [_seed, _temperature, _topK, _topP, _repetitionPenalty, _predictorTemperature, _predictorTopK,
        _predictorTopP, _greedy];

    public IEnumerable<Option> Limits => [_maxSeconds, _maxFramesPerToken];

    public double? MaxSeconds(ParseResult parsed) => parsed.GetValue(_maxSeconds);

    public double? MaxFramesPerToken(ParseResult parsed) => parsed.GetValue(_maxFramesPerToken) is > 0 and var most ? most : null;

    /// <summary>The model's sampling options, changed by the options that are given.</summary>
    public SamplingOptions Read(ParseResult parsed, SamplingOptions model, double framesPerSecond)
    {
        var greedy = parsed.GetValue(_greedy);
        return model with
        {
            Greedy = greedy || model.Greedy,
            PredictorGreedy = greedy || model.PredictorGreedy,
            Temperature = parsed.GetValue(_temperature) ?? model.Temperature,
            TopK = parsed.GetValue(_topK) ?? model.TopK,
            TopP = parsed.GetValue(_topP) ?? model.TopP,
            RepetitionPenalty = parsed.GetValue(_repetitionPenalty) ?? model.RepetitionPenalty,
            PredictorTemperature = parsed.GetValue(_predictorTemperature) ?? model.PredictorTemperature,
            PredictorTopK = parsed.GetValue(_predictorTopK) ?? model.PredictorTopK,
            PredictorTopP = parsed.GetValue(_predictorTopP) ?? model.PredictorTopP,
            MaxFrames = MaxSeconds(parsed) is { } seconds
                ? (int)Math.Clamp(Math.Ceiling(seconds * framesPerSecond), 0, int.MaxValue) : model.MaxFrames,
            Seed = (ulong)(parsed.GetValue(_seed) ?? Random.Shared.Next()),
        };
    }

    static Option<T> Sampling<T>(string name, NumberRange range, string description) =>
        new NumberOption<T>(name, range) { Description = $"{description} Default: the model's." };
}
