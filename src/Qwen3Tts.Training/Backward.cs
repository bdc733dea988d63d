// Forward and backward of one micro-batch, in pieces: what is kept for one piece is freed before the next begins. The graph is cut below
// and above each stack of layers, which have a way back of their own (Modules/DecoderLayer.cs): libtorch's graph holds the embeddings, the
// last norm and the heads. The code predictor's loss is taken over a few frames at a time, each part backwards at once. The talker's layers
// can keep their inputs alone and be computed again one by one (gradient checkpointing), which costs a third more time and gives the same bits.
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
        var way = talker.model.Pass(inputs, pieces.RecomputeLayers);
        var hidden = talker.model.norm.call(way.Top);
        var (sums, gradient) = Losses(talker, batch, hidden, effective, pieces);
        Back(hidden, gradient);
        Back(inputs, Decoder.PassBack(way));
        return sums;
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
            var count = Math.Min(pieces.Frames, frames - from);
            var codes = batch.PredictorCodes.narrow(0, from, count);
            var predictor = talker.code_predictor;
            var slots = predictor.Projected(talker.Slots(rows.index_select(0, batch.PredictorRows.narrow(0, from, count)), codes)); // [frames, 16, predictor's hidden]
            var way = predictor.model.Pass(slots, again: false);
            var sum = Loss.OfPredictor(talker, batch, predictor.model.norm.call(way.Top), codes);
            Back(Loss.PredictorShare(sum, effective));
            Back(slots, Decoder.PassBack(way));
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
