// Causal attention. `forward` is plain code for autograd. Training uses ForwardAndSave and Backward, in which only the scaled dot product
// has an autograd graph.
using Qwen3Tts.Checkpoint;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Qwen3Tts.Training.Model;

sealed class Attention : Module<Tensor, Rotary, Tensor>
{
    readonly Linear q_proj;
    readonly Linear k_proj;
    readonly Linear v_proj;
    readonly Linear o_proj;
    readonly RmsNorm q_norm;
    readonly RmsNorm k_norm;
    readonly int _heads;
    readonly int _keyHeads;
    readonly int _width;

    public Attention(DecoderConfig config, Placement on) : base(nameof(Attention))
    {
        (_heads, _keyHeads, _width) = (config.NumAttentionHeads, config.NumKeyValueHeads, config.HeadDim);
        q_proj = new(config.HiddenSize, _heads * _width, false, on);
        k_proj = new(config.HiddenSize, _keyHeads * _width, false, on);
        v_proj = new(config.HiddenSize, _keyHeads * _width, false, on);
        o_proj = new(_heads * _width, config.HiddenSize, false, on);
        q_norm = new(_width, config.RmsNormEps, on);
        k_norm = new(_width, config.RmsNormEps, on);
        RegisterComponents();
    }

    /// <summary>The only mask is the causal one: samples are padded on the right, and no row attends to rows after it.</summary>
    public override Tensor forward(Tensor x, Rotary rotary) // [B, T, hidden]
    {
        using var scope = NewDisposeScope();
        var q = TorchRowOps.Instance.NormalizeAndRotate(q_proj.call(x), q_norm, rotary, _heads); // [B, heads, T, width]
        var k = TorchRowOps.Instance.NormalizeAndRotate(k_proj.call(x), k_norm, rotary, _keyHeads);
        var v = ByHeads(v_proj.call(x));
        var shared = _heads / _keyHeads; // neighbouring query heads share a key head
        if (shared > 1)
            (k, v) = (k.repeat_interleave(shared, 1), v.repeat_interleave(shared, 1));
        var mixed = functional.scaled_dot_product_attention(q, k, v, null, 0, true); // [B, heads, T, width]
        return o_proj.call(mixed.transpose(1, 2).flatten(2)).MoveToOuterDisposeScope();
    }

    /// <summary>Saved for backward.</summary>
    /// <param name="Q">Queries [B, T, heads * width], before their norm.</param>
    /// <param name="K">Keys [B, T, key heads * width], before their norm.</param>
    /// <param name="RotatedQ">[B, heads, T, width].</param>
    /// <param name="RotatedK">[B, key heads, T, width].</param>
    /// <param name="V">[B, key heads, T, width].</param>
    /// <param name="Mixed">Result of the scaled dot product [B * key heads, shared, T, width], with its autograd graph.</param>
    public sealed record Saved(Tensor Q, Tensor K, Tensor RotatedQ, Tensor RotatedK, Tensor V, Tensor Mixed) : ISavedForBackward
    {
        public IEnumerable<Tensor> All => [Q, K, RotatedQ, RotatedK, V, Mixed];
    }

    /// <summary>
    /// Forward. Only the scaled dot product gets an autograd graph, and only if <paramref name="save"/> is set because a backward pass
    /// follows.
    /// </summary>
    public (Tensor Y, Saved Saved) ForwardAndSave(Tensor x, Rotary rotary, bool save) // [B, T, hidden]
    {
        using var scope = NewDisposeScope();
        var (q, k) = (q_proj.call(x), k_proj.call(x));
        var (rotatedQ, rotatedK) = (q_norm.NormalizeAndRotate(q, rotary, _heads), k_norm.NormalizeAndRotate(k, rotary, _keyHeads));
        var v = ByHeads(v_proj.call(x)).contiguous();
        Tensor mixed;
        using (set_grad_enabled(save))
            mixed = Attend(rotatedQ.requires_grad_(save), rotatedK.requires_grad_(save), v.requires_grad_(save));
        var y = o_proj.call(ByRows(mixed.detach(), x));
        return (y.MoveToOuterDisposeScope(), new Saved(q, k, rotatedQ, rotatedK, v, mixed).MoveToOuterScope());
    }

