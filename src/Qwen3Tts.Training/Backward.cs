// Forward and backward of one micro-batch, in pieces: what autograd keeps for one piece is freed before the next begins. The talker's
// output is cut off from its graph, so that the code predictor's loss can be taken over a few frames at a time, each part backwards at
// once. The talker's layers can be passed without a graph and computed again one by one on the way back (gradient checkpointing), which
// costs a third more time and gives the same bits.
using Qwen3Tts.Training.Modules;
using static TorchSharp.torch;

namespace Qwen3Tts.Training;

/// <summary>How much of a micro-batch is computed at a time. Chooses memory, not the result.</summary>
/// <param name="RecomputeLayers">The talker's layers keep their inputs alone and are computed again on the way back.</param>
/// <param name="Frames">Frames of the code predictor at a time.</param>
sealed record Pieces(bool RecomputeLayers, int Frames)
{
    public static Pieces Whole { get; } = new(false, int.MaxValue);
}

static class Backward
{
    /// <summary>Adds the gradients of this share of the effective batch to the parameters'; gives the loss.</summary>
    public static Loss.LossSums Run(TalkerModule talker, TrainingBatch batch, TargetCounts effective, Pieces pieces)
    {
        using var scope = NewDisposeScope();
        var inputs = talker.Embed(batch); // [B, T, hidden]
        if (!pieces.RecomputeLayers)
        {
            var hidden = talker.model.call(inputs);
            var (sums, gradient) = Losses(talker, batch, hidden, effective, pieces);
            Back(hidden, gradient);
            return sums;
        }
        else
        {
            var kept = talker.model.Pass(inputs); // what each layer saw, and what the last one gave
            var top = kept.Pop();
            var hidden = talker.model.norm.call(top);
            var (sums, gradient) = Losses(talker, batch, hidden, effective, pieces);
            Back(hidden, gradient);
            Back(inputs, talker.model.PassBack(kept, top.grad));
            return sums;
        }
    }

    /// <summary>Both losses from the talker's output, back to it but not into it: its gradient, or null where nothing below is trained.</summary>
    static (Loss.LossSums Sums, Tensor? Gradient) Losses(TalkerModule talker, TrainingBatch batch, Tensor hidden, TargetCounts effective, Pieces pieces)
    {
        var rows = hidden.detach().flatten(0, 1).requires_grad_(hidden.requires_grad); // [B * T, hidden]
        double talkerSum, endSum, predictorSum = 0;
        using (NewDisposeScope())
        {
            var (sum, end) = Loss.OfTalker(talker, batch, rows);
            Back(Loss.TalkerShare(sum, effective));
            (talkerSum, endSum) = (sum.item<float>(), end.item<float>());
        }
        var frames = batch.PredictorRows.shape[0];
        for (long from = 0; from < frames; from += pieces.Frames)
        {
            using var scope = NewDisposeScope();
            var sum = Loss.OfPredictor(talker, batch, rows, from, Math.Min(pieces.Frames, frames - from));
            Back(Loss.PredictorShare(sum, effective));
            predictorSum += sum.item<float>();
        }
        return (new(talkerSum, predictorSum, endSum, batch.EndTargets.shape[0], batch.Counts), rows.grad?.view(hidden.shape));
    }

    static void Back(Tensor loss)
    {
        if (loss.requires_grad)
            loss.backward();
    }

    static void Back(Tensor result, Tensor? gradient)
    {
        if (result.requires_grad && gradient is not null)
            result.backward([gradient]);
    }
}
