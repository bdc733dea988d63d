// Matrices of a checkpoint. Their memory is laid out when the network is made, and the numbers are read into it afterwards, on all
// processors.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Layers;

static class WeightsMatrix
{
    /// <summary>A matrix of the checkpoint in its stored type: the weight of a linear layer, or an embedding table.</summary>
    public static Matrix Matrix(this Weights weights, string name, int rows, int columns, params ReadOnlySpan<int> further)
    {
        var data = weights.TakeLater(name, [rows, columns, .. further]);
        return data.IsNone ? Kernels.Matrix.WithoutValues(rows, columns)
            : data.BFloat16 is { } bits ? Kernels.Matrix.Create(rows, columns, bits) : Kernels.Matrix.Create(rows, columns, data.Widen());
    }

    /// <summary>An embedding table of which few rows are ever read: they stay in the file.</summary>
    public static Matrix RowsInFile(this Weights weights, string name, int rows, int columns) =>
        weights.OpenRows(name, rows, columns) ?? weights.Matrix(name, rows, columns);

    /// <summary>The weight of a linear layer: as it is stored, or in the type to which the weights are to be converted.</summary>
    public static Matrix LinearWeight(this Weights weights, string name, int rows, int columns)
    {
        if (weights.TakeQuantized(name, rows, columns) is { } q)
            return q.IsNone ? Kernels.Matrix.WithoutValues(rows, columns)
                : Quantization.Matrix(q.Type, rows, columns, q.Groups, q.Scales);
        return weights.Converts?.Invoke(name) is { } type && (type == WeightType.BFloat16 || Quantization.Fits(columns))
            ? weights.Convert(name, type, rows, columns) : weights.Matrix(name, rows, columns);
    }
}
