namespace Qwen3Tts.Kernels;

/// <summary>
/// How 64 columns of a row are stored as whole numbers q and a scale: w ≈ scale · q. Each precision is one struct of this kind.
/// </summary>
unsafe interface IGroupFormat
{
    static abstract WeightType Type { get; }

    /// <summary>Bytes that the whole numbers of a group take.</summary>
    static abstract int Bytes { get; }

    /// <summary>Chooses the scale and the whole numbers of 64 weights w, and returns the scale in BF16. out: to [Bytes].</summary>
    static abstract ushort Pack<T>(float* w, byte* to) where T : struct, ILanes<T>;

    /// <summary>The whole numbers of columns 0 to 31, two in the bits of a lane.</summary>
    static abstract T First<T>(byte* group) where T : struct, ILanes<T>;

    /// <summary>Those of columns 32 to 63.</summary>
    static abstract T Second<T>(byte* group) where T : struct, ILanes<T>;
}

/// <summary>
/// Weights as whole numbers with a scale in BF16 for each 64 columns of a row. The columns are a multiple of 64.
/// </summary>
sealed unsafe class QuantizedMatrix<TFormat> : Matrix where TFormat : struct, IGroupFormat
{
    readonly ReadOnlyMemory<byte> _groups; // [rows, columns / 64, TFormat.Bytes]
    readonly ReadOnlyMemory<ushort> _scales; // [rows, columns / 64]

    public QuantizedMatrix(int rows, int columns, ReadOnlyMemory<byte> groups, ReadOnlyMemory<ushort> scales) : base(rows, columns)
    {
        if (columns % Quantization.Group != 0)
            throw new ArgumentException($"A row of {columns} columns is no whole number of groups of {Quantization.Group}.");
        CheckLength(rows, columns / Quantization.Group * TFormat.Bytes, groups.Length, "bytes");
        CheckLength(rows, columns / Quantization.Group, scales.Length, "scales");
        (_groups, _scales) = (groups, scales);
    }

    public override WeightType Type => TFormat.Type;

    public override void CopyRow(int row, Span<float> to) => Write(row, to, add: false);

    public override void AddRow(int row, Span<float> to) => Write(row, to, add: true);

    internal override void Multiply(in Product product, Workers workers)
    {
        fixed (byte* groups = _groups.Span)
        fixed (ushort* scales = _scales.Span)
            QuantizedProduct<TFormat>.Run(product, groups, scales, workers);
        GC.KeepAlive(this); // memory that is mapped lives as long as this
    }

    void Write(int row, Span<float> to, bool add)
    {
        var groups = Columns / Quantization.Group;
        var whole = stackalloc short[Quantization.Group];
        fixed (byte* from = _groups.Span)
            for (var g = 0; g < groups; g++)
            {
                var at = checked(row * groups) + g;
                TFormat.First<Lanes128>(from + (nint)at * TFormat.Bytes).Store((float*)whole);
                TFormat.Second<Lanes128>(from + (nint)at * TFormat.Bytes).Store((float*)(whole + Quantization.Group / 2));
                var scale = BFloat16.Widen(_scales.Span[at]);
                for (var i = 0; i < Quantization.Group; i++)
                {
                    ref var value = ref to[g * Quantization.Group + i];
                    value = (add ? value : 0) + scale * whole[i];
                }
            }
    }
}
