// Readers of the layout of Hugging Face transformers: configurations of model and codec, and the names of tensors.
using System.Text;
using Qwen3Tts.Checkpoint;
using static Qwen3Tts.Fuzz.SafetensorsSeeds;

namespace Qwen3Tts.Fuzz;

static class LayoutTargets
{
    public static readonly Dictionary<string, Func<string, FuzzTarget>> All = new()
    {
        ["transformers-config"] = _ => Config("config.json", folder => ConfigFile.ReadModel(Path.Combine(folder, "config.json"))),
        ["transformers-codec-config"] = _ =>
            Config("speech_tokenizer/config.json", folder => CodecConfig.Read(Path.Combine(folder, "config.json"))),
        ["transformers-names"] = _ => Names(),
    };

    static FuzzTarget Config(string mini, Action<string> read)
    {
        var config = TransformersConfig.Convert(AllTargets.MiniFile(mini), mini, CheckpointLayout.Transformers);
        config.Remove("assistant_token_id"); // so that it is looked up in the vocabulary
        config.Remove("tts_model_type");
        return new()
        {
            Files = new Dictionary<string, byte[]>
            {
                ["config.json"] = Encoding.UTF8.GetBytes(config.ToJsonString()),
                ["vocab.json"] = AllTargets.MiniFile("vocab.json"),
                ["processor_config.json"] = """{"audio_tokenizer": {"audio_tokenizer_name_or_path": "owner/codec"}}"""u8.ToArray(),
            },
            Mutate = (m, _, content) => m.MutateJson(content),
            Read = (folder, _) =>
            {
                TransformersConfig.CodecNames(folder).Count();
                read(folder);
                if (config.ContainsKey("talker_config"))
                    ConfigFile.ReadOfficial(Path.Combine(folder, "config.json"));
            },
        };
    }

    static FuzzTarget Names() => new()
    {
        Files = new Dictionary<string, byte[]>
        {
            ["model.safetensors"] = Write([Float32("model.embed_tokens.weight", 3, 4), BFloat16("text_projection.linear_1.weight", 2, 5),
                Float32("decoder.quantizer.semantic_residual_vector_quantizer.layers.0.codebook.embed_sum", 2),
                Float32("decoder.quantizer.semantic_residual_vector_quantizer.layers.0.codebook.initialized", 1)]),
        },
        Mutate = (m, _, content) => m.MutateSafetensors(content),
        Read = (folder, _) =>
        {
            using var weights = Weights.Open(folder);
            weights.Take("talker.model.codec_embedding.weight", 3, 4);
            weights.Take("talker.text_projection.linear_fc1.weight", 2, 5);
            weights.Take("decoder.quantizer.rvq_first.vq.layers.0._codebook.embedding_sum", 2);
            weights.Finish();
        },
    };
}
