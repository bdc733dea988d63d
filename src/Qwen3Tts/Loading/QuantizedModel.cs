// Models whose linear layers are stored as whole numbers: which tensors are converted, and how such a model is written. The format is in
// docs/quantization.md.
using System.Runtime.InteropServices;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Loading;

static class QuantizedModel
{
    /// <summary>The metadata of a file of quantised weights.</summary>
    public const string Scheme = "quantization", Group64 = "qwen3tts symmetric, groups of 64 columns, BF16 scales";

    /// <summary>
    /// The type to which a tensor is converted, by its name; null if it stays as it is. Only the layers of the talker get four bits. The
    /// code predictor and the heads keep eight, because their errors change codes directly.
    /// </summary>
    public static WeightType? TypeOf(string name, WeightType type) =>
        !IsLinear(name) ? null : type == WeightType.Int4 && !TensorNames.IsIn(name, TensorNames.TalkerLayers) ? WeightType.Int8 : type;

    /// <summary>Whether a tensor of the talker or the code predictor is the weight of a linear layer, and no embedding or norm.</summary>
    static bool IsLinear(string name) => TensorNames.IsIn(name, TensorNames.Talker) && name.EndsWith(".weight", StringComparison.Ordinal)
        && !name.Contains("embedding", StringComparison.Ordinal) && !name.Contains("norm", StringComparison.Ordinal);

    /// <summary>Writes a copy of a model folder with quantised linear layers.</summary>
    /// <param name="model">The model.</param>
    /// <param name="output">Full path of the folder to make.</param>
    /// <param name="type">Int8 or Int4.</param>
    /// <param name="progress">Told the share that is done.</param>
    /// <param name="stop">Looked at before each tensor.</param>
    /// <exception cref="InvalidDataException">The model is quantised already, or its tensors do not fit its configuration.</exception>
    /// <exception cref="IOException">The folder holds files that this program did not write, or cannot be written.</exception>
    public static void Write(ModelFolder model, string output, WeightType type, Action<double> progress, CancellationToken stop)
    {
        ModelNetworks.CheckTalker(model);
        using var weights = model.OpenWeights();
        if (weights.Entries.FirstOrDefault(e => e.Type is ElementType.I8 or ElementType.U8) is { } one)
            throw new InvalidDataException($"{model.Path}: '{one.Name}' is quantised already, and quantising again would only lose more. "
                + "Take the model that this one was quantised from.");
        var all = weights.Entries.Sum(e => (double)e.Bytes);
        var done = 0.0;
        OutputFolder.Write(output, aside =>
        {
            var tensors = weights.Entries.OrderBy(e => e.Offset).SelectMany(e => Tensors(weights, e, type)).Select(t => t with
            {
                Write = stream =>
                {
                    stop.ThrowIfCancellationRequested();
                    t.Write(stream);
                    done += t.Bytes;
                    progress(Math.Min(1, done / all));
                },
            }).ToList();
            SafetensorsWriter.Write(Path.Combine(aside, "model.safetensors"), tensors,
                new Dictionary<string, string> { [Scheme] = Group64 }, OutputRecord.At(aside));
            SideFiles.Copy(model, aside);
            ModelNetworks.CheckTalker(ModelFolder.Open(aside)); // what cannot be read back gets no name
        });
    }

    static IEnumerable<TensorToWrite> Tensors(Weights weights, TensorEntry entry, WeightType type)
    {
        if (TypeOf(entry.Name, type) is not { } to || entry.Shape.Length != 2 || !Quantization.Fits(entry.Shape[1]))
            return [TensorToWrite.Copy(weights.FileOf(entry.Name), entry)];
        var (rows, columns) = (entry.Shape[0], entry.Shape[1]);
        var made = new Lazy<QuantizedWeights>(() =>
            Quantization.Quantize(weights.FileOf(entry.Name).Float32(entry.Name), rows, to, Workers.Shared));
        return Stored(entry.Name, to, rows, columns, () => made.Value, () => made = null!); // the next one needs the memory
    }

    /// <summary>The two tensors of a file that hold a converted matrix.</summary>
    /// <param name="name">Name of the matrix.</param>
    /// <param name="type">Int8 or Int4.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="weights">Its numbers, asked for when they are written.</param>
    /// <param name="afterwards">Called when all are written.</param>
    public static IEnumerable<TensorToWrite> Stored(
        string name, WeightType type, int rows, int columns, Func<QuantizedWeights> weights, Action? afterwards = null) =>
    [
        new(name, type == WeightType.Int8 ? ElementType.I8 : ElementType.U8, [rows, Quantization.RowBytes(type, columns)],
            stream => stream.Write(weights().Groups)),
        new(name + TensorNames.ScaleSuffix, ElementType.BF16, [rows, columns / Quantization.Group], stream =>
        {
            stream.Write(MemoryMarshal.AsBytes(weights().Scales.AsSpan()));
            afterwards?.Invoke();
        }),
    ];
}
