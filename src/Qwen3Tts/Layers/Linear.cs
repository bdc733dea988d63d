// The linear layer and the embedding table, by name out of a checkpoint. BF16 stays BF16 all the way into the kernel: reading half the
// bytes is what makes a step at batch 1 fast.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Layers;

/// <summary>y = x · weightᵀ + bias.</summary>
sealed class Linear
{
    readonly Matrix weight; // [output, input]
    readonly float[]? bias; // [output]

    Linear(Matrix weight, float[]? bias) => (this.weight, this.bias) = (weight, bias);

    public int Output => weight.Rows;
    public int Input => weight.Columns;

    public static Linear Load(Weights weights, string name, int output, int input, bool bias = false) =>
        new(weights.Matrix($"{name}.weight", output, input), bias ? weights.Float32($"{name}.bias", output) : null);

    /// <summary>The same, stored as a convolution of one tap: weight [output, input, 1].</summary>
    public static Linear LoadPointwise(Weights weights, string name, int output, int input, bool bias = false) =>
        new(weights.Matrix($"{name}.weight", output, input, 1), bias ? weights.Float32($"{name}.bias", output) : null);

    /// <summary>x [count, input] to y [count, output]; with <paramref name="add"/> onto what y holds.</summary>
    public void Apply(ReadOnlySpan<float> x, Span<float> y, int count, Workers workers, bool add = false) =>
        MatrixProduct.Multiply(weight, x, y, count, workers, bias, add);
}

static class WeightsMatrix
{
    /// <summary>A matrix of the checkpoint in the type it is stored in: the weight of a linear layer, or an embedding table.</summary>
    public static Matrix Matrix(this Weights weights, string name, int rows, int columns, params ReadOnlySpan<int> further)
    {
        var data = weights.Take(name, [rows, columns, .. further]);
        return data.IsNone ? Kernels.Matrix.WithoutValues(rows, columns) : data.BFloat16 is { } bits ? new(rows, columns, bits)
            : new(rows, columns, data.Float32!);
    }
}
