using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>
/// 1-D convolution over time-major rows: output row t reads the input rows t*Stride + k*Dilation for k below Taps. The caller pads.
/// Nothing is unrolled in memory: in time-major rows the taps of one output row lie behind each other already. An output is its bias and
/// then one chain of fused steps in the order (tap, input channel), whatever the number of rows. With few output channels the lanes of a
/// chain would idle; such a layer is a matrix product over overlapping rows instead.
/// </summary>
sealed unsafe class Convolution
{
    const int FewOutputs = 8;
    const int PartFloats = 1 << 16; // input of a part, so that it stays there too
    const long WorthThreads = 1 << 15; // multiplications

    readonly float[] _storage = []; // pinned: holds the panels
    readonly float* _panels; // at a multiple of 64 bytes; per 48 output channels [tap, input, lane], the last panel of 16, 32 or 48 lanes
    readonly bool _bfloat16; // the panels are BF16
    readonly float[] _bias; // padded like the last panel
    readonly float[] _rows = []; // the numbers of _few
    readonly Matrix? _few; // [output, tap * input]

    Convolution(int output, int input, int taps, int stride, int dilation)
    {
        (Output, Input, Taps, Stride, Dilation, _bias) = (output, input, taps, stride, dilation, []);
        if ((taps - 1L) * dilation >= int.MaxValue || (long)stride * output > int.MaxValue)
            throw new ArgumentException(
                $"A convolution of {output} outputs and {taps} taps with stride {stride} and dilation {dilation} spans more rows than " +
                $"can be counted.", nameof(taps));
    }

    /// <summary>One whose weights are never asked for: the network around it is made to learn its shapes, and thrown away.</summary>
    public static Convolution WithoutWeights(int output, int input, int taps, int stride = 1, int dilation = 1) =>
        new(output, input, taps, stride, dilation);

    /// <summary>One with room for weights, which <see cref="SetWeights"/> or <see cref="SetTransposedWeights"/> brings. If
    /// <paramref name="bfloat16"/> is set, they are rounded to BF16, and take half the memory.</summary>
    public Convolution(float[]? bias, int output, int input, int taps, int stride = 1, int dilation = 1, bool bfloat16 = false)
        : this(output, input, taps, stride, dilation)
    {
        _bfloat16 = bfloat16;
        if (bias is not null && bias.Length != output)
            throw new ArgumentException($"A convolution of {output} outputs was given {bias.Length} biases.", nameof(bias));
        var padded = (output + 15) / 16 * 16;
        _bias = new float[padded];
        bias?.CopyTo(_bias, 0);
        if (output < FewOutputs && (dilation == 1 || taps == 1))
            _few = Matrix.Create(output, taps * input, _rows = new float[checked(output * taps * input)]);
        else
        {
            var numbers = checked(padded * taps * input); // a multiple of 16
            _storage = GC.AllocateUninitializedArray<float>(checked((bfloat16 ? numbers / 2 : numbers) + Scratch.Slack), pinned: true);
            _panels = Scratch.Aligned(_storage);
        }
    }

    /// <summary>Weight [output, input, taps], as stored.</summary>
    public Convolution(ReadOnlySpan<float> weight, float[]? bias, int output, int input, int taps, int stride = 1, int dilation = 1,
        bool bfloat16 = false) : this(bias, output, input, taps, stride, dilation, bfloat16) => SetWeights(weight);

    /// <summary>
    /// A transposed convolution, weight [input, output, taps] with taps a multiple of stride, as an ordinary one with taps/stride taps and
    /// stride*output channels: row q of the result holds the samples q*stride .. q*stride+stride-1, each [output]. It reads the input rows
    /// q .. q+taps/stride-1, the last of which is the current one (the caller puts taps/stride-1 rows of history in front).
    /// </summary>
    public static Convolution Transposed(ReadOnlySpan<float> weight, float[]? bias, int input, int output, int taps, int stride)
    {
        var convolution = Transposed(bias, input, output, taps, stride);
        convolution.SetTransposedWeights(weight, output);
        return convolution;
    }

    /// <summary>The same with room for weights.</summary>
    public static Convolution Transposed(float[]? bias, int input, int output, int taps, int stride, bool bfloat16 = false)
    {
        if (stride < 1 || taps % stride != 0)
            throw new ArgumentException(
                $"A transposed convolution has {taps} taps and stride {stride}. Taps must be a multiple of stride.", nameof(taps));
        if (bias is not null && bias.Length != output)
            throw new ArgumentException($"A transposed convolution of {output} outputs was given {bias.Length} biases.", nameof(bias));
        float[]? biases = bias is null ? null : [.. Enumerable.Repeat(bias, stride).SelectMany(b => b)];
        return new(biases, stride * output, input, taps / stride, bfloat16: bfloat16);
    }

    /// <summary>in: weight [output, input, taps], as stored.</summary>
    public void SetWeights(ReadOnlySpan<float> weight)
    {
        CheckLength(weight);
        fixed (float* w = weight)
            Pack(w, new(Output: Input * Taps, Input: Taps, Tap: 1));
    }

