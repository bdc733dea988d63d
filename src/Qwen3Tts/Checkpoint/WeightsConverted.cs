// Layers that are converted to a smaller type while they are loaded, and those that were converted before and are read from a file.
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Checkpoint;

/// <summary>A linear layer that was converted to whole numbers.</summary>
sealed record ConvertedTensor(string Name, WeightType Type, int Rows, int Columns, QuantizedWeights Weights);

partial class Weights
{
    /// <summary>The folder of these weights, as a full path.</summary>
    public string Place => Path.GetFullPath(_place);

    /// <summary>The files of these weights, in order.</summary>
    public IEnumerable<string> Paths => _files.Select(f => f.Path);

    /// <summary>The type to which the weight of a layer is converted, by its name; null to keep the stored type.</summary>
    public Func<string, WeightType?>? Converts { get; set; }

    /// <summary>Whether the weight of a convolution is kept as BF16: it is stored or converted so.</summary>
    public bool IsBFloat16(string name) => Converts?.Invoke(name) == WeightType.BFloat16 || _tensors[name].Entry.Type == ElementType.BF16;

    /// <summary>The layers that were converted on an earlier load; null if there are none.</summary>
    public SafetensorsFile? ConvertedBefore { get; set; }

    /// <summary>The layers that were converted now. Their numbers are complete when <see cref="Load"/> has returned.</summary>
    public List<ConvertedTensor> ConvertedNow { get; } = [];

    /// <summary>A linear layer in another type. Whole numbers are those of an earlier load, or its own, converted.</summary>
    public Matrix Convert(string name, WeightType type, int rows, int columns)
    {
        if (!Has(name, rows, columns))
            return Matrix.WithoutValues(rows, columns);
        if (type == WeightType.BFloat16)
        {
            var bits = GC.AllocateUninitializedArray<ushort>(checked(rows * columns));
            ReadLater(name, numbers => BFloat16.Round(numbers, bits));
            return Matrix.Create(rows, columns, bits);
        }
        if (ConvertedBefore is { } file)
            return Quantization.Matrix(type, rows, columns, file.Numbers<byte>(name, DoLater),
                file.Numbers<ushort>(name + TensorNames.ScaleSuffix, DoLater));
        var quantized = Quantization.Allocate(type, rows, columns);
        ReadLater(name, numbers => Quantization.Quantize(numbers, rows, type, quantized));
        ConvertedNow.Add(new(name, type, rows, columns, quantized));
        return Quantization.Matrix(type, rows, columns, quantized.Groups, quantized.Scales);
    }
}
