using System.Text.Json.Nodes;
using Qwen3Tts.Checkpoint;

namespace Qwen3Tts.Tests.Checkpoint;

public sealed class WeightsTests
{
    static string Folder(params (string Name, int[] Shape)[] tensors)
    {
        var folder = Scratch.New();
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"),
            [.. tensors.Select(t => TensorToWrite.FromArray(t.Name, t.Shape, new float[t.Shape.Aggregate(1, (a, b) => a * b)]))]);
        return folder;
    }

    /// <summary>Rows that stay in a file are those of the file whose header was read.</summary>
    [Fact]
    public void AFileThatIsReplacedBeforeItsRowsAreReadIsNoticed()
    {
        var folder = Folder(("rows", [2, 3]));
        using var weights = Weights.Open(folder);
        Assert.Equal(2, weights.OpenRows("rows", 2, 3)!.Rows);
        var path = Path.Combine(folder, "model.safetensors");
        File.Copy(path, path + "2");
        File.SetLastWriteTimeUtc(path + "2", new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.Move(path + "2", path, overwrite: true);
        var error = Assert.Throws<InvalidDataException>(() => weights.OpenRows("rows", 2, 3));
        Assert.Contains("Load the model again.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OneErrorNamesEverything()
    {
        using var weights = Weights.Open(Folder(("a", [2]), ("b", [2, 3]), ("stray", [1]), ("foreign.x", [1])));
        weights.Float32("a", 2);
        weights.Float32("b", 3, 2);
        weights.Float32("c", 4);
        var e = Assert.Throws<InvalidDataException>(() => weights.Finish(n => n.StartsWith("foreign.", StringComparison.Ordinal)));
        Assert.Contains("c [4]", e.Message);
        Assert.Contains("b [2, 3], expected [3, 2]", e.Message);
        Assert.Contains("stray", e.Message);
        Assert.DoesNotContain("foreign", e.Message);
    }

    [Fact]
    public void ShardsAreOneCheckpoint()
    {
        var sharded = Golden.Checkpoints.Where(c => File.Exists(Path.Combine(Golden.Checkpoint(c), "model.safetensors.index.json")))
            .ToList();
        Assert.SkipWhen(sharded.Count == 0, "This golden set has no sharded checkpoint.");
        var source = Golden.Checkpoint(sharded[0]);
        using (var weights = Weights.Open(source))
            Assert.Contains("talker.codec_head.weight", weights.Entries.Select(e => e.Name));

        var copy = Scratch.New();
        foreach (var f in Directory.GetFiles(source))
            File.Copy(f, Path.Combine(copy, Path.GetFileName(f)));
        var index = Path.Combine(copy, "model.safetensors.index.json");
        var text = File.ReadAllText(index);
        var json = JsonNode.Parse(text)!;
        json["weight_map"]!["talker.phantom"] = json["weight_map"]!["talker.codec_head.weight"]!.GetValue<string>();
        File.WriteAllText(index, json.ToJsonString());
        Assert.Contains("talker.phantom", Assert.Throws<InvalidDataException>(() => Weights.Open(copy)).Message);
        json["weight_map"]!.AsObject().Remove("talker.phantom");
        json["weight_map"]!.AsObject().Remove("talker.codec_head.weight");
        File.WriteAllText(index, json.ToJsonString());
        Assert.Contains("talker.codec_head.weight", Assert.Throws<InvalidDataException>(() => Weights.Open(copy)).Message);
        json["weight_map"]!["talker.codec_head.weight"] = "../elsewhere.safetensors";
        File.WriteAllText(index, json.ToJsonString());
        Assert.Contains("elsewhere", Assert.Throws<InvalidDataException>(() => Weights.Open(copy)).Message);
        File.WriteAllText(index, text);
        File.Delete(Directory.GetFiles(copy, "model-*.safetensors")[0]);
        Assert.Throws<FileNotFoundException>(() => Weights.Open(copy));
    }

    [Fact]
    public void AStaleIndexBesideASingleFileIsIgnored()
    {
        var folder = Folder(("a", [2]));
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), """{"weight_map":{"b":"model-00001-of-00002.safetensors"}}""");
        using var weights = Weights.Open(folder);
        Assert.Equal(["a"], weights.Entries.Select(e => e.Name));
    }

    public static TheoryData<string> RequiredKeys =>
        [.. Keys(JsonNode.Parse(File.ReadAllText(Path.Combine(Golden.Checkpoint("base-1b7"), "config.json")))!.AsObject(), "")];

    // Every key that the reader has a property for. The file has many more keys, which are not read.
    static IEnumerable<string> Keys(JsonObject o, string prefix)
    {
        string[] read = ["tts_model_type", "tts_model_size", "im_start_token_id", "im_end_token_id", "assistant_token_id",
            "tts_pad_token_id", "tts_bos_token_id", "tts_eos_token_id", "talker_config",
            "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim",
                "hidden_act", "rms_norm_eps", "rope_theta", "vocab_size", "num_code_groups", "attention_bias",
            "text_vocab_size", "text_hidden_size", "rope_scaling", "codec_pad_id", "codec_bos_id", "codec_eos_token_id", "codec_think_id",
                "codec_nothink_id", "codec_think_bos_id", "codec_think_eos_id", "codec_language_id", "spk_id", "spk_is_dialect",
                "code_predictor_config"];
        foreach (var (key, value) in o)
        {
            if (read.Contains(key) && !(prefix.Contains("predictor", StringComparison.Ordinal) && key == "rope_scaling"))
                yield return prefix + key;
            if (key is "talker_config" or "code_predictor_config")
                foreach (var k in Keys(value!.AsObject(), prefix + key + "."))
                    yield return k;
        }
    }

    [Theory, MemberData(nameof(RequiredKeys))]
    public void AMissingKeyIsNamed(string key)
    {
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(Golden.Checkpoint("base-1b7"), "config.json")))!;
        var parts = key.Split('.');
        var at = config;
        foreach (var p in parts[..^1])
            at = at[p]!;
        at.AsObject().Remove(parts[^1]);
        var path = Path.Combine(Scratch.New(), "config.json");
        File.WriteAllText(path, config.ToJsonString());
        var e = Assert.Throws<InvalidDataException>(() => ConfigFile.ReadModel(path));
        Assert.Contains(path, e.Message);
        Assert.Contains(parts[^1], e.Message);
    }

    [Fact]
    public void EveryReleasedTopologyIsRead()
    {
        Assert.All(Golden.Checkpoints, c => ModelFolder.Open(Golden.Checkpoint(c)));
        Assert.True(ModelFolder.Open(Mini.Model).Config.CanClone);
    }

    [Fact]
    public void ASpeakerEncoderWithTwoKeysHasTheClassDefaults()
    {
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(Golden.Checkpoint("base-1b7"), "config.json")))!;
        config["speaker_encoder_config"] = new JsonObject
        {
            ["enc_dim"] = config["talker_config"]!["hidden_size"]!.GetValue<int>(),
            ["sample_rate"] = 24000
        };
        var path = Path.Combine(Scratch.New(), "config.json");
        File.WriteAllText(path, config.ToJsonString());
        var s = ConfigFile.ReadModel(path).SpeakerEncoderConfig!;
        Assert.Equal([512, 512, 512, 512, 1536], s.EncChannels);
        Assert.Equal([5, 3, 3, 3, 1], s.EncKernelSizes);
        Assert.Equal([1, 2, 3, 4, 1], s.EncDilations);
        Assert.Equal((128, 128, 8, 128), (s.MelDim, s.EncAttentionChannels, s.EncRes2netScale, s.EncSeChannels));
    }
}
