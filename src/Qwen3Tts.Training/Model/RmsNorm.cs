// RMSNorm: x / sqrt(mean(x²) + epsilon) * weight.
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Qwen3Tts.Training.Model;

sealed class RmsNorm : Module<Tensor, Tensor>
{
    readonly Parameter weight; // [width]
    readonly IRowOps _ops;

    public RmsNorm(int width, double epsilon, Placement on) : base(nameof(RmsNorm))
    {
        weight = on.NewWeights(width);
        _ops = on.RowOps;
        (Epsilon, EpsilonValue) = (epsilon, (float)epsilon);
        RegisterComponents();
    }

    public Parameter Weight => weight;

    /// <summary>Epsilon, which is added to the mean square.</summary>
    public Scalar Epsilon { get; }

    /// <summary>Epsilon as a plain number.</summary>
    public float EpsilonValue { get; }

    /// <summary>With an autograd graph.</summary>
    public override Tensor forward(Tensor x) => TorchRowOps.Instance.Normalize(x, this); // [.., width]

    /// <summary>Without an autograd graph.</summary>
    public Tensor Normalize(Tensor x) => _ops.Normalize(x, this);

    /// <inheritdoc cref="IRowOps.NormalizeBackward"/>
    public void NormalizeBackward(Tensor x, Tensor gradient, Tensor sum) => _ops.NormalizeBackward(x, this, gradient, sum);

    /// <summary>Norm and rotary embedding of each head, without an autograd graph.</summary>
    public Tensor NormalizeAndRotate(Tensor x, Rotary rotary, int heads) => _ops.NormalizeAndRotate(x, this, rotary, heads);

    /// <inheritdoc cref="IRowOps.NormalizeAndRotateBackward"/>
    public Tensor NormalizeAndRotateBackward(Tensor x, Rotary rotary, int heads, Tensor gradient) =>
        _ops.NormalizeAndRotateBackward(x, this, rotary, heads, gradient);

    /// <summary>Adds to the gradient of the weight [width], if the weight is trained.</summary>
    public void AddWeightGradient(float[] gradient)
    {
        using var scope = NewDisposeScope();
        if (weight.requires_grad)
            weight.AddGradient(tensor(gradient).to(weight.dtype));
    }
}
