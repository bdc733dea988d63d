// speech_tokenizer/config.json: the codec's decoder was made for Qwen3-TTS, its encoder is that of Mimi. Keys of parts that do not exist
// (Mimi's decoder), and keys that the official code ignores (the encoder's sliding_window, semantic_codebook_size), are not read.
using System.Text.Json.Serialization;

namespace Qwen3Tts.Checkpoint;

/// <summary>The top level of the codec's config.json.</summary>
sealed record CodecConfig(
    string ModelType, int EncoderValidNumQuantizers, int InputSampleRate, int OutputSampleRate, int DecodeUpsampleRate,
    int EncodeDownsampleRate, CodecDecoderConfig DecoderConfig, CodecEncoderConfig EncoderConfig)
{
    /// <summary>Frames a second: 12.5 in the released models.</summary>
    [JsonIgnore]
    public double FramesPerSecond => (double)OutputSampleRate / DecodeUpsampleRate;

    /// <summary>The layout of the file, by its model_type.</summary>
    [JsonIgnore]
    public FoundLayout? Layout => TransformersConfig.OfCodec(ModelType);

    /// <summary>Reads the configuration of a model's codec.</summary>
    /// <exception cref="IOException">The model has no codec.</exception>
    /// <exception cref="InvalidDataException">The codec's configuration is damaged.</exception>
    public static double ReadFramesPerSecond(ModelFolder model) => Read(Path.Combine(model.CodecPath, "config.json")).FramesPerSecond;

    /// <exception cref="InvalidDataException">The file is not JSON, a key is missing, or a value is of another kind or out of
    /// range.</exception>
    public static CodecConfig Read(string path)
    {
        var config = ConfigFile.ReadCodec(path);
        config.Check(path);
        return config;
    }

    void Check(string place)
    {
        if (Layout is null)
            throw ConfigFile.Bad(place, "model_type", ModelType, TransformersConfig.CodecTypes);
        ConfigFile.CheckSize(place, "input_sample_rate", InputSampleRate);
        DecoderConfig.Check(place);
        EncoderConfig.Check(place);
        if (OutputSampleRate != InputSampleRate)
            throw ConfigFile.Bad(place, "output_sample_rate", OutputSampleRate, $"the input_sample_rate, {InputSampleRate}");
        if (EncoderConfig.SamplingRate != InputSampleRate)
            throw ConfigFile.Bad(place, "encoder_config.sampling_rate", EncoderConfig.SamplingRate,
                $"the input_sample_rate, {InputSampleRate}");
        if (DecodeUpsampleRate != DecoderConfig.SamplesPerFrame)
            throw ConfigFile.Bad(place, "decode_upsample_rate", DecodeUpsampleRate,
                $"the product of the decoder's upsample_rates and upsampling_ratios, {DecoderConfig.SamplesPerFrame}");
        if (EncodeDownsampleRate != DecodeUpsampleRate)
            throw ConfigFile.Bad(place, "encode_downsample_rate", EncodeDownsampleRate, $"the decode_upsample_rate, {DecodeUpsampleRate}");
        if (EncodeDownsampleRate != EncoderConfig.SamplesPerFrame)
            throw ConfigFile.Bad(place, "encode_downsample_rate", EncodeDownsampleRate,
                $"sampling_rate / _frame_rate of the encoder, {EncoderConfig.SamplesPerFrame}");
        if (EncoderValidNumQuantizers != DecoderConfig.NumQuantizers || EncoderValidNumQuantizers > EncoderConfig.NumQuantizers)
            throw ConfigFile.Bad(place, "encoder_valid_num_quantizers", EncoderValidNumQuantizers,
                $"the decoder's num_quantizers, {DecoderConfig.NumQuantizers}, and at most the encoder's, {EncoderConfig.NumQuantizers}");
        if (EncoderConfig.CodebookSize != DecoderConfig.CodebookSize)
            throw ConfigFile.Bad(place, "encoder_config.codebook_size", EncoderConfig.CodebookSize,
                $"the decoder's, {DecoderConfig.CodebookSize}");
    }
}

