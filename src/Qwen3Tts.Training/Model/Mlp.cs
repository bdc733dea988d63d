// The gated MLP of a layer: down(silu(gate(x)) * up(x)).
using Qwen3Tts.Checkpoint;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Qwen3Tts.Training.Model;

sealed class Mlp : Module<Tensor, Tensor>
{
    readonly Linear gate_proj;
    readonly Linear up_proj;
    readonly Linear down_proj;
    readonly IRowOps _ops;

    public Mlp(DecoderConfig config, Placement on) : base(nameof(Mlp))
    {
        gate_proj = new(config.HiddenSize, config.IntermediateSize, false, on);
        up_proj = new(config.HiddenSize, config.IntermediateSize, false, on);
        down_proj = new(config.IntermediateSize, config.HiddenSize, false, on);
        _ops = on.RowOps;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return down_proj.call(functional.silu(gate_proj.call(x)) * up_proj.call(x)).MoveToOuterDisposeScope();
    }

    /// <summary>Saved for backward. <see cref="Backward"/> overwrites both tensors by their gradients.</summary>
    public sealed record Saved(Tensor Gate, Tensor Up) : ISavedForBackward // [B, T, intermediate]
    {
        public IEnumerable<Tensor> All => [Gate, Up];
    }

    /// <summary>Forward without an autograd graph.</summary>
    public (Tensor Y, Saved Saved) ForwardAndSave(Tensor x)
    {
        using var scope = NewDisposeScope();
        var (gate, up) = (gate_proj.call(x), up_proj.call(x));
        var product = _ops.Gate(gate, up);
        return (down_proj.call(product).MoveToOuterDisposeScope(), new Saved(gate, up).MoveToOuterScope());
    }

    /// <summary>
    /// Backward to the input. Adds the weight gradient of down_proj; <see cref="AddWeightGradients"/> adds the other two.
    /// </summary>
    /// <param name="saved">Tensors saved by the forward pass; overwritten by the gradients of gate and up.</param>
    /// <param name="gradient">Gradient of the result [B, T, hidden].</param>
    /// <returns>Gradient of the input [rows, hidden].</returns>
    public Tensor Backward(Saved saved, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var rows = gradient.flatten(0, 1);
        var (gate, up, product) = (saved.Gate.flatten(0, 1), saved.Up.flatten(0, 1), down_proj.InputGradient(rows));
        _ops.GateBackward(gate, up, product); // now: gradient of gate, gradient of up, and the product itself
        down_proj.AddWeightGradients(product, rows);
        return up_proj.InputGradient(up, gate_proj.InputGradient(gate)).MoveToOuterDisposeScope();
    }

    /// <summary>Adds the weight gradients of gate_proj and up_proj.</summary>
    /// <param name="x">The input [rows, hidden].</param>
    /// <param name="gradients">The saved tensors after <see cref="Backward"/>: the gradients of gate and up.</param>
    public void AddWeightGradients(Tensor x, Saved gradients)
    {
        gate_proj.AddWeightGradients(x, gradients.Gate.flatten(0, 1));
        up_proj.AddWeightGradients(x, gradients.Up.flatten(0, 1));
    }
}
