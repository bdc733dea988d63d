// One optimizer step: forward and backward of the micro-batches, each weighted by its share of the effective batch; gradient clipping;
// update.

using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Optimizer;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Step;

static class TrainingStep
{
    /// <summary>What a step measured, before its update.</summary>
    /// <param name="Loss">Over the effective batch.</param>
    /// <param name="GradientNorm">2-norm of all gradients together, before clipping.</param>
    public readonly record struct Report(Loss.LossSums Loss, double GradientNorm);

    /// <summary>
    /// Creates the optimizer of the tensors that <see cref="Freezing.Apply(TalkerModule, TrainingMethod)"/> did not freeze.
    /// </summary>
    public static AdamW CreateOptimizer(TalkerModule talker, TrainingMethod method, AdamWOptions options) =>
        new(Freezing.ListTrained(talker), options with { Masters = method.HasMasters, Moments = method.MomentType });

    /// <summary>Runs one step.</summary>
    /// <param name="talker">The network.</param>
    /// <param name="microBatches">The effective batch, in parts that are computed one after the other.</param>
    /// <param name="optimizer">The optimizer of the network's parameters.</param>
    /// <param name="learningRate">Learning rate of this step.</param>
    /// <param name="largestNorm">Gradient clipping: largest 2-norm; infinity turns it off.</param>
    /// <param name="checkpointing">How much of a micro-batch is in memory at a time; null: all of it.</param>
    public static Report Run(TalkerModule talker, IReadOnlyList<TrainingBatch> microBatches, AdamW optimizer, double learningRate,
        double largestNorm, CheckpointingOptions? checkpointing = null)
    {
        var sums = Accumulate(talker, microBatches, checkpointing);
        var norm = optimizer.ComputeGradientNorm();
        optimizer.Step(learningRate, AdamW.ClipFactor(norm, largestNorm));
        return new(sums, norm);
    }

    /// <summary>Adds the gradients of the effective batch to the parameters.</summary>
    public static Loss.LossSums Accumulate(TalkerModule talker, IReadOnlyList<TrainingBatch> microBatches,
        CheckpointingOptions? checkpointing = null)
    {
        var effective = microBatches.Aggregate(default(TargetCounts), (sum, b) => sum + b.Counts);
        var sums = default(Loss.LossSums);
        foreach (var batch in microBatches)
            sums += MicroBatchGradients.Add(talker, batch, effective, checkpointing ?? CheckpointingOptions.None);
        talker.ClearUntrainedGradients();
        return sums;
    }
}
