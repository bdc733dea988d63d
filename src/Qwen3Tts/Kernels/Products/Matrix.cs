namespace Qwen3Tts.Kernels;

/// <summary>A weight matrix [Rows, Columns], row-major as in the checkpoint. BF16 stays BF16: half the bytes are twice the speed.</summary>
sealed class Matrix
{
    public Matrix(int rows, int columns, ushort[] bfloat16) : this(rows, columns, bfloat16.Length) => Bits = bfloat16;

    public Matrix(int rows, int columns, float[] float32) : this(rows, columns, float32.Length) => Floats = float32;

    /// <summary>One whose values are never asked for: the network around it is made to learn its shapes, and thrown away.</summary>
    public static Matrix WithoutValues(int rows, int columns) => new(rows, columns, (long)rows * columns);

    Matrix(int rows, int columns, long length)
    {
        if ((long)rows * columns != length)
            throw new ArgumentException($"A matrix of {rows} x {columns} needs {(long)rows * columns} values, but {length} were given.");
        (Rows, Columns) = (rows, columns);
    }

    public int Rows { get; }
    public int Columns { get; }
    public bool IsBFloat16 => Bits is not null;

    /// <summary>The values, in exactly one of the two.</summary>
    internal ushort[]? Bits { get; }
    internal float[]? Floats { get; }

    /// <summary>One row, widened: the look-up of an embedding.</summary>
    public void CopyRow(int row, Span<float> to)
    {
        to = to[..Columns];
        if (Bits is not null)
            BFloat16.Widen(Bits.AsSpan(checked(row * Columns), Columns), to);
        else
            Floats.AsSpan(checked(row * Columns), Columns).CopyTo(to);
    }

    /// <summary><c>to += row</c>.</summary>
    public void AddRow(int row, Span<float> to)
    {
        to = to[..Columns];
        if (Bits is not null)
            BFloat16.Add(Bits.AsSpan(checked(row * Columns), Columns), to);
        else
            Activations.AddScaled(to, Floats.AsSpan(checked(row * Columns), Columns), 1);
    }
}
