using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Qwen3Tts.Kernels;

/// <summary>How the numbers of a weight matrix are stored.</summary>
enum WeightType
{
    /// <summary>Four bytes a number.</summary>
    Float32,

    /// <summary>Two bytes a number.</summary>
    BFloat16,

    /// <summary>One byte a number, and a scale for each 64 of a row.</summary>
    Int8,

    /// <summary>Four bits a number, and a scale for each 64 of a row.</summary>
    Int4,
}

/// <summary>A weight matrix [Rows, Columns], row-major as in the checkpoint. Each precision is one subclass.</summary>
abstract unsafe class Matrix
{
    protected Matrix(int rows, int columns) => (Rows, Columns) = (rows, columns);

    public int Rows { get; }
    public int Columns { get; }
    public abstract WeightType Type { get; }

    /// <summary>Bytes of memory that the weights take.</summary>
    public long Bytes => (long)Rows * Columns * Type switch
    {
        WeightType.Float32 => 128,
        WeightType.BFloat16 => 64,
        WeightType.Int8 => 33, // a scale of two bytes for 64
        WeightType.Int4 => 17,
        _ => throw new NotSupportedException($"The bytes of {Type} are not known."),
    } / 32;

    public static Matrix Create(int rows, int columns, ReadOnlyMemory<ushort> bfloat16) => new BFloat16Matrix(rows, columns, bfloat16);

    public static Matrix Create(int rows, int columns, ReadOnlyMemory<float> float32) => new Float32Matrix(rows, columns, float32);

    /// <summary>A matrix without values, for a network that is created only to check shapes, and then thrown away.</summary>
    public static Matrix WithoutValues(int rows, int columns) => new NoValues(rows, columns);

    /// <summary>
    /// Converts one row to float32, for the lookup of an embedding. out: to · overwrites: its first <see cref="Columns"/> numbers.
    /// </summary>
    public abstract void CopyRow(int row, Span<float> to);

    /// <summary>Adds one row: <c>to += row</c>. in: to · out: to · overwrites: its first <see cref="Columns"/> numbers.</summary>
    public abstract void AddRow(int row, Span<float> to);

    /// <summary>The product that <see cref="MatrixProduct.Multiply(Matrix, ReadOnlySpan{float}, Span{float}, int, Workers,
    /// ReadOnlySpan{float}, bool)"/> describes, after the lengths were checked.</summary>
    internal abstract void Multiply(in Product product, Workers workers);

    private protected static void CheckLength(int rows, int columns, long length, string what)
    {
        if ((long)rows * columns != length)
            throw new ArgumentException($"A matrix of {rows} x {columns} needs {(long)rows * columns} {what}, but {length} were given.");
    }

    sealed class NoValues(int rows, int columns) : Matrix(rows, columns)
    {
        public override WeightType Type => WeightType.Float32;
        public override void CopyRow(int row, Span<float> to) => throw NotHere();
        public override void AddRow(int row, Span<float> to) => throw NotHere();
        internal override void Multiply(in Product product, Workers workers) => throw NotHere();
        static InvalidOperationException NotHere() => new("This matrix has a shape and no values.");
    }
}

/// <summary>The tokens that meet a matrix: x [Count, columns] with rows XStride apart, y [Count, rows], bias [rows] or null.</summary>
unsafe struct Product
{
    public float* X, Y, Bias;
    public nint XStride;
    public int Rows, Columns, Count;
    public bool Add;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Put(int token, int row, float sum)
    {
        var at = Y + (nint)token * Rows + row;
        if (Bias != null)
            sum = Bias[row] + sum;
        *at = Add ? *at + sum : sum;
    }

    /// <summary>The same for up to four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Put(int token, int row, int rows, Vector128<float> sums)
    {
        if (rows < 4)
        {
            for (var r = 0; r < rows; r++)
                Put(token, row + r, sums[r]);
            return;
        }
        var at = Y + (nint)token * Rows + row;
        if (Bias != null)
            sums = Vector128.Load(Bias + row) + sums;
        (Add ? Vector128.Load(at) + sums : sums).Store(at);
    }
}
