// Attention, plainly as a module, and with its own way there and back: only the mixing of values goes through libtorch's graph.
using Qwen3Tts.Checkpoint;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Qwen3Tts.Training.Modules;

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

    /// <summary>Causal, and no other mask: rows are padded on the right, where no row before them looks.</summary>
    public override Tensor forward(Tensor x, Rotary rotary) // [B, T, hidden]
    {
        using var scope = NewDisposeScope();
        var q = q_norm.PlainlyTurned(q_proj.call(x), rotary, _heads); // [B, heads, T, width]
        var k = k_norm.PlainlyTurned(k_proj.call(x), rotary, _keyHeads);
        var v = ByHeads(v_proj.call(x));
        var shared = _heads / _keyHeads; // neighbouring query heads share a key head
        if (shared > 1)
            (k, v) = (k.repeat_interleave(shared, 1), v.repeat_interleave(shared, 1));
        var mixed = functional.scaled_dot_product_attention(q, k, v, null, 0, true); // [B, heads, T, width]
        return o_proj.call(mixed.transpose(1, 2).flatten(2)).MoveToOuterDisposeScope();
    }

    /// <summary>What the way back needs.</summary>
    /// <param name="Q">Queries [B, T, heads * width], before their norm.</param>
    /// <param name="K">Keys, as well.</param>
    /// <param name="TurnedQ">[B, heads, T, width].</param>
    /// <param name="TurnedK">[B, key heads, T, width].</param>
    /// <param name="V">[B, key heads, T, width].</param>
    /// <param name="Mixed">[B * key heads, shared, T, width], with the graph of it.</param>
    public sealed record Kept(Tensor Q, Tensor K, Tensor TurnedQ, Tensor TurnedK, Tensor V, Tensor Mixed) : IKept
    {
        public IEnumerable<Tensor> All => [Q, K, TurnedQ, TurnedK, V, Mixed];
    }

    public (Tensor Y, Kept Kept) Pass(Tensor x, Rotary rotary, bool keep) // [B, T, hidden]
    {
        using var scope = NewDisposeScope();
        var (q, k) = (q_proj.call(x), k_proj.call(x));
        Tensor turnedQ = q_norm.Turned(q, rotary, _heads), turnedK = k_norm.Turned(k, rotary, _keyHeads), v = ByHeads(v_proj.call(x)).contiguous();
        Tensor mixed;
        using (set_grad_enabled(keep))
            mixed = Mix(turnedQ.requires_grad_(keep), turnedK.requires_grad_(keep), v.requires_grad_(keep));
        var y = o_proj.call(ByRows(mixed.detach(), x));
        return (y.MoveToOuterDisposeScope(), new Kept(q, k, turnedQ, turnedK, v, mixed).Moved());
    }

    /// <summary>The gradients of the projected queries, keys and values, row by row, from that of the result; o_proj has got its own.</summary>
    public (Tensor Q, Tensor K, Tensor V) Back(Kept kept, Rotary rotary, Tensor gradient) // [B, T, hidden]
    {
        using var scope = NewDisposeScope();
        var (rows, shared) = (gradient.flatten(0, 1), _heads / _keyHeads);
        o_proj.BackToWeights(ByRows(kept.Mixed.detach(), gradient).flatten(0, 1), rows);
        var mixed = o_proj.Back(rows).view(gradient.shape[0], gradient.shape[1], _keyHeads, shared, _width).permute(0, 2, 3, 1, 4).reshape(kept.Mixed.shape);
        kept.Mixed.backward([mixed]);
        var q = q_norm.TurnedBack(kept.Q, rotary, _heads, kept.TurnedQ.grad!).flatten(0, 1);
        var k = k_norm.TurnedBack(kept.K, rotary, _keyHeads, kept.TurnedK.grad!).flatten(0, 1);
        var v = kept.V.grad!.transpose(1, 2).reshape(rows.shape[0], -1);
        return (q.MoveToOuterDisposeScope(), k.MoveToOuterDisposeScope(), v.MoveToOuterDisposeScope());
    }

    /// <summary>The gradient of the input.</summary>
    public Tensor BackToInput((Tensor Q, Tensor K, Tensor V) gradients) => v_proj.Back(gradients.V, k_proj.Back(gradients.K, q_proj.Back(gradients.Q)));

    public void BackToWeights(Tensor x, (Tensor Q, Tensor K, Tensor V) gradients)
    {
        q_proj.BackToWeights(x, gradients.Q);
        k_proj.BackToWeights(x, gradients.K);
        v_proj.BackToWeights(x, gradients.V);
    }

    /// <summary>Query heads that share a key head are the heads of a batch of their own, so that no key is copied.</summary>
    Tensor Mix(Tensor q, Tensor k, Tensor v) // [B, heads or key heads, T, width] -> [B * key heads, shared, T, width]
    {
        using var scope = NewDisposeScope();
        var (batch, positions, shared) = (q.shape[0] * _keyHeads, q.shape[2], _heads / _keyHeads);
        Tensor Shared(Tensor x) => x.reshape(batch, 1, positions, _width).expand(batch, shared, positions, _width);
        return functional.scaled_dot_product_attention(q.reshape(batch, shared, positions, _width), Shared(k), Shared(v), null, 0, true).MoveToOuterDisposeScope();
    }

    Tensor ByHeads(Tensor x) => x.view(x.shape[0], x.shape[1], _keyHeads, _width).transpose(1, 2); // [B, T, key heads * width] -> [B, key heads, T, width]

    Tensor ByRows(Tensor mixed, Tensor like) // [B * key heads, shared, T, width] -> [B, T, heads * width]
    {
        var (batch, positions) = (like.shape[0], like.shape[1]);
        return mixed.view(batch, _keyHeads, _heads / _keyHeads, positions, _width).permute(0, 3, 1, 2, 4).reshape(batch, positions, _heads * _width);
    }
}
