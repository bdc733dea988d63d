// A stack of layers with the norm after it. `forward` makes one autograd graph; it is used to measure losses, and as the reference in
// tests. Training runs ForwardAndSave without a graph and Backward layer by layer. With gradient checkpointing a layer saves only
// its input, and its forward pass is computed again.
using Qwen3Tts.Checkpoint;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Qwen3Tts.Training.Model;

/// <summary>Layers and the norm after them: what <c>talker.model</c> and <c>code_predictor.model</c> have in common.</summary>
abstract class Decoder : Module<Tensor, Tensor>
{
    internal readonly ModuleList<DecoderLayer> layers;
    internal readonly RmsNorm norm;
    readonly DecoderConfig _config;

    protected Decoder(string name, DecoderConfig config, Placement on) : base(name)
    {
        _config = config;
        layers = [.. Enumerable.Range(0, config.NumHiddenLayers).Select(_ => new DecoderLayer(config, on))];
        norm = new(config.HiddenSize, config.RmsNormEps, on);
    }

    public override Tensor forward(Tensor x) // [B, T, hidden] -> the same, normalised
    {
        using var scope = NewDisposeScope();
        var rotary = CreateRotary(x);
        foreach (var layer in layers)
            x = layer.call(x, rotary);
        return norm.call(x).MoveToOuterDisposeScope();
    }

    /// <summary>A forward pass through the layers, which <see cref="Backward"/> can follow once.</summary>
    /// <param name="Top">Output of the last layer, a leaf of the graph above it: the backward pass begins with its gradient.</param>
    /// <param name="Layers">Layers that the backward pass visits, each with its input [B, T, hidden] and what it saved; null if its
    /// forward pass is computed again.</param>
    /// <param name="Rotary">Angles of the positions.</param>
    /// <param name="NeedsInputGradient">Whether the gradient of the first input is needed.</param>
    public sealed record ForwardPass(Tensor Top, Stack<(DecoderLayer Layer, Tensor X, DecoderLayer.Saved? Saved)> Layers, Rotary Rotary,
        bool NeedsInputGradient);

    /// <summary>Runs the layers without an autograd graph, detached from the graph of the input.</summary>
    /// <param name="input">[B, T, hidden].</param>
    /// <param name="recompute">Gradient checkpointing: layers save only their inputs.</param>
    public ForwardPass ForwardAndSave(Tensor input, bool recompute)
    {
        var rotary = CreateRotary(input); // in the dispose scope of the caller, like all tensors that the backward pass uses
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var pass = new ForwardPass(input, [], rotary, input.requires_grad);
        // needed: whether a parameter up to this layer is trained; below it no gradient is computed
        var (x, needed) = (input.detach(), pass.NeedsInputGradient);
        foreach (var layer in layers)
        {
            needed |= layer.parameters().Any(p => p.requires_grad);
            var (y, saved) = layer.ForwardAndSave(x, pass.Rotary, needed && !recompute);
            if (needed)
                pass.Layers.Push((layer, x.MoveToOuterDisposeScope(), saved?.MoveToOuterScope()));
            else
                x.Dispose();
            x = y;
        }
        return pass with { Top = x.requires_grad_(needed).MoveToOuterDisposeScope() };
    }

    /// <summary>
    /// Runs the layers backward, and adds the gradients of the trained parameters. overwrites: the gradient of pass.Top, pass.Layers.
    /// </summary>
    /// <returns>The gradient of the first input; null if it is not needed.</returns>
    public static Tensor? Backward(ForwardPass pass)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        if (pass.Top.grad?.contiguous() is not { } gradient)
            return null;
        while (pass.Layers.TryPop(out var step))
        {
            using var each = NewDisposeScope();
            var saved = step.Saved ?? step.Layer.ForwardAndSave(step.X, pass.Rotary, save: true).Saved!;
            step.Layer.Backward(step.X, saved, pass.Rotary, gradient);
            foreach (var tensor in saved.All.Append(step.X))
                tensor.Dispose();
        }
        return pass.NeedsInputGradient ? gradient.MoveToOuterDisposeScope() : null;
    }

    Rotary CreateRotary(Tensor x) => Rotary.Create(x.shape[1], _config, x.dtype, x.device);
}
