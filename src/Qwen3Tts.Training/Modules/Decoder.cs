// A stack of layers with the norm after it. It can be passed whole, with autograd keeping what it needs, or layer by layer, keeping the
// layers' inputs alone and computing each layer again on the way back.
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

    /// <summary>Through the layers without a graph: the input of each, and on top the output of the last, each cut off from the one before.</summary>
    public Stack<Tensor> Pass(Tensor x) // [B, T, hidden]
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var rotary = RotaryFor(x);
        var trained = x.requires_grad; // whether anything up to here is: no gradient has to go further down
        var kept = new Stack<Tensor>([x.detach().requires_grad_(trained).MoveToOuterDisposeScope()]);
        foreach (var layer in layers)
        {
            trained |= layer.parameters().Any(p => p.requires_grad);
            kept.Push(layer.call(kept.Peek(), rotary).requires_grad_(trained).MoveToOuterDisposeScope());
        }
        return kept;
    }

    /// <summary>Back through the layers, each computed again from its input; gives the gradient of the first input, null where none is needed.</summary>
    public Tensor? PassBack(Stack<Tensor> kept, Tensor? gradient)
    {
        using var scope = NewDisposeScope();
        var rotary = RotaryFor(kept.Peek());
        foreach (var layer in layers.Reverse())
        {
            using var x = kept.Pop();
            using var each = NewDisposeScope();
            if (gradient is null)
                continue;
            layer.call(x, rotary).backward([gradient]);
            gradient.Dispose();
            gradient = x.grad?.MoveToOuterDisposeScope();
        }
        return gradient?.MoveToOuterDisposeScope();
    }

    Rotary RotaryFor(Tensor x) => Rotary.Of(x.shape[1], _config, x.dtype, x.device);
}
