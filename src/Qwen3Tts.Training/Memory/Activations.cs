// The bytes of the tensors that are saved for backward, block by block, as the modules compute them, and of the tensors that exist only
// within a block. A tensor that two operations share is counted once.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Options;
using TorchSharp;

namespace Qwen3Tts.Training.Memory;

/// <summary>Activations of one micro-batch, in bytes.</summary>
sealed class Activations
{
    /// <summary>Elements that are updated at a time. The temporary tensors hold at most five times as many float32 numbers.</summary>
    public const long UpdatePart = 1 << 22;

    readonly TalkerConfig _talker;
    readonly CodePredictorConfig _predictor;
    readonly TrainingMethod _method;
    readonly BatchShape _batch;
    readonly long _element; // bytes
    readonly bool _textTrained;
    readonly long _largest, _largestTable; // elements of the largest trained matrix, and of the largest trained tensor

    public Activations(TalkerConfig config, IReadOnlyList<TensorSize> tensors, TrainingMethod method, BatchShape batch)
    {
        (_talker, _predictor, _method, _batch, _element) = (config, config.CodePredictorConfig, method, batch,
            method.WeightType.ElementSize());
        var trained = tensors.Where(t => t.IsTrained).ToList();
        _textTrained = trained.Any(t => t.Name.Contains(".text_", StringComparison.Ordinal));
        _largest = trained.Where(t => !t.Name.Contains("text_embedding", StringComparison.Ordinal)).Max(t => t.Elements);
        _largestTable = trained.Max(t => t.Elements);
    }

    long Rows => (long)_batch.Samples * _batch.Positions;
    long Frames => Math.Min(_method.Checkpointing.PredictorFrames, (long)_batch.Samples * _batch.Frames); // in the code predictor at a time
    long Slots => Frames * _talker.NumCodeGroups;

    /// <summary>Whether all frames pass the code predictor together: then its gradients appear when its activations are freed.</summary>
    public bool IsInOnePart => Frames == (long)_batch.Samples * _batch.Frames;

    /// <summary>At the losses: the activations of the talker, and those of the frames that pass the code predictor together.</summary>
    public long Losses => Embedding + TalkerUpTo(_talker.NumHiddenLayers) + Output + Math
        .Max(TalkerLoss, PredictorLoss) + _largest * _element;

    /// <summary>During the backward pass of a layer.</summary>
    public long LayerBackward(int layer) =>
        Embedding + (_method.Checkpointing.RecomputeLayers ? TalkerUpTo(layer) + Rows * Layer(_talker) : TalkerUpTo(layer + 1)) + Output
        + Rows * Temporary(_talker) + _largest * _element;

    /// <summary>During the backward pass of the embeddings.</summary>
    public long EmbeddingBackward => Embedding + Output + _largestTable * _element;

    /// <summary>
    /// The temporary tensors of an update on a GPU. On the CPU there are none (there the update is one pass), so this is an upper bound.
    /// </summary>
    public long Update => Math.Min(UpdatePart, _largestTable) * _method.Precision switch
    {
        Precision.Float32 => 8,
        Precision.Mixed => 8,
        Precision.Bfloat16 => 30,
        _ => 42
    };

    /// <summary>What the layers below one save: everything, or with gradient checkpointing their inputs.</summary>
    long TalkerUpTo(int layer) => layer * Rows * (_method.Checkpointing.RecomputeLayers ? _talker.HiddenSize * _element : Layer(_talker));

    /// <summary>The summed embeddings, and what the text projection saves.</summary>
    long Embedding => Rows * _element * (_talker.HiddenSize + (_textTrained ? 3 * _talker.TextHiddenSize : 0));

    /// <summary>The last norm, the output of the talker and two gradients of it.</summary>
    long Output => Rows * (Norm(_talker.HiddenSize) + 2 * _talker.HiddenSize * _element);

    long TalkerLoss => _batch.Samples * (_batch.Frames + 1L) * (_talker.HiddenSize * _element + _talker.VocabSize * (3 * 4 + 2 * _element));

    long PredictorLoss
    {
        get
        {
            var saved = Slots * (_talker.HiddenSize * _element + _predictor.NumHiddenLayers * Layer(_predictor)
                + Norm(_predictor.HiddenSize));
            // the softmax of each head, and the temporary tensors of one head
            var logits = Frames * _predictor.VocabSize * ((_talker.NumCodeGroups - 1) * 4 + 2 * (4 + _element));
            return saved + Math.Max(logits + Slots * _predictor.HiddenSize * _element, Slots * Temporary(_predictor));
        }
    }

    /// <summary>
    /// Saved by the norm after the layers for each row: its input in float32, the normalised row before the weight, and the result for the
    /// heads.
    /// </summary>
    long Norm(long width) => width * (4 + 2 * _element);

    /// <summary>
    /// Saved by a layer for each row: its input and the sum after attention; queries and keys before the norm and after the rotation,
    /// values, the attention result and one softmax sum for each head; gate and up.
    /// </summary>
    long Layer(DecoderConfig c)
    {
        long heads = c.NumAttentionHeads * c.HeadDim, keys = c.NumKeyValueHeads * c.HeadDim;
        return _element * (2L * c.HiddenSize + 3 * heads + 3 * keys + 2L * c.IntermediateSize) + 4 * c.NumAttentionHeads;
    }

    /// <summary>
    /// Temporary tensors of a layer's backward pass for each row: of the gated product, or of attention, whose keys and values have
    /// gradients for every head.
    /// </summary>
    long Temporary(DecoderConfig c) =>
        _element * (2L * c.HiddenSize + Math.Max(c.IntermediateSize, c.HeadDim * (6L * c.NumAttentionHeads + 4L * c.NumKeyValueHeads)));
}
