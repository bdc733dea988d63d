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

    /// <summary>Quantises a matrix, row by row.</summary>
    public static QuantizedWeights Quantize(Matrix weights, WeightType type, Workers workers) => type switch
    {
        WeightType.Int8 => Quantize<Int8Format>(weights, workers),
        WeightType.Int4 => Quantize<Int4Format>(weights, workers),
        _ => throw NotQuantized(type),
    };

    static QuantizedWeights Quantize<TFormat>(Matrix weights, Workers workers) where TFormat : struct, IGroupFormat
    {
        var (rows, groups) = (weights.Rows, weights.Columns / Group);
        var bytes = GC.AllocateUninitializedArray<byte>(checked(rows * groups * TFormat.Bytes));
        var scales = new ushort[checked(rows * groups)];
        var handle = System.Runtime.InteropServices.GCHandle.Alloc(weights);
        fixed (byte* to = bytes)
        fixed (ushort* s = scales)
        {
            var job = new Job<TFormat>
            {
                Weights = System.Runtime.InteropServices.GCHandle.ToIntPtr(handle),
                Groups = to,
                Scales = s,
                GroupsPerRow = groups,
            };
            try
            {
                Simd.Run(ref job, rows, workers);
            }
            finally
            {
                handle.Free();
            }
        }
        return new(bytes, scales);
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
        [ThreadStatic] static float[]? _row;

        public nint Weights;
        public byte* Groups;
        public ushort* Scales;
        public int GroupsPerRow;

        // One row.
        public readonly void Part<T>(int part) where T : struct, ILanes<T>
        {
            var weights = (Matrix)System.Runtime.InteropServices.GCHandle.FromIntPtr(Weights).Target!;
            var row = Scratch.Floats(ref _row, weights.Columns);
            weights.CopyRow(part, new(row, weights.Columns));
            for (var g = 0; g < GroupsPerRow; g++)
            {
                var at = (nint)part * GroupsPerRow + g;
                Scales[at] = TFormat.Pack<T>(row + g * Group, Groups + at * TFormat.Bytes);
            }
        }
    }
}