    /// <summary>in: weight [input, output, taps] of a transposed convolution, as stored.</summary>
    /// <param name="weight">The weights.</param>
    /// <param name="output">Its output channels.</param>
    public void SetTransposedWeights(ReadOnlySpan<float> weight, int output)
    {
        CheckLength(weight);
        var stride = Output / output;
        // Output phase * output + o, tap k of this one is output o, tap (Taps - 1 - k) * stride + phase of the transposed.
        fixed (float* w = weight)
            Pack(w + (Taps - 1) * stride, new(Taps * stride, output * Taps * stride, -stride, Outputs: output, Phase: 1));
    }

    void CheckLength(ReadOnlySpan<float> weight)
    {
        if (weight.Length != (long)Output * Input * Taps)
            throw new ArgumentException(
                $"A convolution of {Output} x {Input} x {Taps} was given {weight.Length} weights.", nameof(weight));
    }

    /// <summary>How far apart neighbours are in stored weights. After every <see cref="Outputs"/> outputs the next phase begins.</summary>
    readonly record struct Steps(int Output, int Input, int Tap, int Outputs = int.MaxValue, int Phase = 0)
    {
        public nint At(int output) => (nint)(output % Outputs) * Output + output / Outputs * Phase;
    }

    public int Output { get; }
    public int Input { get; }
    public int Taps { get; }
    public int Stride { get; }
    public int Dilation { get; }

    /// <summary>Input rows that one output row spans.</summary>
    public int Reach => (Taps - 1) * Dilation + 1;

    /// <summary>in: x [(outputRows - 1) * Stride + Reach, Input] · out: y [outputRows, Output], to whose content it is added if
    /// <paramref name="add"/> is set · overwrites: y.</summary>
    // More than 40 lines: a third of them hand the arguments to the threads.
    public void Apply(ReadOnlySpan<float> x, Span<float> y, int outputRows, Workers workers, bool add = false)
    {
        if (outputRows == 0)
            return;
        if (x.Length < ((outputRows - 1L) * Stride + Reach) * Input || y.Length < (long)outputRows * Output)
            throw new ArgumentException(
                $"{outputRows} rows of this convolution read {(outputRows - 1L) * Stride + Reach} rows of {Input} and write {Output} " +
                $"each, but {x.Length} and {y.Length} floats were given.");
        if (_few is not null)
        {
            MatrixProduct.Multiply(_few, x, Stride * Input, y, outputRows, workers, _bias.AsSpan(0, Output), add);
            return;
        }
        var multiplications = (long)outputRows * Output * Input * Taps;
        workers.Count(multiplications, (long)(_bfloat16 ? sizeof(ushort) : sizeof(float)) * Output * Input * Taps);
        fixed (float* bias = _bias, from = x, to = y)
        {
            var rows = Math.Clamp(PartFloats / (Stride * Input) / 8 * 8, 32, 512);
            var panelCount = (_bias.Length + OuterTile.Panel - 1) / OuterTile.Panel;
            if (multiplications < WorthThreads)
                workers = Alone;
            var job = new ConvolutionJob
            {
                Panels = _bfloat16 ? null : _panels,
                Bits = _bfloat16 ? (ushort*)_panels : null,
                Bias = bias,
                X = from,
                Y = to,
                Add = add,
                OutputRows = outputRows,
                RowsPerPart = rows,
                PanelCount = panelCount,
                Lanes = _bias.Length,
                Output = Output,
                Input = Input,
                Stride = Stride,
                // Without dilation the taps are one stretch of memory.
                Segments = Dilation == 1 ? 1 : Taps,
                SegmentLength = Dilation == 1 ? Taps * Input : Input,
                SegmentStride = Dilation * Input,
            };
            Simd.Run(ref job, (outputRows + rows - 1) / rows * panelCount, workers);
        }
        GC.KeepAlive(_storage);
    }

    static readonly Workers Alone = new(1);

    // The lanes of a panel are written one behind the other and read from 48 places at once, each of which goes on from cache line to line.
    [MethodImpl(Simd.Hot)]
    void Pack(float* weight, Steps steps)
    {
        if (_few is not null)
        {
            for (var o = 0; o < Output; o++)
                for (var k = 0; k < Taps; k++)
                    for (var i = 0; i < Input; i++)
                    {
                        var w = weight[steps.At(o) + (nint)i * steps.Input + k * steps.Tap];
                        _rows[(o * Taps + k) * Input + i] = _bfloat16 ? BFloat16.Widen(BFloat16.Round(w)) : w;
                    }
            return;
        }
        var starts = stackalloc float*[OuterTile.Panel];
        var column = stackalloc float[OuterTile.Panel];
        for (var first = 0; first < _bias.Length; first += OuterTile.Panel)
        {
            var lanes = Math.Min(OuterTile.Panel, _bias.Length - first);
            var real = Math.Min(lanes, Output - first);
            for (var lane = 0; lane < real; lane++)
                starts[lane] = weight + steps.At(first + lane);
            for (var i = 0; i < Input; i++)
                for (var k = 0; k < Taps; k++)
                {
                    var at = (nint)first * Taps * Input + ((nint)k * Input + i) * lanes;
                    var to = _bfloat16 ? column : _panels + at;
                    var from = (nint)i * steps.Input + k * steps.Tap;
                    for (var lane = 0; lane < real; lane++)
                        to[lane] = starts[lane][from];
                    for (var lane = real; lane < lanes; lane++)
                        to[lane] = 0;
                    if (_bfloat16)
                        BFloat16.Round(new ReadOnlySpan<float>(column, lanes), new((ushort*)_panels + at, lanes));
                }
        }
    }
}
