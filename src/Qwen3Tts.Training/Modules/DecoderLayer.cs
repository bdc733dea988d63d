// One layer of a decoder. As a module it is written plainly, for autograd to follow. For training it has a way there and a way back of its
// own: what is kept between them is chosen, everything cheap is computed again, and what stands between the matrix products is one pass
// over memory (RowKernels) where libtorch makes one for every operation. Attention alone goes back through libtorch's graph of it.
using Qwen3Tts.Checkpoint;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Qwen3Tts.Training.Modules;

sealed class Mlp : Module<Tensor, Tensor>
{
    readonly Linear gate_proj;
    readonly Linear up_proj;
    readonly Linear down_proj;

    public Mlp(DecoderConfig config, Placement on) : base(nameof(Mlp))
    {
        gate_proj = new(config.HiddenSize, config.IntermediateSize, false, on);
        up_proj = new(config.HiddenSize, config.IntermediateSize, false, on);
        down_proj = new(config.IntermediateSize, config.HiddenSize, false, on);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return down_proj.call(functional.silu(gate_proj.call(x)) * up_proj.call(x)).MoveToOuterDisposeScope();
    }

    /// <summary>What the way back needs, and in the end the gradients of it.</summary>
    public sealed record Kept(Tensor Gate, Tensor Up) : IKept // [B, T, intermediate]
    {
        public IEnumerable<Tensor> All => [Gate, Up];
    }

    public (Tensor Y, Kept Kept) Pass(Tensor x)
    {
        using var scope = NewDisposeScope();
        var (gate, up) = (gate_proj.call(x), up_proj.call(x));
        var product = TensorMemory.Holds(x) ? RowKernels.Gated(gate, up) : functional.silu(gate) * up;
        return (down_proj.call(product).MoveToOuterDisposeScope(), new Kept(gate, up).Moved());
    }

    /// <summary>The gradient of the input; what was kept becomes its own, down_proj has got its own.</summary>
    public Tensor Back(Kept kept, Tensor gradient) // [B, T, hidden] -> [rows, hidden]
    {
        using var scope = NewDisposeScope();
        var rows = gradient.flatten(0, 1);
        var (gate, up, product) = (kept.Gate.flatten(0, 1), kept.Up.flatten(0, 1), down_proj.Back(rows));
        if (TensorMemory.Holds(gate))
            RowKernels.GatedBack(gate, up, product);
        else
        {
            var ofProduct = product;
            (var silu, var ofGate) = Gradients.Through(g => functional.silu(g), gate, ofProduct * up);
            product = silu * up;
            up.copy_(ofProduct * silu);
            gate.copy_(ofGate);
        }
        down_proj.BackToWeights(product, rows);
        return up_proj.Back(up, gate_proj.Back(gate)).MoveToOuterDisposeScope();
    }

    /// <param name="x">The input [rows, hidden].</param>
    /// <param name="gradients">What <see cref="Back"/> has made of it.</param>
    public void BackToWeights(Tensor x, Kept gradients)
    {
        gate_proj.BackToWeights(x, gradients.Gate.flatten(0, 1));
        up_proj.BackToWeights(x, gradients.Up.flatten(0, 1));
    }
}

sealed class DecoderLayer : Module<Tensor, Rotary, Tensor>
{
    readonly Attention self_attn;
    readonly Mlp mlp;
    readonly RmsNorm input_layernorm;
    readonly RmsNorm post_attention_layernorm;

    public DecoderLayer(DecoderConfig config, Placement on) : base(nameof(DecoderLayer))
    {
        self_attn = new(config, on);
        mlp = new(config, on);
        input_layernorm = new(config.HiddenSize, config.RmsNormEps, on);
        post_attention_layernorm = new(config.HiddenSize, config.RmsNormEps, on);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x, Rotary rotary) // [B, T, hidden]
    {
        using var scope = NewDisposeScope();
        var attended = x.Plus(self_attn.call(input_layernorm.call(x), rotary));
        return attended.Plus(mlp.call(post_attention_layernorm.call(attended))).MoveToOuterDisposeScope();
    }

    /// <summary>What the way back needs beside the input.</summary>
    /// <param name="Attention">Of self_attn.</param>
    /// <param name="Attended">Its result and the input, added [B, T, hidden].</param>
    /// <param name="Mlp">Of mlp.</param>
    public sealed record Kept(Attention.Kept Attention, Tensor Attended, Mlp.Kept Mlp) : IKept
    {
        public IEnumerable<Tensor> All => [.. Attention.All, Attended, .. Mlp.All];
    }

    /// <summary>The layer without a graph, and what to go back with.</summary>
    /// <param name="x">[B, T, hidden].</param>
    /// <param name="rotary">Of the positions.</param>
    /// <param name="keep">Whether there is a way back.</param>
    public (Tensor Y, Kept? Kept) Pass(Tensor x, Rotary rotary, bool keep)
    {
        using var scope = NewDisposeScope();
        var (attention, ofAttention) = self_attn.Pass(input_layernorm.Pass(x), rotary, keep);
        var attended = attention.add_(x, Sums.One);
        var (y, ofMlp) = mlp.Pass(post_attention_layernorm.Pass(attended));
        return (y.add_(attended, Sums.One).MoveToOuterDisposeScope(), keep ? new Kept(ofAttention, attended, ofMlp).Moved() : null);
    }

    /// <summary>The way back: adds the gradients of what is trained. In place: the result's gradient becomes the input's, and what was kept is of no use any more.</summary>
    public void Back(Tensor x, Kept kept, Rotary rotary, Tensor gradient) // both [B, T, hidden]
    {
        using var scope = NewDisposeScope();
        var rows = gradient.flatten(0, 1);
        var normed = mlp.Back(kept.Mlp, gradient); // its gradient, first
        post_attention_layernorm.Back(kept.Attended.flatten(0, 1), normed, rows);
        mlp.BackToWeights(normed, kept.Mlp);
        var projected = self_attn.Back(kept.Attention, rotary, gradient);
        normed = self_attn.BackToInput(projected);
        input_layernorm.Back(x.flatten(0, 1), normed, rows);
        self_attn.BackToWeights(normed, projected);
    }
}

/// <summary>Tensors that live from the way there to the way back.</summary>
interface IKept
{
    IEnumerable<Tensor> All { get; }
}

static class Keeping
{
    /// <summary>Into the scope of the caller.</summary>
    public static T Moved<T>(this T kept) where T : IKept
    {
        foreach (var tensor in kept.All)
            tensor.MoveToOuterDisposeScope();
        return kept;
    }
}
