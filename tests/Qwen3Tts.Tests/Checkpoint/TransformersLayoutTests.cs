using System.Text.Json.Nodes;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Cli;
using Qwen3Tts.Doctor.Folder;
using Qwen3Tts.Kernels;
using Qwen3Tts.Loading;
using static Qwen3Tts.Tests.Checkpoint.SmallCheckpoints;

namespace Qwen3Tts.Tests.Checkpoint;

/// <summary>Models in the layout of Hugging Face transformers: reading, writing, and both ways together.</summary>
public sealed class TransformersLayoutTests
{
    public static TheoryData<string> Models => [.. Golden.Checkpoints, ""];

    static string Folder(string model) => model.Length == 0 ? MiniModel : Golden.Checkpoint(model);

    static string? Speaker(string folder) => ModelFolder.Open(folder).Config.TalkerConfig.SpkId.Keys.FirstOrDefault();

    /// <summary>Name, type, shape and bytes of each tensor, with the names in the files.</summary>
    static Dictionary<string, string> Stored(string folder)
    {
        var all = new Dictionary<string, string>();
        foreach (var path in Directory.GetFiles(folder, "*.safetensors"))
        {
            using var file = SafetensorsFile.Open(path);
            foreach (var t in file.Tensors.Values)
            {
                var bytes = new byte[t.Bytes];
                file.Read(t, bytes);
                var hash = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes));
                all.Add(t.Name, $"{t.Type} [{string.Join(", ", t.Shape)}] {hash}");
            }
        }
        return all;
    }

    static JsonNode Config(string folder) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!;

    [Theory]
    [MemberData(nameof(Models))]
    public void AConvertedModelSpeaksTheSameBits(string model)
    {
        var (folder, speaker) = (Folder(model), Speaker(Folder(model)));
        var other = Converted(folder);
        Assert.Equal(Spoken(folder, speaker: speaker), Spoken(other, speaker: speaker));
        Assert.Empty(ModelReport.Load(other).Problems);
        Assert.Contains("transformers", ModelReport.Load(other).FileLayout, StringComparison.Ordinal);
        Assert.Equal(FolderCheck.FindProblems(folder, null).Where(f => f.Id != "stale_index").Select(f => f.Id),
            FolderCheck.FindProblems(other, null).Select(f => f.Id));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void ThereAndBackNothingChanges(string model)
    {
        var folder = Folder(model);
        var other = Converted(folder);
        var back = Converted(other, CheckpointLayout.Official);
        var again = Converted(back);
        foreach (var part in new[] { "", "speech_tokenizer" })
        {
            Assert.Equal(Stored(Path.Combine(folder, part)), Stored(Path.Combine(back, part)));
            Assert.True(JsonNode.DeepEquals(Config(Path.Combine(folder, part)), Config(Path.Combine(back, part))));
            Assert.Equal(Stored(Path.Combine(other, part)), Stored(Path.Combine(again, part)));
            Assert.True(JsonNode.DeepEquals(Config(Path.Combine(other, part)), Config(Path.Combine(again, part))));
        }
    }

    [Fact]
    public void ItsNamesAndKeysAreThoseOfTheIntegration()
    {
        var other = Converted(MiniModel);
        var names = Stored(other).Keys;
        Assert.DoesNotContain(names, n => n.StartsWith("talker.", StringComparison.Ordinal));
        Assert.Superset(new HashSet<string> { "model.embed_tokens.weight", "model.text_embedding.weight",
            "model.layers.0.mlp.up_proj.weight", "text_projection.linear_1.weight", "text_projection.linear_2.bias",
            "codec_head.weight", "code_predictor.lm_head.0.weight",
            "code_predictor.model.codec_embedding.0.weight", "speaker_encoder.fc.weight" }, names.ToHashSet());
        Assert.Superset(new HashSet<string> { "decoder.quantizer.semantic_residual_vector_quantizer.layers.0.codebook.embed_sum",
            "decoder.quantizer.acoustic_residual_vector_quantizer.layers.14.codebook.cluster_usage",
            "encoder.quantizer.semantic_residual_vector_quantizer.layers.0.codebook.embed_sum" },
            Stored(Path.Combine(other, "speech_tokenizer")).Keys.ToHashSet());
        var talker = Config(other)["talker_config"]!;
        Assert.True(JsonNode.DeepEquals(talker["rope_parameters"], JsonNode.Parse("""
            {"interleaved": false, "mrope_section": [8, 8, 8], "rope_type": "default", "type": "default", "rope_theta": 1000000}
            """)));
        Assert.Null(talker["rope_theta"]);
        Assert.Null(talker["rope_scaling"]);
        Assert.True(JsonNode.DeepEquals(talker["code_predictor_config"]!["rope_parameters"],
            JsonNode.Parse("""{"rope_theta": 1000000, "rope_type": "default"}""")));
        Assert.Equal("qwen3_tts_tokenizer_multi_codebook", (string?)Config(Path.Combine(other, "speech_tokenizer"))["model_type"]);
    }

    /// <summary>What the conversion script of the integration leaves out, follows from the other files.</summary>
    [Theory]
    [InlineData("base-0b6", "base", "0b6")]
    [InlineData("custom-1b7", "custom_voice", "1b7")]
    [InlineData("design-1b7", "voice_design", "1b7")]
    public void KeysThatTheIntegrationDropsAreFound(string model, string type, string size)
    {
        var other = Converted(Golden.Checkpoint(model));
        Edit(Path.Combine(other, "config.json"), c =>
        {
            foreach (var key in new[] { "assistant_token_id", "tts_model_type", "tts_model_size", "tokenizer_type" })
                c.AsObject().Remove(key);
            c["talker_config"]!["rope_parameters"]!.AsObject().Remove("interleaved");
        });
        Edit(Path.Combine(other, "speech_tokenizer", "config.json"), c =>
            c["decoder_config"]!.AsObject().Remove("num_semantic_quantizers"));
        Rewrite(Path.Combine(other, "speech_tokenizer"), more:
            "decoder.quantizer.semantic_residual_vector_quantizer.layers.0.codebook.initialized");
        var config = ModelFolder.Open(other).Config;
        Assert.Equal((type, size, 266), (config.TtsModelType, config.TtsModelSize, config.AssistantTokenId));
        var speaker = Speaker(other);
        Assert.Equal(Spoken(Golden.Checkpoint(model), speaker: speaker), Spoken(other, speaker: speaker));
        var back = Converted(other, CheckpointLayout.Official); // has the keys
        Assert.Equal((type, size, 266), ((string?)Config(back)["tts_model_type"], (string?)Config(back)["tts_model_size"],
            (int?)Config(back)["assistant_token_id"]));
        Assert.Equal(1, (int?)Config(Path.Combine(back, "speech_tokenizer"))["decoder_config"]!["num_semantic_quantizers"]);

        File.Delete(Path.Combine(other, "vocab.json"));
        Assert.Contains("assistant_token_id", Assert.Throws<InvalidDataException>(() => ModelFolder.Open(other)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void TheCodecMayLieBesideTheModel()
    {
        var other = Converted(MiniModel);
        var codec = Path.Combine(other, "speech_tokenizer");
        var parent = Path.GetDirectoryName(other)!;
        Move("Qwen3-TTS-Tokenizer-12Hz");
        Assert.Equal(Spoken(MiniModel), Spoken(other + Path.DirectorySeparatorChar));
        Move("my-codec");
        var message = Refused(other);
        Assert.Contains("speech_tokenizer", message, StringComparison.Ordinal);
        Assert.Contains("repository of its own", message, StringComparison.Ordinal);
        Assert.Equal([message], FolderCheck.FindProblems(other, null).Select(f => f.Evidence));
        Assert.Throws<DirectoryNotFoundException>(() => Converted(other, CheckpointLayout.Official));
        Assert.Equal(Spoken(MiniModel), Spoken(Converted(other, CheckpointLayout.Official, codec: codec)));
        File.WriteAllText(Path.Combine(other, "processor_config.json"),
            """{"audio_tokenizer": {"audio_tokenizer_name_or_path": "owner/my-codec"}}""");
        Assert.Equal(Spoken(MiniModel), Spoken(other));
        File.WriteAllText(Path.Combine(other, "processor_config.json"),
            """{"audio_tokenizer": {"audio_tokenizer_name_or_path": "owner/\ud800.."}}""");
        Assert.Equal(message, Refused(other));

        void Move(string name)
        {
            Directory.Move(codec, Path.Combine(parent, name));
            codec = Path.Combine(parent, name);
        }
    }

    /// <summary>A model of the official layout does not look for its codec in other places.</summary>
    [Fact]
    public void AnOfficialModelTakesNoOtherCodec()
    {
        var folder = Path.Combine(Scratch.New(), "model");
        Directory.Move(Copy(MiniModel), folder);
        Directory.Move(Path.Combine(folder, "speech_tokenizer"), Path.Combine(folder, "..", "Qwen3-TTS-Tokenizer-12Hz"));
        Assert.Contains("speech_tokenizer", Refused(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsWrittenFromItIsOfficial()
    {
        var other = Converted(MiniModel);
        var (a, b) = (Path.Combine(Scratch.New(), "a"), Path.Combine(Scratch.New(), "b"));
        QuantizedModel.Write(ModelFolder.Open(MiniModel), a, WeightType.Int8, _ => { }, default);
        QuantizedModel.Write(ModelFolder.Open(other), b, WeightType.Int8, _ => { }, default);
        foreach (var part in new[] { "", "speech_tokenizer" })
        {
            Assert.Equal(Stored(Path.Combine(a, part)), Stored(Path.Combine(b, part)));
            Assert.True(JsonNode.DeepEquals(Config(Path.Combine(a, part)), Config(Path.Combine(b, part))));
        }
        Assert.Contains("quantised", Assert.Throws<InvalidDataException>(() => Converted(a)).Message, StringComparison.Ordinal);
        foreach (var (folder, layout) in new[] { (other, CheckpointLayout.Transformers), (MiniModel, CheckpointLayout.Official) })
            Assert.Contains("already", Assert.Throws<InvalidDataException>(() => Converted(folder, layout)).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void OtherAnglesOfTheCodePredictorAreAFinding()
    {
        var other = Converted(MiniModel);
        Edit(Path.Combine(other, "config.json"), c =>
            c["talker_config"]!["code_predictor_config"]!["rope_parameters"]!["rope_theta"] = 500000);
        Assert.Contains(FolderCheck.FindProblems(other, null), f => f.Id == "rope_theta_differs");
    }
}
