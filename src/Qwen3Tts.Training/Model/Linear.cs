// Matrices and tables in TorchSharp, shared by talker and code predictor. Fields carry the checkpoint's names, so parameters are named as
// in the file. Weights start uninitialised: they are always loaded.
using Qwen3Tts.Training.Memory;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Qwen3Tts.Training.Model;

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
        weight = on.NewWeights(outputs, inputs);
        if (bias)
            this.bias = on.NewWeights(outputs);
        RegisterComponents();
    }

    /// <summary>
    /// Adds a LoRA pair as PEFT does: A is uniform within ±1 / √in and B is zero, so that the pair has no effect at first.
    /// </summary>
    public void AddLoraPair(int rank, double scale, Generator random)
    {
        var (outputs, inputs) = ((int)weight.shape[0], (int)weight.shape[1]);
        _scale = scale;
        register_module(nameof(lora_A), lora_A = new(inputs, rank, false, _on));
        register_module(nameof(lora_B), lora_B = new(rank, outputs, false, _on));
        using var scope = NewDisposeScope();
        using var still = no_grad();
        using Scalar width = 2 / Math.Sqrt(inputs), lowest = -1 / Math.Sqrt(inputs);
        lora_A.weight.copy_(rand([rank, inputs], generator: random).mul_(width).add(lowest, Scalars.One));
        lora_B.weight.zero_();
    }

    public override Tensor forward(Tensor x) // [.., in] -> [.., out]
    {
        if (lora_A is null || lora_B is null || _scale is null)
            return functional.linear(x, weight, bias);
        using var scope = NewDisposeScope();
        return functional.linear(x, weight, bias).Plus(lora_B.call(lora_A.call(x).mul(_scale))).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The gradient of the input, without an autograd graph. in: gradient of the result · out: gradient of the input · overwrites: sum,
    /// to which the result is added if it is given.
    /// </summary>
    public Tensor InputGradient(Tensor gradient, Tensor? sum = null) // [n, out] -> [n, in]
    {
        using var scope = NewDisposeScope();
        sum = sum is null ? gradient.mm(weight) : sum.addmm_(gradient, weight, 1, 1);
        if (lora_A is not null && lora_B is not null && _scale is not null)
            sum.addmm_(gradient.mm(lora_B.weight).mul_(_scale), lora_A.weight, 1, 1);
        return sum.MoveToOuterDisposeScope();
    }

    /// <summary>Adds the gradients of weight, bias and LoRA pair, as far as they are trained.</summary>
    public void AddWeightGradients(Tensor x, Tensor gradient) // [n, in], [n, out]
    {
        using var scope = NewDisposeScope();
        if (weight.requires_grad)
            weight.AddGradient(gradient.t().mm(x));
        if (bias is { requires_grad: true })
            bias.AddGradient(gradient.sum(0));
        if (lora_A is null || lora_B is null || _scale is null)
            return;
        lora_B.AddWeightGradients(lora_A.call(x).mul_(_scale), gradient);
        lora_A.AddWeightGradients(x, gradient.mm(lora_B.weight).mul_(_scale));
    }
}

sealed class Embedding : Module<Tensor, Tensor>
{
    readonly Parameter weight; // [rows, width]

    public Embedding(int rows, int width, Placement on) : base(nameof(Embedding))
    {
        weight = on.NewWeights(rows, width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor ids) => weight.index_select(0, ids); // [n] -> [n, width]

    /// <summary>Sets a row to the mean of other rows [n].</summary>
    public void SetToMean(long row, Tensor others)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        weight[row].copy_(weight.index_select(0, others).to(ScalarType.Float32).mean([0]));
    }

    /// <summary>Sets the gradient of some rows [n] to zero, so that no update changes them.</summary>
    public void ClearGradient(Tensor rows)
    {
        using var still = no_grad();
        using Scalar zero = 0;
        weight.grad?.index_fill_(0, rows, zero);
    }
}
