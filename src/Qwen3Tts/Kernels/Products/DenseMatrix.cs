namespace Qwen3Tts.Kernels;

/// <summary>float32, as it is stored.</summary>
sealed unsafe class Float32Matrix : Matrix
{
    readonly ReadOnlyMemory<float> _values;

    public Float32Matrix(int rows, int columns, ReadOnlyMemory<float> values) : base(rows, columns)
    {
        CheckLength(rows, columns, values.Length, "values");
        _values = values;
    }

    public override WeightType Type => WeightType.Float32;

    public override void CopyRow(int row, Span<float> to) => Row(row).CopyTo(to);

    public override void AddRow(int row, Span<float> to) => Activations.AddScaled(to[..Columns], Row(row), 1);

    internal override void Multiply(in Product product, Workers workers)
    {
        fixed (float* values = _values.Span)
            DenseProduct.Run(product, null, values, workers);
        GC.KeepAlive(this); // memory that is mapped lives as long as this
    }

    ReadOnlySpan<float> Row(int row) => _values.Span.Slice(checked(row * Columns), Columns);
}

/// <summary>BF16 stays BF16 in memory: half the bytes are twice the speed.</summary>
sealed unsafe class BFloat16Matrix : Matrix
{
    readonly ReadOnlyMemory<ushort> _bits;

    public BFloat16Matrix(int rows, int columns, ReadOnlyMemory<ushort> bits) : base(rows, columns)
    {
        CheckLength(rows, columns, bits.Length, "values");
        _bits = bits;
    }

    public override WeightType Type => WeightType.BFloat16;

    public override void CopyRow(int row, Span<float> to) => BFloat16.Widen(Row(row), to[..Columns]);

    public override void AddRow(int row, Span<float> to) => BFloat16.Add(Row(row), to[..Columns]);

    internal override void Multiply(in Product product, Workers workers)
    {
        fixed (ushort* bits = _bits.Span)
            DenseProduct.Run(product, bits, null, workers);
        GC.KeepAlive(this); // memory that is mapped lives as long as this
    }

    ReadOnlySpan<ushort> Row(int row) => _bits.Span.Slice(checked(row * Columns), Columns);
}
