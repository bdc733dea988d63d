namespace Qwen3Tts.Kernels;

/// <summary>The whole numbers and scales of a matrix, as <see cref="QuantizedMatrix{TFormat}"/> takes them and files store them.</summary>
sealed record QuantizedWeights(byte[] Groups, ushort[] Scales);

/// <summary>From weights to whole numbers with scales.</summary>
static unsafe class Quantization
{
    /// <summary>Columns that share a scale.</summary>
    public const int Group = 64;

    /// <summary>True if rows of this length can be quantised, because they consist of whole groups.</summary>
    public static bool Fits(int columns) => columns % Group == 0;

    /// <summary>Bytes of a row of so many columns, without its scales.</summary>
    public static int RowBytes(WeightType type, int columns) => columns / Group * Bytes(type);

    /// <summary>Makes a matrix from stored whole numbers and scales.</summary>
    public static Matrix Matrix(WeightType type, int rows, int columns, ReadOnlyMemory<byte> groups, ReadOnlyMemory<ushort> scales) =>
        type switch
        {
            WeightType.Int8 => new QuantizedMatrix<Int8Format>(rows, columns, groups, scales),
            WeightType.Int4 => new QuantizedMatrix<Int4Format>(rows, columns, groups, scales),
            _ => throw NotQuantized(type),
        };

    /// <summary>Room for a quantised matrix.</summary>
    public static QuantizedWeights Allocate(WeightType type, int rows, int columns) => new(
        GC.AllocateUninitializedArray<byte>(checked(rows * RowBytes(type, columns))),
        GC.AllocateUninitializedArray<ushort>(checked(rows * (columns / Group))));

    /// <summary>Quantises weights [rows, columns].</summary>
    public static QuantizedWeights Quantize(ReadOnlySpan<float> weights, int rows, WeightType type, Workers? workers = null)
    {
        var quantized = Allocate(type, rows, weights.Length / rows);
        Quantize(weights, rows, type, quantized, workers);
        return quantized;
    }

    /// <summary>Quantises weights [rows, columns], row by row. out: to · overwrites: to.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="type">Int8 or Int4.</param>
    /// <param name="to">From <see cref="Allocate"/>.</param>
    /// <param name="workers">Who computes; null: the caller alone.</param>
    public static void Quantize(ReadOnlySpan<float> weights, int rows, WeightType type, QuantizedWeights to, Workers? workers = null)
    {
        if (type == WeightType.Int8)
            Quantize<Int8Format>(weights, rows, to, workers);
        else
            Quantize<Int4Format>(weights, rows, type == WeightType.Int4 ? to : throw NotQuantized(type), workers);
    }

    static void Quantize<TFormat>(ReadOnlySpan<float> weights, int rows, QuantizedWeights to, Workers? workers)
        where TFormat : struct, IGroupFormat
    {
        var groups = weights.Length / rows / Group;
        fixed (float* from = weights)
        fixed (byte* bytes = to.Groups)
        fixed (ushort* scales = to.Scales)
        {
            var job = new Job<TFormat> { Weights = from, Groups = bytes, Scales = scales, GroupsPerRow = groups };
            Simd.Run(ref job, rows, workers);
        }
    }

    static int Bytes(WeightType type) => type switch
    {
        WeightType.Int8 => Int8Format.Bytes,
        WeightType.Int4 => Int4Format.Bytes,
        _ => throw NotQuantized(type),
    };

    static ArgumentException NotQuantized(WeightType type) => new($"{type} does not store whole numbers.");

    struct Job<TFormat> : IKernel where TFormat : struct, IGroupFormat
    {
        public float* Weights;
        public byte* Groups;
        public ushort* Scales;
        public int GroupsPerRow;

        // One row.
        public readonly void Part<T>(int part) where T : struct, ILanes<T>
        {
            for (var g = 0; g < GroupsPerRow; g++)
            {
                var at = (nint)part * GroupsPerRow + g;
                Scales[at] = TFormat.Pack<T>(Weights + at * Group, Groups + at * TFormat.Bytes);
            }
        }
    }
}
