// Measures the losses on the held-out clips during training, and compares them clip by clip with those of the untouched model.
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
    /// <param name="step">The step.</param>
    /// <param name="untouched">The losses of the untouched model; null if they are not known.</param>
    public StepReport Add(StepReport step, HeldOutLoss? untouched)
    {
        if (Measure() is not { } now)
            return step;
        var gains = untouched?.Each.Zip(now.Each, (before, after) => before - after).ToList();
        return step with
        {
            HeldOutTalker = now.Talker,
            HeldOutPredictor = now.Predictor,
            HeldOutGain = gains?.Average(),
            HeldOutGainError = gains is { Count: > 1 } ? Difference.StandardError(gains) : null,
        };
    }
}
