using System.Text.Json.Nodes;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Cli;
using Qwen3Tts.Doctor.Folder;
using static Qwen3Tts.Tests.Checkpoint.SmallCheckpoints;

namespace Qwen3Tts.Tests.Checkpoint;

/// <summary>
/// Checkpoints from public bug reports. A different spelling is read; a checkpoint that cannot be used gives one error, which disappears if
/// its remedy is followed.
/// </summary>
public sealed class CheckpointReportsTests
{
    [Fact]
    public void RopeParametersOfNewerTransformersAreRead()
    {
        var folder = Copy(MiniModel);
        File.Copy(Report("checkpoint-transformers5-config", "config.json"), Path.Combine(folder, "config.json"), true);
        File.Copy(Report("checkpoint-transformers5-config", "codec-config.json"), Path.Combine(folder, "speech_tokenizer", "config.json"),
            true);
        Assert.Equal(Spoken(MiniModel), Spoken(folder));
    }

    [Theory]
    [InlineData("rope_theta", "5", "'talker_config.rope_parameters.rope_theta' is '5', expected that of talker_config.rope_theta")]
    [InlineData("rope_type", "\"yarn\"", "'talker_config.rope_parameters.rope_type' is 'yarn', expected default")]
    [InlineData("rope_type", "5", "'talker_config.rope_parameters.rope_type' is 5, expected text")]
    public void RopeParametersThatSayOtherwiseAreNamed(string key, string value, string expected)
    {
        var folder = Copy(MiniModel);
        Edit(Path.Combine(folder, "config.json"), c =>
            c["talker_config"]!["rope_parameters"] = new JsonObject { [key] = JsonNode.Parse(value) });
        Assert.Contains(expected, Refused(folder));
    }

    [Fact]
    public void ACustomVoiceThatKeepsItsSpeakerEncoderSpeaks()
    {
        var folder = Copy(Golden.Checkpoint("base-1b7"));
        Edit(Path.Combine(folder, "config.json"), c =>
        {
            c["tts_model_type"] = "custom_voice";
            c["talker_config"]!["spk_id"] = new JsonObject { ["reader"] = 5 };
            c["talker_config"]!["spk_is_dialect"] = new JsonObject { ["reader"] = false };
        });
        Assert.NotEmpty(Spoken(folder, speaker: "reader"));
        Assert.Empty(ModelReport.Load(folder).Problems);
        Assert.DoesNotContain(FolderCheck.FindProblems(folder, null), f => f.Id == "unreadable");
        Edit(Path.Combine(folder, "config.json"), c => c.AsObject().Remove("speaker_encoder_config"));
        Assert.NotEmpty(Spoken(folder, speaker: "reader"));
        Assert.Empty(ModelReport.Load(folder).Problems);
    }

    [Fact]
    public void WhatOneRefusesTheOthersRefuseInTheSameWords()
    {
        var folder = Copy(MiniModel);
        Edit(Path.Combine(folder, "config.json"), c => c["talker_config"]!["intermediate_size"] = 400);
        var message = Refused(folder);
        Assert.Equal([message], ModelReport.Load(folder).Problems);
        Assert.Equal([message], FolderCheck.FindProblems(folder, null).Select(f => f.Evidence));
    }

    [Theory]
    [InlineData("U32", 4)]
    [InlineData("F8_E4M3", 1)]
    public void AQuantisedFileIsOneError(string type, int bytes)
    {
        var folder = Copy(Golden.Checkpoint("base-1b7"));
        Rewrite(folder, (t, b) => t.Name.EndsWith("proj.weight", StringComparison.Ordinal) ? (type, new byte[t.Elements * bytes])
            : (t.Type.ToString(), b));
        var message = Refused(folder);
        Assert.Contains($"as '{type}'", message);
        Assert.Contains("take it as BF16", message);
        Assert.DoesNotContain("download it again", message);
        Golden.ReplaceWeights(Golden.Checkpoint("base-1b7"), folder); // the remedy
        Assert.NotEmpty(Spoken(folder));
    }

