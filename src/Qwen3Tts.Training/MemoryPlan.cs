// How much memory a way to train needs, from the model's shapes alone. Weights, gradients, masters and moments are counted on a talker
// without storage. Activations are what autograd keeps for the way back, written down block by block below; the measured peak of a real
// step holds the sum to account (MemoryPlanTests).
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace Qwen3Tts.Training;

/// <summary>What is computed together.</summary>
/// <param name="Samples">Clips.</param>
/// <param name="Positions">Of the longest one; the others are padded to it.</param>
/// <param name="Frames">Of the longest one.</param>
readonly record struct BatchShape(int Samples, int Positions, int Frames);

/// <summary>Bytes by purpose.</summary>
/// <param name="Way">How is trained.</param>
/// <param name="MicroBatch">What is computed together.</param>
/// <param name="Weights">All weights, trained or not.</param>
/// <param name="Gradients">Of what is trained.</param>
/// <param name="Masters">Float32 copies, or their lower halves.</param>
/// <param name="Moments">Both.</param>
/// <param name="Activations">Kept or made on the way there and back, at the worst moment; or the optimizer's temporaries where those are more.</param>
/// <param name="Peak">The most that lives at one time.</param>
sealed record MemoryPlan(Way Way, BatchShape MicroBatch, long Weights, long Gradients, long Masters, long Moments, long Activations, long Peak)
{
    /// <summary>Every tensor of a model that is trained this way.</summary>
    public static IReadOnlyList<(string Name, long Elements, bool Trained)> Tensors(TalkerConfig config, Way way)
    {
        using var scope = NewDisposeScope();
        using var talker = new TalkerModule(config, way.On(new Device(DeviceType.META))); // shapes without storage
        way.Apply(talker);
        return [.. TalkerWeights.Named(talker).Select(p => (p.Name, p.Parameter.numel(), p.Parameter.requires_grad))];
    }

    /// <param name="config">The model.</param>
    /// <param name="tensors">What <see cref="Tensors"/> gave for it and what is trained.</param>
    /// <param name="way">How it is trained.</param>
    /// <param name="micro">The micro-batch.</param>
    /// <param name="several">Whether a step has several of them: then all gradients live while the later ones are computed.</param>
    /// <param name="onCpu">Where masters keep their lower halves alone.</param>
    public static MemoryPlan Of(TalkerConfig config, IReadOnlyList<(string Name, long Elements, bool Trained)> tensors, Way way, BatchShape micro, bool several, bool onCpu = false)
    {
        var trained = tensors.Where(p => p.Trained).ToList();
        long Gradient(Func<string, bool> of) => trained.Where(p => of(p.Name)).Sum(p => p.Elements) * way.WeightType.ElementSize();
        var (weights, count) = (tensors.Sum(p => p.Elements) * way.WeightType.ElementSize(), trained.Sum(p => p.Elements));
        var (masters, moments) = (way.Masters ? (onCpu ? 2 : 4) * count : 0, 2 * count * way.MomentType.ElementSize());

        var a = new Activations(config, tensors, way, micro);
        // The moments at which the most may live: a loss, the way back through each layer, into the embeddings, the update. The first
        // micro-batch meets gradients one after the other, a later one all of them.
        var everything = Gradient(_ => true);
        var predictor = Gradient(n => n.StartsWith("talker.code_predictor.", StringComparison.Ordinal));
        var above = several ? everything : predictor + Gradient(n => n is "talker.codec_head.weight" or "talker.model.norm.weight" or "talker.model.codec_embedding.weight");
        var peaks = new List<(long Live, long Gradients)> { (a.Losses, several || !a.InOnePart ? above : above - predictor), (a.EmbeddingBack, everything), (a.Update, everything) };
        for (var layer = config.NumHiddenLayers - 1; layer >= 0; layer--)
        {
            if (!several)
                above += Gradient(n => n.StartsWith($"talker.model.layers.{layer}.", StringComparison.Ordinal));
            peaks.Add((a.LayerBack(layer), above));
        }
        var fixedBytes = weights + masters + moments;
        return new(way, micro, weights, everything, masters, moments, peaks.Max(p => p.Live), fixedBytes + peaks.Max(p => p.Live + p.Gradients));
    }
}
