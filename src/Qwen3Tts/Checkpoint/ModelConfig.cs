// config.json of a model as records. The keys are required: the defaults of the official class differ from every released model, so a
// missing key is an error that names it. The exception is speaker_encoder_config: released models have two of its keys, and the class
// defaults apply to the others.
using System.Text.Json.Serialization;

namespace Qwen3Tts.Checkpoint;

/// <summary>The top level of config.json.</summary>
sealed record ModelConfig(
    string TtsModelType, string TtsModelSize, int ImStartTokenId, int ImEndTokenId, int AssistantTokenId,
    int TtsPadTokenId, int TtsBosTokenId, int TtsEosTokenId, TalkerConfig TalkerConfig,
    SpeakerEncoderConfig? SpeakerEncoderConfig = null, string? TransformersVersion = null)
{
    /// <summary>The layout of the file; null if it has no sign of one.</summary>
    [JsonIgnore]
    public FoundLayout? Layout { get; init; }

    public bool CanClone => SpeakerEncoderConfig is not null && TtsModelType == "base";

    /// <summary>True if the official package ignores instructions for this model size (quirk 8).</summary>
    public bool IgnoresInstruct => TtsModelSize.Length > 0 && "0b6".Contains(TtsModelSize, StringComparison.Ordinal);

    public void Check(string place)
    {
        if (TtsModelType is not ("base" or "custom_voice" or "voice_design"))
            throw ConfigFile.Bad(place, "tts_model_type", TtsModelType, "base, custom_voice or voice_design");
        TalkerConfig.Check(place);
        SpeakerEncoderConfig?.Check(place);
        if (SpeakerEncoderConfig is { } s && s.EncDim != TalkerConfig.HiddenSize)
            throw ConfigFile.Bad(place, "speaker_encoder_config.enc_dim", s.EncDim, $"the talker's hidden_size, {TalkerConfig.HiddenSize}");
        foreach (var (key, id) in new[] { ("im_start_token_id", ImStartTokenId), ("im_end_token_id", ImEndTokenId),
            ("assistant_token_id", AssistantTokenId), ("tts_pad_token_id", TtsPadTokenId), ("tts_bos_token_id", TtsBosTokenId),
            ("tts_eos_token_id", TtsEosTokenId) })
            if (id < 0 || id >= TalkerConfig.TextVocabSize)
                throw ConfigFile.Bad(place, key, id, $"an id below text_vocab_size, {TalkerConfig.TextVocabSize}");
    }
}

/// <summary>What the configurations of the talker's layers and of the code predictor's layers have in common.</summary>
abstract record DecoderConfig(
    int HiddenSize, int IntermediateSize, int NumHiddenLayers, int NumAttentionHeads, int NumKeyValueHeads, int HeadDim,
    string HiddenAct, double RmsNormEps, int VocabSize, int NumCodeGroups, int MaxPositionEmbeddings, bool AttentionBias,
        bool UseSlidingWindow)
    : RopeConfig
{
    protected void CheckDecoder(string place, string part)
    {
        foreach (var (key, value) in new[] { ("hidden_size", HiddenSize), ("intermediate_size", IntermediateSize),
            ("num_hidden_layers", NumHiddenLayers), ("num_attention_heads", NumAttentionHeads), ("num_key_value_heads", NumKeyValueHeads),
            ("head_dim", HeadDim), ("vocab_size", VocabSize), ("num_code_groups", NumCodeGroups),
            ("max_position_embeddings", MaxPositionEmbeddings) })
            ConfigFile.CheckSize(place, $"{part}.{key}", value);
        ConfigFile.CheckHeads(place, part, NumAttentionHeads, NumKeyValueHeads, HeadDim);
        if (HiddenAct != "silu")
            throw ConfigFile.Bad(place, $"{part}.hidden_act", HiddenAct, "silu");
        if (AttentionBias)
            throw ConfigFile.Bad(place, $"{part}.attention_bias", AttentionBias, "false");
        if (UseSlidingWindow)
            throw ConfigFile.Bad(place, $"{part}.use_sliding_window", UseSlidingWindow, "false");
    }
}

