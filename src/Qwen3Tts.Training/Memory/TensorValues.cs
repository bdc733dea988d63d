using TorchSharp;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Memory;

/// <summary>Copies tensors to plain arrays and back, as float32 in row order.</summary>
static class TensorValues
{
    /// <summary>A copy of the elements.</summary>
    public static float[] ToFloat32Array(this Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }

    /// <summary>Overwrites all elements.</summary>
    /// <exception cref="InvalidDataException">The number of values is not the number of elements.</exception>
    public static void Fill(this Tensor tensor, float[] values)
    {
        if (values.Length != tensor.numel())
            throw new InvalidDataException(
                $"A saved tensor has {values.Length} elements where the model has {tensor.numel()}. Resume with the model that the run " +
                $"began with.");
        using var scope = NewDisposeScope();
        using var still = no_grad();
        tensor.copy_(torch.tensor(values).view(tensor.shape));
    }
}
