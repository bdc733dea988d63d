// The codec's decoder: codes to waveform. The codebook vectors are summed, a windowed transformer runs at 12.5 rows a second, and
// convolutions turn rows into samples. Every stage is causal. Sizes that are literals in the official code, not keys of config.json, are
// the constants below.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Layers;

namespace Qwen3Tts.Codec;

sealed class FrameDecoder
{
    const string Part = "decoder";
    const int PreTaps = 3;
    const int OuterTaps = 7;

    readonly DecoderQuantizer quantizer;
    readonly CausalConvolution pre_conv;
    readonly Linear input_proj, output_proj;
    readonly Transformer pre_transformer;
    readonly (CausalConvolution Transposed, ConvNextBlock ConvNext)[] upsample;
    readonly CausalConvolution first, last;
    readonly DecoderBlock[] blocks;
    readonly SnakeBeta snake;
    readonly CodecDecoderConfig _config;
    readonly Buffers _buffers = new();

    public FrameDecoder(Weights weights, CodecDecoderConfig c)
    {
        _config = c;
        quantizer = new(weights, $"{Part}.quantizer", c);
        pre_conv = CausalConvolution.Load(weights, $"{Part}.pre_conv.conv", c.LatentDim, c.CodebookDim, PreTaps);
        input_proj = Linear.Load(weights, $"{Part}.pre_transformer.input_proj", c.HiddenSize, c.LatentDim, bias: true);
        pre_transformer = new(weights, $"{Part}.pre_transformer",
            new(c.NumHiddenLayers, c.HiddenSize, c.IntermediateSize, c.NumAttentionHeads, c.NumKeyValueHeads, c.HeadDim, c.RopeTheta,
            (float)c.RmsNormEps)
            { Window = c.SlidingWindow, LayerScale = true });
        output_proj = Linear.Load(weights, $"{Part}.pre_transformer.output_proj", c.LatentDim, c.HiddenSize, bias: true);
        upsample = [.. c.UpsamplingRatios.Select((rate, i) => (
            CausalConvolution.LoadTransposed(weights, $"{Part}.upsample.{i}.0.conv", c.LatentDim, c.LatentDim, rate, rate),
            new ConvNextBlock(weights, $"{Part}.upsample.{i}.1", c.LatentDim)))];
        first = CausalConvolution.Load(weights, $"{Part}.decoder.0.conv", c.DecoderDim, c.LatentDim, OuterTaps);
        blocks = [.. c.UpsampleRates.Select(
            (rate, i) => new DecoderBlock(weights, $"{Part}.decoder.{i + 1}.block", c.DecoderDim >> i, c.DecoderDim >> (i + 1), rate))];
        var (end, narrow) = (blocks.Length + 1, c.DecoderDim >> blocks.Length);
        snake = new(weights, $"{Part}.decoder.{end}", narrow);
        last = CausalConvolution.Load(weights, $"{Part}.decoder.{end + 1}.conv", 1, narrow, OuterTaps);
    }

    /// <summary>Tensors that are in the checkpoint but that decoding does not need.</summary>
    public static IEnumerable<string> Unused => DecoderQuantizer.Unused($"{Part}.quantizer");

    public CausalState CreateState() => new(pre_transformer.CreateCache());

    /// <summary>
    /// in: the next frames [frames][quantizers] of the state's sequence · out: samples [frames * SamplesPerFrame] within ±1.
    /// </summary>
    public void Decode(ReadOnlySpan<int[]> frames, Span<float> samples, CausalState state, Workers workers, CodecTrace? trace = null)
    {
        var b = _buffers;
        quantizer.Decode(frames, b.Hidden, b.Spare, workers); // [frames, codebook_dim]
        trace?.Invoke("quantized", b.Hidden.Span);
        Step(pre_conv, "pre_conv"); // [frames, latent_dim]
        Transform(b, state, workers, trace);
        for (var i = 0; i < upsample.Length; i++) // [rows * rate, latent_dim]
        {
            Step(upsample[i].Transposed, $"upsample{i}.transposed");
            upsample[i].ConvNext.Apply(b, state, workers);
            trace?.Invoke($"upsample{i}.convnext", b.Hidden.Span);
        }
        Step(first, "decoder0"); // [rows, decoder_dim]
        for (var i = 0; i < blocks.Length; i++) // [rows * rate, half the channels]
        {
            blocks[i].Apply(b, state, workers);
            trace?.Invoke($"decoder{i + 1}", b.Hidden.Span);
        }
        snake.Apply(b.Hidden, b.Hidden, workers);
        trace?.Invoke($"decoder{blocks.Length + 1}", b.Hidden.Span);
        Step(last, $"decoder{blocks.Length + 2}"); // [samples, 1]
        for (var i = 0; i < samples.Length; i++)
            samples[i] = Math.Clamp(b.Hidden.Span[i], -1, 1);

        void Step(CausalConvolution convolution, string stage)
        {
            convolution.Apply(b.Hidden, b.Spare, state, workers);
            b.Swap();
            trace?.Invoke(stage, b.Hidden.Span);
        }
    }

    void Transform(Buffers b, CausalState state, Workers workers, CodecTrace? trace)
    {
        var count = b.Hidden.Count;
        var rows = b.Spare.Resize(count, _config.HiddenSize);
        input_proj.Apply(b.Hidden.Span, rows, count, workers);
        pre_transformer.Forward(rows, count, state.Cache, workers, trace is null ? null : (i, x) => trace($"pre_transformer.layer{i}", x));
        output_proj.Apply(rows, b.Hidden.Resize(count, _config.LatentDim), count, workers);
        trace?.Invoke("pre_transformer", b.Hidden.Span);
    }
}

/// <summary>The buffer of the rows that layers pass on, and two further buffers for use inside a layer.</summary>
sealed class Buffers
{
    public Rows Hidden { get; private set; } = new();
    public Rows Spare { get; private set; } = new();
    public Rows Inner { get; } = new();

    public void Swap() => (Hidden, Spare) = (Spare, Hidden);
}
