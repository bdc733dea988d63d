// How much memory a training method needs, computed only from the shapes of the model. Weights, gradients, master weights and moments are
// counted on a talker without storage. Activations are the tensors saved for backward, counted block by block in Activations.cs.
// PeakMemoryTests compare the sum with the measured peak of a real step.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Options;
using TorchSharp;

namespace Qwen3Tts.Training.Memory;

/// <summary>What is computed together.</summary>
/// <param name="Samples">Clips.</param>
/// <param name="Positions">Positions of the longest clip; the others are padded to it.</param>
/// <param name="Frames">Frames of the longest clip.</param>
readonly record struct BatchShape(int Samples, int Positions, int Frames);

/// <summary>A tensor of the model.</summary>
/// <param name="Name">Name in the checkpoint.</param>
/// <param name="Elements">Number of its elements.</param>
/// <param name="IsTrained">Whether the method trains it.</param>
readonly record struct TensorSize(string Name, long Elements, bool IsTrained);

/// <summary>Bytes by purpose.</summary>
/// <param name="Method">The training method.</param>
/// <param name="MicroBatch">What is computed together.</param>
/// <param name="Weights">All weights, trained or not.</param>
/// <param name="Gradients">Gradients of all trained tensors.</param>
/// <param name="Masters">Float32 master weights, or their lower halves.</param>
/// <param name="Moments">Both moments of the optimizer.</param>
/// <param name="Activations">Tensors of the forward and backward pass at the moment when they are largest; or the optimizer's temporary
/// tensors, where those are larger.</param>
/// <param name="Peak">The largest sum of all that is in memory at one time.</param>
sealed record MemoryPlan(TrainingMethod Method, BatchShape MicroBatch, long Weights, long Gradients, long Masters, long Moments,
    long Activations, long Peak)
{
    /// <summary>Computes the plan of one micro-batch.</summary>
    /// <param name="config">The model.</param>
    /// <param name="tensors">All tensors of the model, with what this method trains.</param>
    /// <param name="method">The training method.</param>
    /// <param name="micro">The micro-batch.</param>
    /// <param name="several">Whether a step has several micro-batches: then all gradients are in memory while the later ones are
    /// computed.</param>
    /// <param name="onCpu">Whether training runs on the CPU, where only the lower halves of master weights are stored.</param>
    public static MemoryPlan Compute(
        TalkerConfig config, IReadOnlyList<TensorSize> tensors, TrainingMethod method, BatchShape micro, bool several, bool onCpu = false)
    {
        var trained = tensors.Where(p => p.IsTrained).ToList();
        long Gradient(Func<string, bool> isCounted) =>
            trained.Where(p => isCounted(p.Name)).Sum(p => p.Elements) * method.WeightType.ElementSize();
        var (weights, count) = (tensors.Sum(p => p.Elements) * method.WeightType.ElementSize(), trained.Sum(p => p.Elements));
        var (masters, moments) = (method.HasMasters ? (onCpu ? 2 : 4) * count : 0, 2 * count * method.MomentType.ElementSize());

        var a = new Activations(config, tensors, method, micro);
        // The moments at which memory may be largest: a loss, the backward pass of each layer, the backward pass into the embeddings, the
        // update. In the first micro-batch gradients appear one after the other; in a later one all of them are there from the start.
        var everything = Gradient(_ => true);
        var predictor = Gradient(n => TensorNames.IsIn(n, TensorNames.CodePredictor));
        var head = Gradient(n => n is TensorNames.CodecHead or TensorNames.TalkerNorm or TensorNames.CodecEmbedding);
        var above = several ? everything : predictor + head; // gradients that are there before the first layer's backward pass
        var peaks = new List<(long Live, long Gradients)>
        {
            (a.Losses, several || !a.IsInOnePart ? above : above - predictor), (a.EmbeddingBackward, everything), (a.Update, everything),
        };
        for (var layer = config.NumHiddenLayers - 1; layer >= 0; layer--)
        {
            if (!several)
                above += Gradient(n => TensorNames.IsIn(n, TensorNames.TalkerLayer(layer)));
            peaks.Add((a.LayerBackward(layer), above));
        }
        var fixedBytes = weights + masters + moments;
        return new(method, micro, weights, everything, masters, moments, peaks.Max(p => p.Live), fixedBytes + peaks
            .Max(p => p.Live + p.Gradients));
    }
}
