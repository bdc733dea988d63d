// The codec's encoder, which is that of Mimi: waveform to codes. Convolutions make 25 rows a second from the samples, a transformer sees
// all rows so far, one more convolution halves the rate, and the quantizers choose codes. The configuration's sliding_window is not
// applied, because the official transformers code uses a plain causal mask; with the window, audio of 10 s and more would get other codes.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Layers;

namespace Qwen3Tts.Codec;

sealed class FrameEncoder
{
    const string Part = "encoder";

    readonly Stage[] layers;
    readonly CausalConvolution first, last;
    readonly Transformer encoder_transformer;
    readonly CausalConvolution downsample;
    readonly EncoderQuantizer quantizer;
    readonly Buffers _buffers = new();

    public FrameEncoder(Weights weights, CodecEncoderConfig c, int usedQuantizers)
    {
        first = CausalConvolution.Load(weights, $"{Part}.encoder.layers.0.conv", c.NumFilters, c.AudioChannels, c.KernelSize);
        var (at, channels) = (1, c.NumFilters); // activations count in the numbering, too
        layers = new Stage[c.UpsamplingRatios.Length];
        foreach (var (i, rate) in c.UpsamplingRatios.Reverse().Index())
        {
            weights.Expect($"{Part}.encoder.layers", at + c.NumResidualLayers + 2);
            layers[i] = new(weights, $"{Part}.encoder.layers", at, channels, rate, c);
            (at, channels) = (at + c.NumResidualLayers + 2, 2 * channels);
        }
        last = CausalConvolution.Load(weights, $"{Part}.encoder.layers.{at + 1}.conv", c.HiddenSize, channels, c.LastKernelSize);
        encoder_transformer = new(weights, $"{Part}.encoder_transformer",
            new(c.NumHiddenLayers, c.HiddenSize, c.IntermediateSize, c.NumAttentionHeads, c.NumKeyValueHeads, c.HeadDim, c.RopeTheta,
            (float)c.NormEps)
            { Classic = true, LayerScale = true, FinalNorm = false });
        downsample = CausalConvolution.Load(weights, $"{Part}.downsample.conv", c.HiddenSize, c.HiddenSize, 2 * c.RowsPerFrame,
            c.RowsPerFrame, bias: false, repeatEdges: true);
        quantizer = new(weights, $"{Part}.quantizer", c, usedQuantizers);
    }

    /// <summary>Tensors that are in the checkpoint but that encoding does not need.</summary>
    public static IEnumerable<string> Unused(CodecEncoderConfig c, int usedQuantizers) =>
        EncoderQuantizer.Unused($"{Part}.quantizer", c, usedQuantizers);

    public CausalState CreateState() => new(encoder_transformer.CreateCache());

    /// <summary>
    /// in: the next samples of the state's sequence · out: frames [count][quantizers]. All parts except the last must be whole frames. The
    /// last frame is extended with zeros, before each convolution again.
    /// </summary>
    public int[][] Encode(ReadOnlySpan<float> samples, CausalState state, Workers workers, CodecTrace? trace = null)
    {
        var b = _buffers;
        samples.CopyTo(b.Hidden.Resize(samples.Length, 1));
        Step(first, "first_conv"); // [samples, num_filters]
        foreach (var layer in layers) // [rows / rate, twice the channels]
            layer.Apply(b, state, workers);
        Activations.Elu(b.Hidden.Span, workers);
        Step(last, "seanet"); // [rows, hidden]
        encoder_transformer.Forward(b.Hidden.Span, b.Hidden.Count, state.Cache, workers);
        trace?.Invoke("transformer", b.Hidden.Span);
        Step(downsample, "downsample"); // [frames, hidden]
        return quantizer.Encode(b.Hidden, b.Spare, workers, trace);

        void Step(CausalConvolution convolution, string stage)
        {
            convolution.Apply(b.Hidden, b.Spare, state, workers);
            b.Swap();
            trace?.Invoke(stage, b.Hidden.Span);
        }
    }

    /// <summary>Residual blocks, ELU, and a convolution that divides the rate and doubles the channels.</summary>
    sealed class Stage
    {
        readonly Residual[] blocks;
        readonly CausalConvolution conv;

        public Stage(Weights weights, string name, int at, int channels, int rate, CodecEncoderConfig c)
        {
            blocks = [.. Enumerable.Range(0, c.NumResidualLayers)
                .Select(j => new Residual(weights, $"{name}.{at + j}.block", channels, (int)Math.Pow(c.DilationGrowthRate, j), c))];
            conv = CausalConvolution.Load(weights, $"{name}.{at + c.NumResidualLayers + 1}.conv", 2 * channels, channels, 2 * rate, rate);
        }

        public void Apply(Buffers b, CausalState state, Workers workers)
        {
            foreach (var block in blocks)
                block.Apply(b, state, workers);
            Activations.Elu(b.Hidden.Span, workers);
            conv.Apply(b.Hidden, b.Spare, state, workers);
            b.Swap();
        }
    }

    /// <summary>x + conv3(elu(conv1(elu(x)))), numbered as in the checkpoint; conv3 has one tap.</summary>
    sealed class Residual(Weights weights, string name, int channels, int dilation, CodecEncoderConfig c)
    {
        readonly CausalConvolution conv1 = CausalConvolution.Load(weights, $"{name}.1.conv", channels / c.Compress, channels,
            c.ResidualKernelSize, dilation: dilation);
        readonly Convolution conv3 = weights.Pointwise($"{name}.3.conv", channels, channels / c.Compress);

        public void Apply(Buffers b, CausalState state, Workers workers)
        {
            b.Hidden.Span.CopyTo(b.Spare.Resize(b.Hidden.Count, channels));
            Activations.Elu(b.Spare.Span, workers);
            conv1.Apply(b.Spare, b.Inner, state, workers);
            Activations.Elu(b.Inner.Span, workers);
            conv3.Apply(b.Inner.Span, b.Hidden.Span, b.Hidden.Count, workers, add: true);
        }
    }
}
