// The bytes that are kept for the way back, block by block, as Modules/*.cs computes them, and beside them what is made and dropped within
// a block. What two operations share is counted once.
using Qwen3Tts.Checkpoint;
using TorchSharp;

namespace Qwen3Tts.Training;

/// <summary>Activations of one micro-batch, in bytes.</summary>
sealed class Activations
{
    readonly TalkerConfig _talker;
    readonly CodePredictorConfig _predictor;
    readonly Way _way;
    readonly BatchShape _batch;
    readonly long _element; // bytes
    readonly bool _textTrained;
    readonly long _largest, _largestTable; // trained elements: of a matrix, of any tensor

    public Activations(TalkerConfig config, IReadOnlyList<(string Name, long Elements, bool Trained)> tensors, Way way, BatchShape batch)
    {
        (_talker, _predictor, _way, _batch, _element) = (config, config.CodePredictorConfig, way, batch, way.WeightType.ElementSize());
        var trained = tensors.Where(t => t.Trained).ToList();
        _textTrained = trained.Any(t => t.Name.Contains(".text_", StringComparison.Ordinal));
        _largest = trained.Where(t => !t.Name.Contains("text_embedding", StringComparison.Ordinal)).Max(t => t.Elements);
        _largestTable = trained.Max(t => t.Elements);
    }

    long Rows => (long)_batch.Samples * _batch.Positions;
    long Frames => Math.Min(_way.Checkpointing.PredictorFrames, (long)_batch.Samples * _batch.Frames); // at a time
    long Slots => Frames * _talker.NumCodeGroups;

    /// <summary>Whether the code predictor is passed once, so that its gradients come when its activations go.</summary>
    public bool InOnePart => Frames == (long)_batch.Samples * _batch.Frames;

    /// <summary>At a loss: the talker's activations, and those of as many frames as are computed at a time.</summary>
    public long Losses => Embedding + TalkerUpTo(_talker.NumHiddenLayers) + Output + Math.Max(TalkerLoss, PredictorLoss) + _largest * _element;

    /// <summary>While the way back passes a layer.</summary>
    public long LayerBack(int layer) =>
        Embedding + (_way.Checkpointing.RecomputeLayers ? TalkerUpTo(layer) + Rows * Layer(_talker) : TalkerUpTo(layer + 1)) + Output + Rows * Dropped(_talker) + _largest * _element;

    /// <summary>While the way back ends in the embeddings.</summary>
    public long EmbeddingBack => Embedding + Output + _largestTable * _element;

    /// <summary>The temporaries of an update on a GPU; on the CPU there are none (<see cref="OnePassAdamW"/>), and this is above.</summary>
    public long Update => Math.Min(AdamW.Part, _largestTable) * _way.Precision switch { Precision.Float32 => 8, Precision.Mixed => 8, Precision.Bfloat16 => 30, _ => 42 };

    /// <summary>What the layers below one keep: everything, or the input of each.</summary>
    long TalkerUpTo(int layer) => layer * Rows * (_way.Checkpointing.RecomputeLayers ? _talker.HiddenSize * _element : Layer(_talker));

    /// <summary>The sums, and what the text projection keeps.</summary>
    long Embedding => Rows * _element * (_talker.HiddenSize + (_textTrained ? 3 * _talker.TextHiddenSize : 0));

    /// <summary>The last norm, the talker's output and two of its gradients.</summary>
    long Output => Rows * (Norm(_talker.HiddenSize) + 2 * _talker.HiddenSize * _element);

    long TalkerLoss => _batch.Samples * (_batch.Frames + 1L) * (_talker.HiddenSize * _element + _talker.VocabSize * (3 * 4 + 2 * _element));

    long PredictorLoss
    {
        get
        {
            var kept = Slots * (_talker.HiddenSize * _element + _predictor.NumHiddenLayers * Layer(_predictor) + Norm(_predictor.HiddenSize));
            var logits = Frames * _predictor.VocabSize * ((_talker.NumCodeGroups - 1) * 4 + 2 * (4 + _element)); // a softmax of each head, and the temporaries of one
            return kept + Math.Max(logits + Slots * _predictor.HiddenSize * _element, Slots * Dropped(_predictor));
        }
    }

    /// <summary>Kept by the norm above the layers for each row: its input in float32, what the gain multiplies, and its result for the heads.</summary>
    long Norm(long width) => width * (4 + 2 * _element);

    /// <summary>Kept by a layer for each row: its input and the sum after attention; queries and keys as they come and turned, values, their mixture and a sum for each head; gate and up.</summary>
    long Layer(DecoderConfig c)
    {
        long heads = c.NumAttentionHeads * c.HeadDim, keys = c.NumKeyValueHeads * c.HeadDim;
        return _element * (2L * c.HiddenSize + 3 * heads + 3 * keys + 2L * c.IntermediateSize) + 4 * c.NumAttentionHeads;
    }

    /// <summary>Made and dropped within a layer on the way back, for each row: by the gated product, or by attention, whose keys and values have gradients for every head.</summary>
    long Dropped(DecoderConfig c) => _element * (2L * c.HiddenSize + Math.Max(c.IntermediateSize, c.HeadDim * (6L * c.NumAttentionHeads + 4L * c.NumKeyValueHeads)));
}