/// <summary><c>talker_config</c>.</summary>
sealed record TalkerConfig(
    int HiddenSize, int IntermediateSize, int NumHiddenLayers, int NumAttentionHeads, int NumKeyValueHeads, int HeadDim,
    string HiddenAct, double RmsNormEps, int VocabSize, int NumCodeGroups, int MaxPositionEmbeddings, bool AttentionBias,
        bool UseSlidingWindow,
    int TextVocabSize, int TextHiddenSize,
    int CodecPadId, int CodecBosId, int CodecEosTokenId, int CodecThinkId, int CodecNothinkId, int CodecThinkBosId, int CodecThinkEosId,
    Dictionary<string, int> CodecLanguageId, Dictionary<string, int> SpkId, Dictionary<string, Dialect> SpkIsDialect,
    CodePredictorConfig CodePredictorConfig)
    : DecoderConfig(HiddenSize, IntermediateSize, NumHiddenLayers, NumAttentionHeads, NumKeyValueHeads, HeadDim, HiddenAct, RmsNormEps,
        VocabSize, NumCodeGroups, MaxPositionEmbeddings, AttentionBias, UseSlidingWindow)
{
    /// <summary>Name of the language that a speaker's dialect has, or null.</summary>
    public string? DialectOf(string speaker) => SpkIsDialect.TryGetValue(speaker, out var d) ? d.Language : null;

    /// <summary>
    /// The first free rows of the codec embedding, which no code, control id, language or speaker uses. The search begins at the row that
    /// the official script writes.
    /// </summary>
    /// <exception cref="InvalidDataException">There are not enough free rows.</exception>
    public List<int> FreeRows(int count)
    {
        const int Preferred = 952; // rows after the last code: row 3000 in the released models
        var first = CodePredictorConfig.VocabSize + Preferred;
        HashSet<int> used = [CodecPadId, CodecBosId, CodecEosTokenId, CodecThinkId, CodecNothinkId, CodecThinkBosId, CodecThinkEosId,
            .. CodecLanguageId.Values, .. SpkId.Values];
        var free = Enumerable.Range(first, Math.Max(0, VocabSize - first)).Where(r => !used.Contains(r)).Take(count).ToList();
        return free.Count == count ? free
            : throw new InvalidDataException(
                $"config.json: rows {first} to {VocabSize - 1} of the codec embedding have room for {free.Count} more speakers, {count} " +
                $"are to be added. Take a model with fewer speakers.");
    }

    public void Check(string place)
    {
        CheckDecoder(place, "talker_config");
        ConfigFile.CheckSize(place, "talker_config.text_vocab_size", TextVocabSize);
        ConfigFile.CheckSize(place, "talker_config.text_hidden_size", TextHiddenSize);
        CodePredictorConfig.Check(place);
        if (CodePredictorConfig.NumCodeGroups != NumCodeGroups)
            throw ConfigFile.Bad(place, "talker_config.code_predictor_config.num_code_groups", CodePredictorConfig.NumCodeGroups,
                $"the talker's, {NumCodeGroups}");
        CheckRope(place, "talker_config", scalingRequired: true);
        var ids = new[] { ("codec_pad_id", CodecPadId), ("codec_bos_id", CodecBosId), ("codec_eos_token_id", CodecEosTokenId),
            ("codec_think_id", CodecThinkId), ("codec_nothink_id", CodecNothinkId), ("codec_think_bos_id", CodecThinkBosId),
            ("codec_think_eos_id", CodecThinkEosId) }
            .Concat(CodecLanguageId.Select(p => ($"codec_language_id.{p.Key}", p.Value)))
                .Concat(SpkId.Select(p => ($"spk_id.{p.Key}", p.Value)));
        foreach (var (key, id) in ids)
            if (id < 0 || id >= VocabSize)
                throw ConfigFile.Bad(place, $"talker_config.{key}", id, $"a row of codec_embedding, below {VocabSize}");
        foreach (var speaker in SpkIsDialect.Keys)
            if (DialectOf(speaker) is { } dialect && !CodecLanguageId.ContainsKey(dialect))
                throw ConfigFile.Bad(place, $"talker_config.spk_is_dialect.{speaker}", dialect, "a language of codec_language_id");
    }
}

