// The linear layer and the embedding table, loaded from a checkpoint by name. Weights are passed to the kernel in the type in which they
// are stored: reading fewer bytes is what makes a step at batch 1 fast.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Layers;

/// <summary>y = x · weightᵀ + bias.</summary>
sealed class Linear
{
    readonly Matrix weight; // [output, input]
    readonly float[]? bias; // [output]

    Linear(string name, Matrix weight, float[]? bias) => (Name, this.weight, this.bias) = (name, weight, bias);

    /// <summary>Its name in the checkpoint.</summary>
    public string Name { get; }

    public WeightType Type => weight.Type;
    public int Output => weight.Rows;
    public int Input => weight.Columns;

    public static Linear Load(Weights weights, string name, int output, int input, bool bias = false) =>
        new(name, weights.LinearWeight($"{name}.weight", output, input), bias ? weights.Float32($"{name}.bias", output) : null);

    /// <summary>As <see cref="Load"/>, for a weight that is stored as a convolution of one tap: [output, input, 1].</summary>
    public static Linear LoadPointwise(Weights weights, string name, int output, int input, bool bias = false) =>
        new(name, weights.Matrix($"{name}.weight", output, input, 1), bias ? weights.Float32($"{name}.bias", output) : null);

    /// <summary>
    /// in: x [count, input] · out: y [count, output], added to the content of y if <paramref name="add"/> is set · overwrites: y.
    /// </summary>
    public void Apply(ReadOnlySpan<float> x, Span<float> y, int count, Workers workers, bool add = false) =>
        MatrixProduct.Multiply(weight, x, y, count, workers, bias, add);
}
