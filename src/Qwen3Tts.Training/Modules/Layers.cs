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

static class Gradients
{
    /// <summary>A function and its way back, through a graph of its own.</summary>
    public static (Tensor Y, Tensor X) Through(Func<Tensor, Tensor> function, Tensor x, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        using var graph = enable_grad();
        var leaf = x.detach().requires_grad_();
        var y = function(leaf);
        y.backward([gradient]);
        return (y.detach().MoveToOuterDisposeScope(), leaf.grad!.MoveToOuterDisposeScope());
    }

    /// <summary>Adds to a gradient, as autograd does; takes the tensor where there is none yet.</summary>
    public static void Accumulate(this Parameter parameter, Tensor gradient)
    {
        if (parameter.grad is { } before)
            before.add_(gradient, Sums.One);
        else
            parameter.grad = gradient;
    }
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

    /// <summary>The gradient of the input, added to another where one is given. Without a graph, as the next.</summary>
    public Tensor Back(Tensor gradient, Tensor? sum = null) // [n, out] -> [n, in]
    {
        using var scope = NewDisposeScope();
        sum = sum is null ? gradient.mm(weight) : sum.addmm_(gradient, weight, 1, 1);
        if (lora_A is not null && lora_B is not null && _scale is not null)
            sum.addmm_(gradient.mm(lora_B.weight).mul_(_scale), lora_A.weight, 1, 1);
        return sum.MoveToOuterDisposeScope();
    }

    /// <summary>Adds the gradients of what is trained.</summary>
    public void BackToWeights(Tensor x, Tensor gradient) // [n, in], [n, out]
    {
        using var scope = NewDisposeScope();
        if (weight.requires_grad)
            weight.Accumulate(gradient.t().mm(x));
        if (bias is { requires_grad: true })
            bias.Accumulate(gradient.sum(0));
        if (lora_A is null || lora_B is null || _scale is null)
            return;
        lora_B.BackToWeights(lora_A.call(x).mul_(_scale), gradient);
        lora_A.BackToWeights(x, gradient.mm(lora_B.weight).mul_(_scale));
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
    readonly float _small; // the same

    public RmsNorm(int width, double epsilon, Placement on) : base(nameof(RmsNorm))
    {
        weight = on.Weights(width);
        _epsilon = epsilon;
        _small = (float)epsilon;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) // [.., width]
    {
        using var scope = NewDisposeScope();
        var wide = x.to(ScalarType.Float32);
        var scale = rsqrt((wide * wide).mean([-1], keepdim: true).add(_epsilon, Sums.One)); // [.., 1]
        return (weight * (wide * scale).to(x.dtype)).MoveToOuterDisposeScope();
    }

    /// <summary>The same without a graph.</summary>
    public Tensor Pass(Tensor x) => TensorMemory.Holds(x) ? RowKernels.Norm(x, weight, _small) : call(x);

    /// <summary>The way back, in place: the gradient of x is added to one that is there, that of the result becomes the result.</summary>
    public void Back(Tensor x, Tensor gradient, Tensor sum)
    {
        using var scope = NewDisposeScope();
        if (TensorMemory.Holds(x))
            AddGradient(RowKernels.NormBack(x, weight, _small, gradient, sum));
        else
        {
            var (y, back) = Gradients.Through(call, x, gradient);
            sum.add_(back, Sums.One);
            gradient.copy_(y);
        }
    }

    /// <summary>The norm of each head, turned, without a graph.</summary>
    public Tensor Turned(Tensor x, Rotary rotary, int heads) => // [B, T, heads * width] -> [B, heads, T, width]
        TensorMemory.Holds(x) ? RowKernels.Turned(x, weight, _small, rotary, heads) : PlainlyTurned(x, rotary, heads);

    /// <summary>The gradient of what was turned.</summary>
    public Tensor TurnedBack(Tensor x, Rotary rotary, int heads, Tensor gradient) // [B, heads, T, width] -> [B, T, heads * width]
    {
        if (!TensorMemory.Holds(x))
            return Gradients.Through(x => PlainlyTurned(x, rotary, heads), x, gradient).X;
        var (back, gain) = RowKernels.TurnedBack(x, weight, _small, rotary, heads, gradient.contiguous());
        AddGradient(gain);
        return back;
    }

    public Tensor PlainlyTurned(Tensor x, Rotary rotary, int heads)
    {
        using var scope = NewDisposeScope();
        return rotary.Turn(call(x.view(x.shape[0], x.shape[1], heads, -1)).transpose(1, 2)).MoveToOuterDisposeScope();
    }

    void AddGradient(float[] gradient)
    {
        if (weight.requires_grad)
            weight.Accumulate(tensor(gradient).to(weight.dtype));
    }
}

/// <summary>Cosine and sine of every position's angles, each frequency twice: for the lower and the upper half of a head. On the CPU as float32 arrays [T, head_dim / 2] as well.</summary>
readonly record struct Rotary(Tensor Cos, Tensor Sin, float[] Cosines, float[] Sines, float[] SinesBack) // [T, head_dim]
{
    public static Rotary Of(long positions, DecoderConfig config, ScalarType type, Device device)
    {
        using var scope = NewDisposeScope();
        var exponents = tensor([.. Enumerable.Range(0, config.HeadDim / 2).Select(i => 2f * i / config.HeadDim)], device: device);
        var frequencies = pow(tensor((float)config.RopeTheta, device: device), exponents).reciprocal(); // [head_dim / 2]
        var angles = outer(tensor([.. Enumerable.Range(0, (int)positions).Select(p => (float)p)], device: device), frequencies);
        var both = cat([angles, angles], -1);
        float[] Array(Tensor half) => TensorMemory.Holds(half) ? half.Values() : [];
        return new(both.cos().to(type).MoveToOuterDisposeScope(), both.sin().to(type).MoveToOuterDisposeScope(), Array(angles.cos()), Array(angles.sin()), Array(-angles.sin()));
    }

    /// <summary>Rotates the two halves of each head against each other.</summary>
    public Tensor Turn(Tensor x) // [.., T, head_dim]
    {
        var halves = x.chunk(2, -1);
        return (x * Cos).Plus(cat([-halves[1], halves[0]], -1) * Sin);
    }
}