/// <summary><c>code_predictor_config</c>. Its generation settings have no effect and are not read.</summary>
sealed record CodePredictorConfig(
    int HiddenSize, int IntermediateSize, int NumHiddenLayers, int NumAttentionHeads, int NumKeyValueHeads, int HeadDim,
    string HiddenAct, double RmsNormEps, int VocabSize, int NumCodeGroups, int MaxPositionEmbeddings, bool AttentionBias,
        bool UseSlidingWindow)
    : DecoderConfig(HiddenSize, IntermediateSize, NumHiddenLayers, NumAttentionHeads, NumKeyValueHeads, HeadDim, HiddenAct, RmsNormEps,
        VocabSize, NumCodeGroups, MaxPositionEmbeddings, AttentionBias, UseSlidingWindow)
{
    /// <summary>A value that does not come from the file.</summary>
    internal CodePredictorConfig(int hiddenSize, int intermediateSize, int numHiddenLayers, int numAttentionHeads, int numKeyValueHeads,
        int headDim,
        string hiddenAct, double rmsNormEps, double ropeTheta, int vocabSize, int numCodeGroups, int maxPositionEmbeddings,
            bool attentionBias, bool useSlidingWindow)
        : this(hiddenSize, intermediateSize, numHiddenLayers, numAttentionHeads, numKeyValueHeads, headDim, hiddenAct, rmsNormEps,
            vocabSize, numCodeGroups,
            maxPositionEmbeddings, attentionBias, useSlidingWindow) => StoredTheta = ropeTheta;

    public void Check(string place)
    {
        const string part = "talker_config.code_predictor_config";
        CheckDecoder(place, part);
        CheckRope(place, part, scalingRequired: false);
    }
}

/// <summary><c>speaker_encoder_config</c>: an ECAPA-TDNN. Released files have only <c>enc_dim</c> and <c>sample_rate</c>.</summary>
sealed record SpeakerEncoderConfig(
    int EncDim, int SampleRate, int MelDim = 128, int[]? EncChannels = null, int[]? EncKernelSizes = null, int[]? EncDilations = null,
    int EncAttentionChannels = 128, int EncRes2netScale = 8, int EncSeChannels = 128)
{
    public int[] EncChannels { get; } = EncChannels ?? [512, 512, 512, 512, 1536];
    public int[] EncKernelSizes { get; } = EncKernelSizes ?? [5, 3, 3, 3, 1];
    public int[] EncDilations { get; } = EncDilations ?? [1, 2, 3, 4, 1];

    public void Check(string place)
    {
        const string part = "speaker_encoder_config";
        foreach (var (key, value) in new[] { ("enc_dim", EncDim), ("sample_rate", SampleRate), ("mel_dim", MelDim),
            ("enc_attention_channels", EncAttentionChannels), ("enc_res2net_scale", EncRes2netScale), ("enc_se_channels", EncSeChannels) })
            ConfigFile.CheckSize(place, $"{part}.{key}", value);
        if (EncChannels.Length < 3 || EncKernelSizes.Length != EncChannels.Length || EncDilations.Length != EncChannels.Length)
            throw ConfigFile.Bad(place, $"{part}.enc_channels", $"{EncChannels.Length} entries",
                "as many as enc_kernel_sizes and enc_dilations, three or more");
        foreach (var c in EncChannels.Concat(EncKernelSizes).Concat(EncDilations))
            ConfigFile.CheckSize(place, part, c);
        for (var i = 0; i < EncKernelSizes.Length; i++)
            if ((long)EncKernelSizes[i] * EncDilations[i] > ConfigFile.LargestSize)
                throw ConfigFile.Bad(place, $"{part}.enc_dilations", EncDilations[i],
                    $"a number that times its enc_kernel_sizes, {EncKernelSizes[i]}, is at most {ConfigFile.LargestSize} rows");
        var blocks = EncChannels[1..^1];
        if (EncChannels[..^1].Distinct().Count() != 1 || EncChannels[^1] != blocks.Sum(b => (long)b) || EncRes2netScale < 2
            || EncChannels[0] % EncRes2netScale != 0)
            throw ConfigFile.Bad(place, $"{part}.enc_channels", string.Join(", ", EncChannels),
                $"equal multiples of enc_res2net_scale, {EncRes2netScale}, and last the sum of all but the first");
    }
}
