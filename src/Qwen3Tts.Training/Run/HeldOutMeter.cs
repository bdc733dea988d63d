// Measures the losses on the held-out clips before and during training.
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Step;

namespace Qwen3Tts.Training.Run;

/// <param name="talker">The network that is trained.</param>
/// <param name="run">The run with its held-out clips.</param>
sealed class HeldOutMeter(TalkerModule talker, PreparedRun run)
{
    /// <summary>The losses now; null if no clip is held out.</summary>
    public HeldOutLoss? Measure()
    {
        var each = Loss.MeasureEach(talker, run.Data.HeldOut, run.Ids.CodecEos);
        if (each.Count == 0)
            return null;
        var all = each.Aggregate((a, b) => a + b);
        return new(all.Talker, all.Predictor, [.. each.Select(l => l.Total)]);
    }

    /// <summary>The step with the losses after it.</summary>
    public StepReport Add(StepReport step) => Measure() is not { } now ? step
        : step with { HeldOutTalker = now.Talker, HeldOutPredictor = now.Predictor, HeldOutEach = now.Each };
}
