// Forward and backward of one micro-batch, in parts: the tensors that one part saves for backward are freed before the next part begins.
// The autograd graph is cut below and above each stack of layers, because layers have their own backward (Model/DecoderLayer.cs).
// libtorch's graph has the embeddings, the last norm and the heads. The code predictor's loss is computed for a few frames at a time,
// followed by their backward pass. With gradient checkpointing, the talker's layers save only their inputs and compute their forward pass
// again, one after the other; this takes a third more time and gives the same bits.
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Options;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Step;

static class MicroBatchGradients
{
    /// <summary>Adds the gradients of one micro-batch to the parameters.</summary>
    /// <param name="talker">The network.</param>
    /// <param name="batch">The micro-batch.</param>
    /// <param name="effective">Predictions of the whole effective batch: the loss is a mean over these.</param>
    /// <param name="checkpointing">How much is held in memory.</param>
    /// <returns>The losses of the micro-batch.</returns>
    public static Loss.LossSums Add(TalkerModule talker, TrainingBatch batch, TargetCounts effective, CheckpointingOptions checkpointing)
    {
        using var scope = NewDisposeScope();
        var inputs = talker.Embed(batch); // [B, T, hidden]
        var pass = talker.model.ForwardAndSave(inputs, checkpointing.RecomputeLayers);
        var hidden = talker.model.norm.call(pass.Top);
        var (sums, gradient) = RunLosses(talker, batch, hidden, effective, checkpointing);
        RunBackward(hidden, gradient);
        RunBackward(inputs, Decoder.Backward(pass));
        return sums;
    }

    /// <summary>Computes both losses from the talker's output, and their backward passes as far as that output.</summary>
    /// <returns>The losses, and the gradient of the output; null if nothing below the output is trained.</returns>
    static (Loss.LossSums Sums, Tensor? Gradient) RunLosses(
        TalkerModule talker, TrainingBatch batch, Tensor hidden, TargetCounts effective, CheckpointingOptions checkpointing)
    {
        var rows = hidden.detach().flatten(0, 1).requires_grad_(hidden.requires_grad); // [B * T, hidden]
        double talkerSum, endSum, predictorSum = 0;
        using (NewDisposeScope())
        {
            var (sum, end) = Loss.ComputeTalker(talker, batch, rows);
            RunBackward(Loss.TalkerShare(sum, effective));
            (talkerSum, endSum) = (sum.item<float>(), end.item<float>());
        }
        var frames = batch.PredictorRows.shape[0];
        for (long from = 0; from < frames; from += checkpointing.PredictorFrames)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(checkpointing.PredictorFrames, frames - from);
            var codes = batch.PredictorCodes.narrow(0, from, count);
            var predictor = talker.code_predictor;
            var states = rows.index_select(0, batch.PredictorRows.narrow(0, from, count)); // [frames, hidden]
            var slots = predictor.ProjectSlots(talker.Slots(states, codes)); // [frames, 16, predictor's hidden]
            var pass = predictor.model.ForwardAndSave(slots, recompute: false);
            var sum = Loss.ComputePredictor(talker, batch, predictor.model.norm.call(pass.Top), codes);
            RunBackward(Loss.PredictorShare(sum, effective));
            RunBackward(slots, Decoder.Backward(pass));
            predictorSum += sum.item<float>();
        }
        return (new(talkerSum, predictorSum, endSum, batch.EndTargets.shape[0], batch.Counts), rows.grad?.view(hidden.shape));
    }

    static void RunBackward(Tensor loss)
    {
        if (loss.requires_grad)
            loss.backward();
    }

    static void RunBackward(Tensor result, Tensor? gradient)
    {
        if (result.requires_grad && gradient is not null)
            result.backward([gradient]);
    }
}
