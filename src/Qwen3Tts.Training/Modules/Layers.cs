// The blocks of a Qwen3 decoder in TorchSharp, shared by talker and code predictor. Fields carry the checkpoint's names, so the parameters
// come out named as in the file. Weights start uninitialised: they are always loaded. Norms compute in float32 and multiply the weight
// after casting back, rotary angles are float32: as the official code does, in any compute type.
// A number that meets a tensor is a Scalar, held by a field or a using: TorchSharp lets one that is only an argument be freed by its
// finalizer while libtorch still reads it, which showed as a rare error under garbage collection.
using Qwen3Tts.Checkpoint;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Qwen3Tts.Training.Modules;

/// <summary>a + b. TorchSharp's operator makes its factor of one anew, and may free it while it is read.</summary>
static class Sums
{
    public static readonly Scalar One = 1;

    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, One);
}

/// <summary>Element type and device of the weights.</summary>
sealed record Placement(ScalarType Type, Device Device)
{
    public static Placement Float32OnCpu { get; } = new(ScalarType.Float32, CPU);

    public Parameter Weights(params long[] shape) => new(empty(shape, dtype: Type, device: Device));
}

sealed class Linear : Module<Tensor, Tensor>
{
    readonly Parameter weight; // [out, in]
    readonly Parameter? bias; // [out]
    readonly Placement _on;
    Linear? lora_A; // [rank, in]
    Linear? lora_B; // [out, rank]
    Scalar? _scale;

    public Linear(int inputs, int outputs, bool bias, Placement on) : base(nameof(Linear))
    {
        _on = on;
        weight = on.Weights(outputs, inputs);
        if (bias)
            this.bias = on.Weights(outputs);
        RegisterComponents();
    }

    /// <summary>Adds a LoRA pair, PEFT's way: A uniform within 1 / √in, B zero, so that nothing changes at first.</summary>
    public void Adapt(int rank, double scale, Generator random)
    {
        var (outputs, inputs) = ((int)weight.shape[0], (int)weight.shape[1]);
        _scale = scale;
        register_module(nameof(lora_A), lora_A = new(inputs, rank, false, _on));
        register_module(nameof(lora_B), lora_B = new(rank, outputs, false, _on));
        using var scope = NewDisposeScope();
        using var still = no_grad();
        using Scalar width = 2 / Math.Sqrt(inputs), lowest = -1 / Math.Sqrt(inputs);
        lora_A.weight.copy_(rand([rank, inputs], generator: random).mul_(width).add(lowest, Sums.One));
        lora_B.weight.zero_();
    }

    public override Tensor forward(Tensor x) // [.., in] -> [.., out]
    {
        if (lora_A is null || lora_B is null || _scale is null)
            return functional.linear(x, weight, bias);
        using var scope = NewDisposeScope();
        return functional.linear(x, weight, bias).Plus(lora_B.call(lora_A.call(x).mul(_scale))).MoveToOuterDisposeScope();
    }
}

sealed class Embedding : Module<Tensor, Tensor>
{
    readonly Parameter weight; // [rows, width]

    public Embedding(int rows, int width, Placement on) : base(nameof(Embedding))
    {
        weight = on.Weights(rows, width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor ids) => weight.index_select(0, ids); // [n] -> [n, width]

    /// <summary>Makes a row the mean of others [n].</summary>
    public void Mix(long row, Tensor others)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        weight[row].copy_(weight.index_select(0, others).to(ScalarType.Float32).mean([0]));
    }

    /// <summary>Forgets the gradient of some rows [n], which then stay as they are.</summary>
    public void DropGradient(Tensor rows)
    {
        using var still = no_grad();
        using Scalar zero = 0;
        weight.grad?.index_fill_(0, rows, zero);
    }
}

sealed class RmsNorm : Module<Tensor, Tensor>
{
    readonly Parameter weight; // [width]
    readonly Scalar _epsilon;

    public RmsNorm(int width, double epsilon, Placement on) : base(nameof(RmsNorm))
    {
        weight = on.Weights(width);
        _epsilon = epsilon;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) // [.., width]
    {
        using var scope = NewDisposeScope();
        var wide = x.to(ScalarType.Float32);
        var scale = rsqrt((wide * wide).mean([-1], keepdim: true).add(_epsilon, Sums.One)); // [.., 1]
        return (weight * (wide * scale).to(x.dtype)).MoveToOuterDisposeScope();
    }
}

/// <summary>Cosine and sine of every position's angles, each frequency twice: for the lower and the upper half of a head.</summary>
readonly record struct Rotary(Tensor Cos, Tensor Sin) // [T, head_dim]
{
    public static Rotary Of(long positions, DecoderConfig config, ScalarType type, Device device)
    {
        using var scope = NewDisposeScope();
        var exponents = tensor([.. Enumerable.Range(0, config.HeadDim / 2).Select(i => 2f * i / config.HeadDim)], device: device);
        var frequencies = pow(tensor((float)config.RopeTheta, device: device), exponents).reciprocal(); // [head_dim / 2]
        var angles = outer(tensor([.. Enumerable.Range(0, (int)positions).Select(p => (float)p)], device: device), frequencies);
        var both = cat([angles, angles], -1);
        return new(both.cos().to(type).MoveToOuterDisposeScope(), both.sin().to(type).MoveToOuterDisposeScope());
    }

    /// <summary>Rotates the two halves of each head against each other.</summary>
    public Tensor Turn(Tensor x) // [.., T, head_dim]
    {
        var halves = x.chunk(2, -1);
        return (x * Cos).Plus(cat([-halves[1], halves[0]], -1) * Sin);
    }
}

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
        var q = rotary.Turn(q_norm.call(Heads(q_proj.call(x), _heads)).transpose(1, 2)); // [B, heads, T, head_dim]
        var k = rotary.Turn(k_norm.call(Heads(k_proj.call(x), _keyHeads)).transpose(1, 2));
        var v = Heads(v_proj.call(x), _keyHeads).transpose(1, 2);
        var shared = _heads / _keyHeads; // neighbouring query heads share a key head
        if (shared > 1)
            (k, v) = (k.repeat_interleave(shared, 1), v.repeat_interleave(shared, 1));
        var mixed = functional.scaled_dot_product_attention(q, k, v, null, 0, true); // [B, heads, T, head_dim]
        return o_proj.call(mixed.transpose(1, 2).flatten(2)).MoveToOuterDisposeScope();
    }

    Tensor Heads(Tensor x, int heads) => x.view(x.shape[0], x.shape[1], heads, _width); // [B, T, heads, head_dim]
}

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
}
