using System.Text.Json.Nodes;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;

namespace Qwen3Tts.Tests;

/// <summary>The codec's folder is read strictly: every key of config.json, and every tensor is used or known to be unused.</summary>
public sealed class CodecCheckpointTests
{
    [Theory]
    [InlineData("encoder_valid_num_quantizers")]
    [InlineData("decode_upsample_rate")]
    [InlineData("decoder_config", "sliding_window")]
    [InlineData("decoder_config", "upsample_rates")]
    [InlineData("decoder_config", "rms_norm_eps")]
    [InlineData("encoder_config", "_frame_rate")]
    [InlineData("encoder_config", "compress")]
    [InlineData("encoder_config", "rope_theta")]
    public void AMissingKeyIsNamed(params string[] parts) => Rejects(parts, parent => parent.Remove(parts[^1]));

    [Theory]
    [InlineData("3", "output_sample_rate")]
    [InlineData("960", "encode_downsample_rate")]
    [InlineData("15", "encoder_valid_num_quantizers")]
    [InlineData("\"gelu\"", "decoder_config", "hidden_act")]
    [InlineData("[8, 5, 4, 0]", "decoder_config", "upsample_rates")]
    [InlineData("0", "decoder_config", "head_dim")]
    [InlineData("2", "decoder_config", "num_semantic_quantizers")]
    [InlineData("true", "encoder_config", "use_conv_shortcut")]
    [InlineData("\"reflect\"", "encoder_config", "pad_mode")]
    [InlineData("0", "encoder_config", "_frame_rate")]
    public void AValueThatCannotBeIsNamed(string json, params string[] parts) =>
        Rejects(parts, parent => parent[parts[^1]] = JsonNode.Parse(json));

    [Fact]
    public void KeysOfWhatIsNotThereMayBeAbsent()
    {
        foreach (var folder in new[] { CodecGoldens.Folder, Path.Combine(Mini.Model, "speech_tokenizer") })
            Assert.Equal(16, CodecConfig.Read(Path.Combine(folder, "config.json")).EncoderValidNumQuantizers);
    }

    [Fact]
    public void AForeignTensorAndAMissingOneAreNamedTogether()
    {
        using var source = SafetensorsFile.Open(Path.Combine(CodecGoldens.Folder, "model.safetensors"));
        const string gone = "decoder.pre_conv.conv.bias";
        var folder = Scratch.New();
        File.Copy(Path.Combine(CodecGoldens.Folder, "config.json"), Path.Combine(folder, "config.json"));
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"),
            [.. source.Tensors.Values.Where(t => t.Name != gone).Select(t => TensorToWrite.Copy(source, t)),
            TensorToWrite.FromArray("decoder.foreign", [1], [1f])]);
        var e = Assert.Throws<InvalidDataException>(() => SpeechCodec.Load(folder));
        Assert.Contains(gone, e.Message);
        Assert.Contains("decoder.foreign", e.Message);
    }

    [Fact]
    public void AFolderWithoutConfigIsNamed() =>
        Assert.Contains("config.json", Assert.Throws<FileNotFoundException>(() => SpeechCodec.Load(Scratch.New())).Message);

    static void Rejects(string[] parts, Action<JsonObject> spoil)
    {
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(CodecGoldens.Folder, "config.json")))!.AsObject();
        var parent = config;
        foreach (var part in parts[..^1])
            parent = parent[part]!.AsObject();
        spoil(parent);
        var path = Path.Combine(Scratch.New(), "config.json");
        File.WriteAllText(path, config.ToJsonString());
        var e = Assert.Throws<InvalidDataException>(() => CodecConfig.Read(path));
        Assert.Contains(path, e.Message);
        Assert.Contains(parts[^1], e.Message);
    }
}