/// <summary><c>decoder_config</c>: codes to waveform.</summary>
sealed record CodecDecoderConfig(
    int LatentDim, int CodebookDim, int CodebookSize, int DecoderDim, int HiddenSize, int IntermediateSize, int NumHiddenLayers,
        int NumAttentionHeads,
    int NumKeyValueHeads, int HeadDim, string HiddenAct, bool AttentionBias, double RmsNormEps, int SlidingWindow,
    int NumQuantizers, int NumSemanticQuantizers, int[] UpsampleRates, int[] UpsamplingRatios)
    : RopeConfig
{
    [JsonIgnore]
    public int SamplesPerFrame => UpsampleRates.Concat(UpsamplingRatios).Aggregate(1, (a, b) => checked(a * b));

    public void Check(string place)
    {
        const string part = "decoder_config";
        foreach (var (key, value) in new[] { ("latent_dim", LatentDim), ("codebook_dim", CodebookDim), ("codebook_size", CodebookSize),
            ("decoder_dim", DecoderDim), ("hidden_size", HiddenSize), ("intermediate_size", IntermediateSize),
            ("num_hidden_layers", NumHiddenLayers), ("num_attention_heads", NumAttentionHeads), ("num_key_value_heads", NumKeyValueHeads),
            ("head_dim", HeadDim), ("sliding_window", SlidingWindow), ("num_quantizers", NumQuantizers) })
            ConfigFile.CheckSize(place, $"{part}.{key}", value);
        CheckRope(place, part, scalingRequired: false);
        ConfigFile.CheckHeads(place, part, NumAttentionHeads, NumKeyValueHeads, HeadDim);
        if (AttentionBias)
            throw ConfigFile.Bad(place, $"{part}.attention_bias", AttentionBias, "false");
        CodecConfigChecks.Rates(place, $"{part}.upsample_rates", UpsampleRates);
        CodecConfigChecks.Rates(place, $"{part}.upsampling_ratios", UpsamplingRatios, with: UpsampleRates);
        if (HiddenAct != "silu")
            throw ConfigFile.Bad(place, $"{part}.hidden_act", HiddenAct, "silu");
        if (CodebookDim % 2 != 0)
            throw ConfigFile.Bad(place, $"{part}.codebook_dim", CodebookDim, "an even number: the vectors are half as long");
        if (NumSemanticQuantizers != 1 || NumQuantizers < 2) // the official decoder always builds one semantic quantizer
            throw ConfigFile.Bad(place, $"{part}.num_semantic_quantizers", NumSemanticQuantizers,
                $"1, and more quantizers beside it (num_quantizers is {NumQuantizers})");
        if (DecoderDim % (1 << UpsampleRates.Length) != 0)
            throw ConfigFile.Bad(place, $"{part}.decoder_dim", DecoderDim,
                $"a multiple of {1 << UpsampleRates.Length}: each of the upsample_rates halves it");
    }
}

