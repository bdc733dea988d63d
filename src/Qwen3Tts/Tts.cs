using Qwen3Tts.Checkpoint;
using Qwen3Tts.Generation;

namespace Qwen3Tts;

static class Tts
{
    internal static SamplingOptions SamplingOf(GenerationConfig model)
    {
        var official = new SamplingOptions();
        return new()
        {
            Greedy = !model.DoSample ?? official.Greedy,
            Temperature = model.Temperature ?? official.Temperature,
            TopK = model.TopK ?? official.TopK,
            TopP = model.TopP ?? official.TopP,
            RepetitionPenalty = model.RepetitionPenalty ?? official.RepetitionPenalty,
            PredictorGreedy = !model.SubtalkerDosample ?? official.PredictorGreedy,
            PredictorTemperature = model.SubtalkerTemperature ?? official.PredictorTemperature,
            PredictorTopK = model.SubtalkerTopK ?? official.PredictorTopK,
            PredictorTopP = model.SubtalkerTopP ?? official.PredictorTopP,
            MaxFrames = model.MaxNewTokens - 1 ?? official.MaxFrames,
        };
    }
}