    [Fact]
    public void DoublesAreNarrowed()
    {
        var folder = Copy(Golden.Checkpoint("base-1b7"));
        Rewrite(folder, (t, b) => t.Name != "talker.model.norm.weight" ? (t.Type.ToString(), b)
            : ("F64", [.. Enumerable.Range(0, (int)t.Elements)
                .SelectMany(i => BitConverter.GetBytes(
                (double)BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(b, 2 * i) << 16)))]));
        Assert.Equal(Spoken(Golden.Checkpoint("base-1b7")), Spoken(folder));
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("speech_tokenizer/model.safetensors")]
    [InlineData("config.json")]
    [InlineData("merges.txt")]
    [InlineData("vocab.json")]
    public void APointerOfGitLfsIsOneError(string file)
    {
        var folder = Copy(MiniModel);
        File.WriteAllText(Path.Combine(folder, file), Pointer);
        var message = Refused(folder);
        Assert.Contains(file, message);
        Assert.Contains("'git lfs pull'", message);
        File.WriteAllBytes(Path.Combine(folder, file), File.ReadAllBytes(Path.Combine(MiniModel, file))); // the remedy
        Assert.NotEmpty(Spoken(folder));
    }

    [Fact]
    public void AMissingCodecFolderIsOneError()
    {
        var folder = Copy(MiniModel);
        Directory.Delete(Path.Combine(folder, "speech_tokenizer"), true);
        var message = Refused(folder);
        Assert.Contains("speech_tokenizer", message);
        Assert.Equal(message, Assert.Throws<DirectoryNotFoundException>(() => ModelReport.Load(folder)).Message);
        Assert.Equal([message], FolderCheck.FindProblems(folder, null).Select(f => f.Evidence));
        foreach (var file in Directory.GetFiles(Path.Combine(MiniModel, "speech_tokenizer")))
        {
            Directory.CreateDirectory(Path.Combine(folder, "speech_tokenizer")); // the remedy
            File.Copy(file, Path.Combine(folder, "speech_tokenizer", Path.GetFileName(file)));
        }
        Assert.NotEmpty(Spoken(folder));
    }

    [Theory]
    [InlineData("talker_config.num_hidden_layers", 16777216)]
    [InlineData("talker_config.num_code_groups", 16777216)]
    [InlineData("talker_config.intermediate_size", 16777216)]
    [InlineData("talker_config.text_vocab_size", 16777216)]
    [InlineData("talker_config.text_hidden_size", 7058750)]
    [InlineData("talker_config.vocab_size", 16777216)]
    [InlineData("talker_config.head_dim", 1073741824)]
    [InlineData("talker_config.num_attention_heads", 2300000)]
    [InlineData("talker_config.num_key_value_heads", 0)]
    [InlineData("talker_config.code_predictor_config.num_hidden_layers", 12000000)]
    [InlineData("talker_config.code_predictor_config.vocab_size", 15000000)]
    [InlineData("speaker_encoder_config.mel_dim", 4000000)]
    [InlineData("speaker_encoder_config.enc_attention_channels", 5949000)]
    [InlineData("speech_tokenizer/decoder_config.decoder_dim", 1048576)]
    [InlineData("speech_tokenizer/decoder_config.latent_dim", 1000000)]
    [InlineData("speech_tokenizer/decoder_config.num_hidden_layers", 16777216)]
    [InlineData("speech_tokenizer/encoder_config.num_filters", 4096)]
    [InlineData("speech_tokenizer/encoder_config.hidden_size", 6977438)]
    [InlineData("speech_tokenizer/encoder_config.num_residual_layers", 16777216)]
    [InlineData("speech_tokenizer/encoder_config.num_quantizers", 16777216)]
    [InlineData("speech_tokenizer/encoder_config.intermediate_size", 2718272)]
    public void ASizeThatTheTensorsDoNotHaveIsNamedBeforeItIsAllocated(string key, int value)
    {
        var folder = Copy(MiniModel);
        var file = Path.Combine(folder, key.StartsWith("speech_", StringComparison.Ordinal) ? "speech_tokenizer" : "", "config.json");
        var parts = key[(key.IndexOf('/', StringComparison.Ordinal) + 1)..].Split('.');
        Edit(file, c =>
        {
            c[parts[0]]![parts[1]] = parts.Length == 2 ? value : c[parts[0]]![parts[1]]!.DeepClone();
            if (parts.Length == 3)
                c[parts[0]]![parts[1]]![parts[2]] = value;
            if (parts[^1] == "num_code_groups")
                c["talker_config"]!["code_predictor_config"]!["num_code_groups"] = value;
        });
        var before = GC.GetTotalAllocatedBytes();
        var message = Refused(folder);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 100_000_000);
        Assert.Contains(file, message);
        Assert.Contains(string.Join('.', parts), message);
    }

    [Theory]
    [InlineData("decoder_config", "upsample_rates")]
    [InlineData("encoder_config", "upsampling_ratios")]
    public void RatesMultiplyWithinBounds(string part, string key)
    {
        var folder = Copy(MiniModel);
        Edit(Path.Combine(folder, "speech_tokenizer", "config.json"), c => c[part]![key] = new JsonArray(64, 64, 64, 64, 64, 64, 64, 64));
        Assert.Contains($"{part}.{key}", Refused(folder));
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("generation_config.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("vocab.json")]
    [InlineData("merges.txt")]
    [InlineData("speech_tokenizer/config.json")]
    public void AByteOrderMarkIsNoFault(string file)
    {
        var folder = Copy(MiniModel);
        var path = Path.Combine(folder, file);
        File.WriteAllBytes(path, [0xEF, 0xBB, 0xBF,
            .. System.Text.Encoding.UTF8.GetBytes(File.ReadAllText(path).Replace("\n", "\r\n", StringComparison.Ordinal))]);
        Assert.Equal(Spoken(MiniModel), Spoken(folder));
    }

    [Fact]
    public void AFileThatShrinksWhileItIsReadIsNamed()
    {
        var folder = Copy(MiniModel);
        var path = Path.Combine(folder, "model.safetensors");
        using var weights = Weights.Open(folder);
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.SetLength(file.Length / 2);
        var e = Assert.Throws<InvalidDataException>(() =>
        {
            foreach (var entry in weights.Entries)
                weights.Take(entry.Name, entry.Shape);
        });
        Assert.Contains(path, e.Message);
    }

    [Fact]
    public void SpeechEndsWhereTheModelsPositionsEnd()
    {
        var folder = Copy(MiniModel);
        var config = Path.Combine(folder, "config.json");
        Edit(config, c => c["talker_config"]!["max_position_embeddings"] = 40);
        using (var tts = Tts.Load(folder, new() { Threads = 1 }))
        {
            var options = new Qwen3Tts.Generation.SpeechOptions
            {
                Voice = new(new float[192]),
                Layout = Qwen3Tts.Sequence.Layout.Interleaved,
                Sampling = tts.Sampling with { MaxFrames = 200, Seed = 1 },
            };
            var stream = tts.Stream("Set white at B four now, and then set green at C five again.", options);
            Assert.Null(stream.FinishReason);
            Assert.NotEmpty(stream.ToList());
            Assert.Equal(Qwen3Tts.Generation.FinishReason.Context, stream.FinishReason);
            Assert.InRange(stream.Frames.Count, 1, 40);
            Assert.False(stream.Ended);
            var cut = tts.Stream("Set white.", options with { Sampling = options.Sampling with { MaxFrames = 2 } });
            Assert.NotEmpty(cut.ToList());
            Assert.Equal(Qwen3Tts.Generation.FinishReason.Length, cut.FinishReason);
        }
        Edit(config, c => c["talker_config"]!["max_position_embeddings"] = 4);
        using var small = Tts.Load(folder, new() { Threads = 1 });
        Assert.Contains("max_position_embeddings",
            Assert.Throws<ArgumentException>(() => small.Say("Set white.", new() { Voice = new(new float[192]) })).Message);
    }
}
