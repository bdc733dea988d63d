namespace Qwen3Tts.Checkpoint;

/// <summary>
/// The names of a checkpoint's parts and of the tensors that are asked for from outside their network. Inside a network a tensor is named
/// by the field that holds it.
/// </summary>
static class TensorNames
{
    /// <summary>What the name of every tensor of a part begins with.</summary>
    public const string Talker = "talker.", SpeakerEncoder = "speaker_encoder.", CodePredictor = "talker.code_predictor.";

    /// <summary>The parts of the codec's own file.</summary>
    public const string CodecEncoder = "encoder.", CodecDecoder = "decoder.", CodecQuantizer = "decoder.quantizer.";

    /// <summary>The embedding of a frame's first code, of control ids and of named speakers: [vocabulary, hidden].</summary>
    public const string CodecEmbedding = "talker.model.codec_embedding.weight";

    /// <summary>[text vocabulary, text hidden].</summary>
    public const string TextEmbedding = "talker.model.text_embedding.weight";

    /// <summary>The two layers that take text to the talker's width.</summary>
    public const string TextProjection1 = "talker.text_projection.linear_fc1", TextProjection2 = "talker.text_projection.linear_fc2";

    /// <summary>The scores of a frame's first code: [vocabulary, hidden].</summary>
    public const string CodecHead = "talker.codec_head.weight";

    /// <summary>The last norm of the talker: [hidden].</summary>
    public const string TalkerNorm = "talker.model.norm.weight";

    /// <summary>The embeddings of a frame's other codes, as a list of modules.</summary>
    public const string PredictorEmbeddings = "talker.code_predictor.model.codec_embedding";

    /// <summary>The embedding number <paramref name="i"/> of the code predictor, from 0 on: [codebook, talker hidden].</summary>
    public static string PredictorEmbedding(int i) => $"{PredictorEmbeddings}.{i}.weight";

    /// <summary>The head number <paramref name="i"/> of the code predictor, from 0 on: [codebook, hidden].</summary>
    public static string PredictorHead(int i) => $"talker.code_predictor.lm_head.{i}.weight";

    /// <summary>What the tensors of the talker's layers begin with.</summary>
    public const string TalkerLayers = "talker.model.layers.";

    /// <summary>What the tensors of one layer of the talker begin with.</summary>
    public static string TalkerLayer(int layer) => $"{TalkerLayers}{layer}.";

    /// <summary>After the name of a quantised matrix: the name of its scales, [rows, columns / 64] in BF16.</summary>
    public const string ScaleSuffix = "_scale";

    /// <summary>Whether a tensor belongs to a part.</summary>
    public static bool IsIn(string name, string part) => name.StartsWith(part, StringComparison.Ordinal);
}
