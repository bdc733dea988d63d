// One layer of a decoder. `forward` is plain code for autograd. Training uses ForwardAndSave and Backward instead: they choose what is
// saved for backward, compute cheap operations again, and read and write memory once between two matrix products (CpuRowOps), where
// libtorch does so once for every operation. Only the scaled dot product has an autograd graph.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Memory;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Qwen3Tts.Training.Model;

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

    /// <summary>Saved for backward, in addition to the input.</summary>
    /// <param name="Attention">Tensors saved by self_attn.</param>
    /// <param name="Attended">The input plus the result of self_attn [B, T, hidden].</param>
    /// <param name="Mlp">Tensors saved by mlp.</param>
    public sealed record Saved(Attention.Saved Attention, Tensor Attended, Mlp.Saved Mlp) : ISavedForBackward
    {
        public IEnumerable<Tensor> All => [.. Attention.All, Attended, .. Mlp.All];
    }

    /// <summary>Forward without an autograd graph.</summary>
    /// <param name="x">[B, T, hidden].</param>
    /// <param name="rotary">Angles of the positions.</param>
    /// <param name="save">Whether a backward pass follows; if not, nothing is saved.</param>
    public (Tensor Y, Saved? Saved) ForwardAndSave(Tensor x, Rotary rotary, bool save)
    {
        using var scope = NewDisposeScope();
        var (attention, attentionSaved) = self_attn.ForwardAndSave(input_layernorm.Normalize(x), rotary, save);
        var attended = attention.add_(x, Scalars.One);
        var (y, mlpSaved) = mlp.ForwardAndSave(post_attention_layernorm.Normalize(attended));
        return (y.add_(attended, Scalars.One).MoveToOuterDisposeScope(), save
            ? new Saved(attentionSaved, attended, mlpSaved).MoveToOuterScope() : null);
    }

    /// <summary>
    /// Backward: adds the weight gradients of the layer. in: x, saved, gradient of the result · out: gradient of x · overwrites: gradient
    /// (by the gradient of x), saved.
    /// </summary>
    /// <param name="x">The input [B, T, hidden].</param>
    /// <param name="saved">Tensors saved by the forward pass; they cannot be used afterwards.</param>
    /// <param name="rotary">As in the forward pass.</param>
    /// <param name="gradient">[B, T, hidden].</param>
    public void Backward(Tensor x, Saved saved, Rotary rotary, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var rows = gradient.flatten(0, 1);
        var normed = mlp.Backward(saved.Mlp, gradient); // gradient of the normalised rows; the next line overwrites it by these rows
        post_attention_layernorm.NormalizeBackward(saved.Attended.flatten(0, 1), normed, rows);
        mlp.AddWeightGradients(normed, saved.Mlp);
        var projected = self_attn.Backward(saved.Attention, rotary, gradient);
        normed = self_attn.InputGradient(projected);
        input_layernorm.NormalizeBackward(x.flatten(0, 1), normed, rows);
        self_attn.AddWeightGradients(normed, projected);
    }
}

/// <summary>Tensors that live from the forward pass to the backward pass.</summary>
interface ISavedForBackward
{
    IEnumerable<Tensor> All { get; }
}

static class SavedForBackward
{
    /// <summary>Moves all saved tensors into the dispose scope of the caller.</summary>
    public static T MoveToOuterScope<T>(this T saved) where T : ISavedForBackward
    {
        foreach (var tensor in saved.All)
            tensor.MoveToOuterDisposeScope();
        return saved;
    }
}
