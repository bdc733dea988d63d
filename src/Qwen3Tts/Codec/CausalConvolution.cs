// A convolution that sees no later row. As in the official code, all padding is in front (taps before the start read zeros), and the rows
// that a transposed convolution would add at the end are cut off. So in both kinds row t depends only on the rows up to t.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Layers;

namespace Qwen3Tts.Codec;

sealed class CausalConvolution
{
    readonly Convolution conv;
    readonly int _output;
    readonly bool _repeatEdges;

    CausalConvolution(Convolution conv, int output, bool repeatEdges) => (this.conv, _output, _repeatEdges) = (conv, output, repeatEdges);

    /// <summary><c>{name}.weight</c> [output, input, taps] and, unless <paramref name="bias"/> is false, <c>{name}.bias</c>.</summary>
    public static CausalConvolution Load(Weights weights, string name, int output, int input, int taps, int stride = 1, int dilation = 1,
        bool bias = true, bool repeatEdges = false) =>
        new(weights.Convolution(name, output, input, taps, stride, dilation, bias), output, repeatEdges);

    /// <summary>
    /// A transposed convolution: <c>{name}.weight</c> [input, output, taps]; it makes <paramref name="rate"/> rows of one.
    /// </summary>
    public static CausalConvolution LoadTransposed(Weights weights, string name, int output, int input, int taps, int rate) =>
        new(weights.TransposedConvolution(name, output, input, taps, rate), output, false);

    /// <summary>
    /// in: x [rows, input] · out: y [rows / stride * rate, output]. With a stride, only the last part of a sequence may have a number of
    /// rows that is not a multiple of it; then x is extended by zeros, or by copies of its last row.
    /// </summary>
    public void Apply(Rows x, Rows y, CausalState state, Workers workers)
    {
        if (x.Count % conv.Stride is var rest and > 0)
            x.Extend(conv.Stride - rest, _repeatEdges);
        var window = state.Window(this, x, conv.Reach - conv.Stride, _repeatEdges); // [history + rows, input]
        var to = y.Resize(x.Count / conv.Stride, conv.Output);
        conv.Apply(window, to, y.Count, workers);
        y.Reshape(_output);
    }
}