    /// <summary>
    /// Backward to the projections. Adds the weight gradient of o_proj; <see cref="AddWeightGradients"/> adds the others.
    /// </summary>
    /// <param name="saved">Tensors saved by the forward pass.</param>
    /// <param name="rotary">As in the forward pass.</param>
    /// <param name="gradient">Gradient of the result [B, T, hidden].</param>
    /// <returns>Gradients of the projected queries, keys and values, [rows, heads * width] each.</returns>
    public (Tensor Q, Tensor K, Tensor V) Backward(Saved saved, Rotary rotary, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var (rows, shared) = (gradient.flatten(0, 1), _heads / _keyHeads);
        o_proj.AddWeightGradients(ByRows(saved.Mixed.detach(), gradient).flatten(0, 1), rows);
        var mixed = o_proj.InputGradient(rows).view(gradient.shape[0], gradient.shape[1], _keyHeads, shared, _width);
        saved.Mixed.backward([mixed.permute(0, 2, 3, 1, 4).reshape(saved.Mixed.shape)]);
        var q = q_norm.NormalizeAndRotateBackward(saved.Q, rotary, _heads, saved.RotatedQ.grad!).flatten(0, 1);
        var k = k_norm.NormalizeAndRotateBackward(saved.K, rotary, _keyHeads, saved.RotatedK.grad!).flatten(0, 1);
        var v = saved.V.grad!.transpose(1, 2).reshape(rows.shape[0], -1);
        return (q.MoveToOuterDisposeScope(), k.MoveToOuterDisposeScope(), v.MoveToOuterDisposeScope());
    }

    /// <summary>The gradient of the input.</summary>
    public Tensor InputGradient((Tensor Q, Tensor K, Tensor V) gradients) =>
        v_proj.InputGradient(gradients.V, k_proj.InputGradient(gradients.K, q_proj.InputGradient(gradients.Q)));

    /// <summary>Adds the weight gradients of q_proj, k_proj and v_proj.</summary>
    public void AddWeightGradients(Tensor x, (Tensor Q, Tensor K, Tensor V) gradients)
    {
        q_proj.AddWeightGradients(x, gradients.Q);
        k_proj.AddWeightGradients(x, gradients.K);
        v_proj.AddWeightGradients(x, gradients.V);
    }

    /// <summary>
    /// Scaled dot product attention. Query heads that share a key head form a batch of their own, so that no key is copied.
    /// </summary>
    Tensor Attend(Tensor q, Tensor k, Tensor v) // [B, heads or key heads, T, width] -> [B * key heads, shared, T, width]
    {
        using var scope = NewDisposeScope();
        var (batch, positions, shared) = (q.shape[0] * _keyHeads, q.shape[2], _heads / _keyHeads);
        Tensor Shared(Tensor x) => x.reshape(batch, 1, positions, _width).expand(batch, shared, positions, _width);
        return functional.scaled_dot_product_attention(q.reshape(batch, shared, positions, _width), Shared(k), Shared(v), null, 0, true)
            .MoveToOuterDisposeScope();
    }

    // [B, T, key heads * width] -> [B, key heads, T, width]
    Tensor ByHeads(Tensor x) => x.view(x.shape[0], x.shape[1], _keyHeads, _width).transpose(1, 2);

    Tensor ByRows(Tensor mixed, Tensor like) // [B * key heads, shared, T, width] -> [B, T, heads * width]
    {
        var (batch, positions) = (like.shape[0], like.shape[1]);
        return mixed.view(batch, _keyHeads, _heads / _keyHeads, positions, _width).permute(0, 3, 1, 2, 4).reshape(batch, positions,
            _heads * _width);
    }
}