/// <summary><c>encoder_config</c>: the encoder of Mimi, waveform to codes.</summary>
sealed record CodecEncoderConfig(
    int AudioChannels, int NumFilters, int KernelSize, int LastKernelSize, int ResidualKernelSize, int NumResidualLayers,
        int DilationGrowthRate, int Compress,
    int[] UpsamplingRatios, int SamplingRate, [property: JsonPropertyName("_frame_rate")] double FrameRate,
    int HiddenSize, int IntermediateSize, int NumHiddenLayers, int NumAttentionHeads, int NumKeyValueHeads, int HeadDim, string HiddenAct,
        bool AttentionBias,
    double NormEps, int NumQuantizers, int NumSemanticQuantizers, int CodebookSize, int CodebookDim, int VectorQuantizationHiddenDimension,
    bool UseCausalConv, bool UseConvShortcut, string PadMode)
    : RopeConfig
{
    /// <summary>Samples for each row of the transformer.</summary>
    [JsonIgnore]
    public int SamplesPerRow => UpsamplingRatios.Aggregate(1, (a, b) => checked(a * b));

    [JsonIgnore]
    public int SamplesPerFrame => SamplesPerRow * RowsPerFrame;

    /// <summary>Number of transformer rows that the last convolution reduces to one frame.</summary>
    [JsonIgnore]
    public int RowsPerFrame => (int)Math.Round(Math.Min(SamplingRate / FrameRate / SamplesPerRow, ConfigFile.LargestSize));

    // More than 40 lines: one rule for each key, in the order of the file.
    public void Check(string place)
    {
        const string part = "encoder_config";
        foreach (var (key, value) in new[] { ("num_filters", NumFilters), ("kernel_size", KernelSize),
            ("last_kernel_size", LastKernelSize), ("residual_kernel_size", ResidualKernelSize), ("num_residual_layers", NumResidualLayers),
            ("dilation_growth_rate", DilationGrowthRate), ("compress", Compress), ("sampling_rate", SamplingRate),
            ("hidden_size", HiddenSize), ("intermediate_size", IntermediateSize), ("num_hidden_layers", NumHiddenLayers),
            ("num_attention_heads", NumAttentionHeads), ("num_key_value_heads", NumKeyValueHeads), ("head_dim", HeadDim),
            ("num_quantizers", NumQuantizers), ("codebook_size", CodebookSize), ("codebook_dim", CodebookDim) })
            ConfigFile.CheckSize(place, $"{part}.{key}", value);
        CheckRope(place, part, scalingRequired: false);
        ConfigFile.CheckHeads(place, part, NumAttentionHeads, NumKeyValueHeads, HeadDim);
        if (AttentionBias)
            throw ConfigFile.Bad(place, $"{part}.attention_bias", AttentionBias, "false");
        CodecConfigChecks.Rates(place, $"{part}.upsampling_ratios", UpsamplingRatios);
        if (HiddenAct != "gelu")
            throw ConfigFile.Bad(place, $"{part}.hidden_act", HiddenAct, "gelu");
        if (AudioChannels != 1)
            throw ConfigFile.Bad(place, $"{part}.audio_channels", AudioChannels, "1");
        if ((long)NumFilters << UpsamplingRatios.Length > ConfigFile.LargestSize)
            throw ConfigFile.Bad(place, $"{part}.num_filters", NumFilters,
                $"a size that, doubled by each of the {UpsamplingRatios.Length} upsampling_ratios, is at most {ConfigFile.LargestSize}");
        if (Math.Pow(DilationGrowthRate, NumResidualLayers - 1) * ResidualKernelSize > ConfigFile.LargestSize)
            throw ConfigFile.Bad(place, $"{part}.num_residual_layers", NumResidualLayers,
                $"so few that the widest convolution, dilation_growth_rate ({DilationGrowthRate}) to the power of one less, times " +
                $"residual_kernel_size ({ResidualKernelSize}), spans at most {ConfigFile.LargestSize} rows");
        if (NumFilters % Compress != 0)
            throw ConfigFile.Bad(place, $"{part}.compress", Compress, $"a divisor of num_filters, {NumFilters}");
        if (!UseCausalConv)
            throw ConfigFile.Bad(place, $"{part}.use_causal_conv", UseCausalConv, "true");
        if (UseConvShortcut)
            throw ConfigFile.Bad(place, $"{part}.use_conv_shortcut", UseConvShortcut, "false");
        if (PadMode != "constant")
            throw ConfigFile.Bad(place, $"{part}.pad_mode", PadMode, "constant");
        if (NumSemanticQuantizers < 1 || NumSemanticQuantizers >= NumQuantizers)
            throw ConfigFile.Bad(place, $"{part}.num_semantic_quantizers", NumSemanticQuantizers,
                $"1 or more, and below num_quantizers, {NumQuantizers}");
        if (VectorQuantizationHiddenDimension != CodebookDim)
            throw ConfigFile.Bad(place, $"{part}.vector_quantization_hidden_dimension", VectorQuantizationHiddenDimension,
                $"codebook_dim, {CodebookDim}");
        // the official encoder always divides the rate by two, whatever these keys say
        if (!(FrameRate > 0) || RowsPerFrame != 2 || SamplesPerFrame * FrameRate != SamplingRate)
            throw ConfigFile.Bad(place, $"{part}._frame_rate", FrameRate,
                $"half of sampling_rate / the product of upsampling_ratios, {SamplingRate} / {SamplesPerRow} / 2");
    }
}

static class CodecConfigChecks
{
    /// <summary>
    /// Product of up to eight rates of up to 64, which fits a long. The rates of <paramref name="with"/> are multiplied in as well; the
    /// result is the number of samples of a frame.
    /// </summary>
    public static void Rates(string place, string key, int[] rates, int[]? with = null)
    {
        if (rates.Length is 0 or > 8 || rates.Any(r => r is < 1 or > 64))
            throw ConfigFile.Bad(place, key, string.Join(", ", rates), "one to eight numbers from 1 to 64");
        var (all, others) = (rates.Aggregate(1L, (a, b) => a * b), with?.Aggregate(1L, (a, b) => a * b) ?? 1);
        if (all > ConfigFile.LargestSize || all * others > ConfigFile.LargestSize)
            throw ConfigFile.Bad(place, key, string.Join(", ", rates),
                $"numbers whose product{(with is null ? "" : " with the upsample_rates")} is at most {ConfigFile.LargestSize} samples");
    }
}
