// A stack of layers with the norm after it. As a module it is one graph, written plainly: for measuring, and to hold the other to account.
// Training goes there without a graph and back layer by layer; a layer keeps what its way back needs, or its input alone and is then
// computed again.
using Qwen3Tts.Checkpoint;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Qwen3Tts.Training.Modules;

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
        var rotary = RotaryFor(x);
        foreach (var layer in layers)
            x = layer.call(x, rotary);
        return norm.call(x).MoveToOuterDisposeScope();
    }

    /// <summary>The way there through the layers, to go back on once.</summary>
    /// <param name="Top">The output of the last layer, a leaf: its gradient is where the way back begins.</param>
    /// <param name="Steps">The layers that have a way back, each with its input [B, T, hidden] and what it keeps; null where it is computed again.</param>
    /// <param name="Rotary">Of the positions.</param>
    /// <param name="ToInput">Whether the gradient of the first input is wanted.</param>
    public sealed record Passage(Tensor Top, Stack<(DecoderLayer Layer, Tensor X, DecoderLayer.Kept? Kept)> Steps, Rotary Rotary, bool ToInput);

    /// <summary>Through the layers without a graph, cut off from what made the input.</summary>
    /// <param name="input">[B, T, hidden].</param>
    /// <param name="again">Layers keep their inputs alone.</param>
    public Passage Pass(Tensor input, bool again)
    {
        var rotary = RotaryFor(input); // in the scope of the caller, as the rest of the way
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var way = new Passage(input, [], rotary, input.requires_grad);
        var (x, needed) = (input.detach(), way.ToInput); // whether anything up to here is trained: no gradient has to go further down
        foreach (var layer in layers)
        {
            needed |= layer.parameters().Any(p => p.requires_grad);
            var (y, kept) = layer.Pass(x, way.Rotary, needed && !again);
            if (needed)
                way.Steps.Push((layer, x.MoveToOuterDisposeScope(), kept?.Moved()));
            else
                x.Dispose();
            x = y;
        }
        return way with { Top = x.requires_grad_(needed).MoveToOuterDisposeScope() };
    }

    /// <summary>Back through the layers, which adds the gradients of what is trained; gives the gradient of the first input, null where none is wanted.</summary>
    public static Tensor? PassBack(Passage way)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        if (way.Top.grad?.contiguous() is not { } gradient)
            return null;
        while (way.Steps.TryPop(out var step))
        {
            using var each = NewDisposeScope();
            var kept = step.Kept ?? step.Layer.Pass(step.X, way.Rotary, keep: true).Kept!;
            step.Layer.Back(step.X, kept, way.Rotary, gradient);
            foreach (var tensor in kept.All.Append(step.X))
                tensor.Dispose();
        }
        return way.ToInput ? gradient.MoveToOuterDisposeScope() : null;
    }

    Rotary RotaryFor(Tensor x) => Rotary.Of(x.shape[1], _config, x.dtype, x.device);
}
