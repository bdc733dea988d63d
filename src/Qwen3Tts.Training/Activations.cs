// The bytes that autograd keeps for the way back, block by block, as Modules/*.cs computes them. "Kept" is what an operation saves for its
// own derivative; what two operations share is counted once. Beside it stands what is made and dropped within a block.
using Qwen3Tts.Checkpoint;
using TorchSharp;

namespace Qwen3Tts.Training;

/// <summary>Activations of one micro-batch, in bytes.</summary>
sealed class Activations
{
    /// <summary>What is trained in a stack of layers, for what need not be kept otherwise.</summary>
    /// <param name="Inputs">The matrices, or pairs beside them: their inputs are kept.</param>
    /// <param name="Gains">The norms: what they multiply is kept.</param>
    readonly record struct Trained(bool Inputs, bool Gains);

    readonly TalkerConfig _talker;
    readonly CodePredictorConfig _predictor;
    readonly Way _way;
    readonly BatchShape _batch;
    readonly long _element; // bytes
    readonly Trained _talkerTrained, _predictorTrained;
    readonly bool _textTrained;
    readonly long _largest, _largestTable; // trained elements: of a matrix, of any tensor

    public Activations(TalkerConfig config, IReadOnlyList<(string Name, long Elements, bool Trained)> tensors, Way way, BatchShape batch)
    {
        (_talker, _predictor, _way, _batch, _element) = (config, config.CodePredictorConfig, way, batch, way.WeightType.ElementSize());
        var trained = tensors.Where(t => t.Trained).ToList();
        Trained In(string part) => new(
            trained.Any(t => t.Name.StartsWith(part, StringComparison.Ordinal) && t.Name.Contains("_proj.", StringComparison.Ordinal)),
            trained.Any(t => t.Name.StartsWith(part, StringComparison.Ordinal) && t.Name.EndsWith("norm.weight", StringComparison.Ordinal)));
        (_talkerTrained, _predictorTrained) = (In("talker.model.layers."), In("talker.code_predictor.model.layers."));
        _textTrained = trained.Any(t => t.Name.Contains(".text_", StringComparison.Ordinal));
        _largest = trained.Where(t => !t.Name.Contains("text_embedding", StringComparison.Ordinal)).Max(t => t.Elements);
        _largestTable = trained.Max(t => t.Elements);
    }

    long Rows => (long)_batch.Samples * _batch.Positions;
    long Frames => Math.Min(_way.Pieces.Frames, (long)_batch.Samples * _batch.Frames); // at a time
    long Slots => Frames * _talker.NumCodeGroups;

    /// <summary>Whether the code predictor is passed once, so that its gradients come when its activations go.</summary>
    public bool InOnePart => Frames == (long)_batch.Samples * _batch.Frames;

    /// <summary>At a loss: the talker's activations, and those of as many frames as are computed at a time.</summary>
    public long Losses => Embedding + TalkerUpTo(_talker.NumHiddenLayers) + Output + Math.Max(TalkerLoss, PredictorLoss) + _largest * _element;

    /// <summary>While the way back passes a layer.</summary>
    public long LayerBack(int layer) =>
        Embedding + (_way.Pieces.RecomputeLayers ? TalkerUpTo(layer) + Rows * Layer(_talker, _talkerTrained) : TalkerUpTo(layer + 1)) + Output + Rows * Dropped(_talker) + _largest * _element;

    /// <summary>While the way back ends in the embeddings.</summary>
    public long EmbeddingBack => Embedding + Output + _largestTable * _element;

    /// <summary>The temporaries of an update on a GPU; on the CPU there are none (<see cref="OnePassAdamW"/>), and this is above.</summary>
    public long Update => Math.Min(AdamW.Part, _largestTable) * _way.Precision switch { Precision.Float32 => 8, Precision.Mixed => 8, Precision.Bfloat16 => 30, _ => 42 };

    /// <summary>What the layers below one keep: everything, or the input of each.</summary>
    long TalkerUpTo(int layer) => layer * Rows * (_way.Pieces.RecomputeLayers ? _talker.HiddenSize * _element : Layer(_talker, _talkerTrained));

    /// <summary>The sums, and what the text projection keeps.</summary>
    long Embedding => Rows * _element * (_talker.HiddenSize + (_textTrained ? 3 * _talker.TextHiddenSize : 0));

    /// <summary>The last norm, the talker's output and two of its gradients.</summary>
    long Output => Rows * (Norm(_talker.HiddenSize, new(true, true)) + 2 * _talker.HiddenSize * _element);

    long TalkerLoss => _batch.Samples * (_batch.Frames + 1L) * (_talker.HiddenSize * _element + _talker.VocabSize * (3 * 4 + 2 * _element));

    long PredictorLoss
    {
        get
        {
            var kept = Slots * ((_predictorTrained.Inputs ? _talker.HiddenSize * _element : 0) + _predictor.NumHiddenLayers * Layer(_predictor, _predictorTrained) + Norm(_predictor.HiddenSize, _predictorTrained with { Inputs = true }));
            var logits = Frames * _predictor.VocabSize * ((_talker.NumCodeGroups - 1) * 4 + 2 * (4 + _element)); // a softmax of each head, and the temporaries of one
            return kept + Math.Max(logits + Slots * _predictor.HiddenSize * _element, Slots * Dropped(_predictor));
        }
    }

    /// <summary>Kept by a norm for each row: its input in float32, what the gain multiplies, and its result for the matrices behind it.</summary>
    long Norm(long width, Trained trained) => width * (4 + (trained.Gains ? _element : 0) + (trained.Inputs ? _element : 0));

    /// <summary>Kept by a layer for each row.</summary>
    long Layer(DecoderConfig c, Trained trained)
    {
        long heads = c.NumAttentionHeads * c.HeadDim, keys = c.NumKeyValueHeads * c.HeadDim;
        var norms = 2 * Norm(c.HiddenSize, trained) + Norm(heads + keys, trained with { Inputs = false }); // queries and keys are rotated, so the norm's result is not kept
        var attention = 4 * heads * _element + 4 * c.NumAttentionHeads; // rotated queries, keys and values for every head, the mixture, and a sum for each head
        var mlp = (trained.Inputs ? 4L : 3L) * c.IntermediateSize * _element; // gate, its silu, up, and their product
        return norms + attention + mlp;
    }

    /// <summary>Made and dropped within a layer, for each row: by the rotation on the way there, by the gated product on the way back.</summary>
    long Dropped(DecoderConfig c) => _element * Math.Max(c.HeadDim * (6L * c.NumAttentionHeads + 8L * c.NumKeyValueHeads), 3L * c.IntermediateSize + 2L * c.HiddenSize);
}
