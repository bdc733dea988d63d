// Row operations that consist of libtorch's operations: for a GPU, for float64, and as the reference for CpuRowOps. The norm computes in
// float32 and multiplies the weight after casting back, in any compute type, as the official code does.
using Qwen3Tts.Training.Memory;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Qwen3Tts.Training.Model;

sealed class TorchRowOps : IRowOps
{
    public static TorchRowOps Instance { get; } = new();

    public Tensor Normalize(Tensor x, RmsNorm norm) // [.., width]
    {
        using var scope = NewDisposeScope();
        var wide = x.to(ScalarType.Float32);
        var scale = rsqrt((wide * wide).mean([-1], keepdim: true).add(norm.Epsilon, Scalars.One)); // [.., 1]
        return (norm.Weight * (wide * scale).to(x.dtype)).MoveToOuterDisposeScope();
    }

    public void NormalizeBackward(Tensor x, RmsNorm norm, Tensor gradient, Tensor sum)
    {
        using var scope = NewDisposeScope();
        var (y, xGradient) = Gradients.RunBackward(input => Normalize(input, norm), x, gradient);
        sum.add_(xGradient, Scalars.One);
        gradient.copy_(y);
    }

    public Tensor NormalizeAndRotate(Tensor x, RmsNorm norm, Rotary rotary, int heads)
    {
        using var scope = NewDisposeScope();
        var byHeads = x.view(x.shape[0], x.shape[1], heads, -1); // [B, T, heads, width]
        return rotary.Rotate(Normalize(byHeads, norm).transpose(1, 2)).MoveToOuterDisposeScope();
    }

    public Tensor NormalizeAndRotateBackward(Tensor x, RmsNorm norm, Rotary rotary, int heads, Tensor gradient) =>
        Gradients.RunBackward(input => NormalizeAndRotate(input, norm, rotary, heads), x, gradient).XGradient;

    public Tensor Gate(Tensor gate, Tensor up)
    {
        using var scope = NewDisposeScope();
        return (functional.silu(gate) * up).MoveToOuterDisposeScope();
    }

    public void GateBackward(Tensor gate, Tensor up, Tensor product)
    {
        using var scope = NewDisposeScope();
        var (silu, gateGradient) = Gradients.RunBackward(g => functional.silu(g), gate, product * up);
        var value = silu * up;
        up.copy_(product * silu);
        gate.copy_(gateGradient);
        product.copy_(value);
    }
}
