using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Optimizer;

/// <summary>The learning rate of each step.</summary>
static class LearningRate
{
    /// <summary>
    /// Rises linearly during the warm-up to the largest rate. Then it stays (constant), or falls to <see cref="TrainingOptions.FinalRate"/>
    /// times the largest rate at the last step (linear, cosine).
    /// </summary>
    /// <param name="options">Completed options.</param>
    /// <param name="step">Number of the step, from 0.</param>
    public static double At(TrainingOptions options, int step)
    {
        var (rate, warm, steps) = (options.LearningRate!.Value, options.WarmUp!.Value, options.Steps!.Value);
        if (step < warm)
            return rate * (step + 1) / warm;
        var done = steps - warm <= 1 ? 0 : (double)(step - warm) / (steps - warm - 1);
        return rate * options.Schedule switch
        {
            Schedule.Constant => 1,
            Schedule.Linear => 1 - (1 - options.FinalRate) * done,
            Schedule.Cosine => options.FinalRate + (1 - options.FinalRate) * (1 + Math.Cos(Math.PI * done)) / 2,
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Schedule, "There is no such schedule."),
        };
    }
}
