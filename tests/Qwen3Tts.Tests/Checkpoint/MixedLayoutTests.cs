using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Folder;
using static Qwen3Tts.Tests.Checkpoint.SmallCheckpoints;

namespace Qwen3Tts.Tests.Checkpoint;

/// <summary>A folder that mixes the official layout with that of Hugging Face transformers is refused with one clear error.</summary>
public sealed class MixedLayoutTests
{
    /// <summary>The checkpoint of tests in which only names matter.</summary>
    static string Small => Golden.Checkpoint("base-0b6");

    [Theory]
    [InlineData("talker.model.norm.weight", "model.norm.weight")]
    [InlineData("talker.model.codec_embedding.weight", "talker.model.embed_tokens.weight")]
    [InlineData("talker.model.codec_embedding.weight", "model.codec_embedding.weight")]
    [InlineData("talker.text_projection.linear_fc1.bias", "text_projection.linear_1.bias")]
    [InlineData("talker.text_projection.linear_fc1.bias", "text_projection.linear_fc1.bias")]
    [InlineData("talker.code_predictor.lm_head.3.weight", "code_predictor.lm_head.3.weight")]
    public void TensorsOfBothLayoutsAreRefused(string from, string to)
    {
        var folder = Copy(Small);
        Rewrite(folder, name: n => n == from ? to : n);
        var message = Refused(folder);
        Assert.Contains("mixes two layouts", message, StringComparison.Ordinal);
        Assert.Contains($"'{to}'", message, StringComparison.Ordinal);
        Assert.Contains("'talker.", message, StringComparison.Ordinal);
        Assert.Equal([message], FolderCheck.FindProblems(folder, null).Select(f => f.Evidence));
    }

    [Theory]
    [InlineData("decoder.quantizer.rvq_rest.output_proj.weight", "decoder.quantizer.acoustic_residual_vector_quantizer.output_proj.weight")]
    [InlineData("decoder.quantizer.rvq_first.vq.layers.0._codebook.embedding_sum",
        "decoder.quantizer.rvq_first.layers.0.codebook.embed_sum")]
    public void ACodecOfBothLayoutsIsRefused(string from, string to)
    {
        var folder = Copy(Small);
        Rewrite(Path.Combine(folder, "speech_tokenizer"), name: n => n == from ? to : n);
        var message = Refused(folder);
        Assert.Contains("mixes two layouts", message, StringComparison.Ordinal);
        Assert.Contains($"'{to}'", message, StringComparison.Ordinal);
        Assert.Equal([message], FolderCheck.FindProblems(folder, null).Select(f => f.Evidence));
    }

    [Theory]
    [InlineData("", "config.json")]
    [InlineData("", "model.safetensors")]
    [InlineData("speech_tokenizer", "config.json")]
    [InlineData("speech_tokenizer", "model.safetensors")]
    public void AConfigurationOfTheOtherLayoutIsRefused(string part, string file)
    {
        var folder = Copy(Small);
        File.Copy(Path.Combine(Converted(Small), part, file), Path.Combine(folder, part, file), true);
        var message = Refused(folder);
        Assert.Contains("mixes two layouts", message, StringComparison.Ordinal);
        Assert.Contains("official layout", message, StringComparison.Ordinal);
        Assert.Contains("layout of Hugging Face transformers", message, StringComparison.Ordinal);
        Assert.Contains(part.Length > 0 ? "model_type" : "talker_config.rope_", message, StringComparison.Ordinal);
        Assert.Contains(message, FolderCheck.FindProblems(folder, null).Select(f => f.Evidence));
    }

    [Fact]
    public void HostileNamesAreShortOneLineErrors()
    {
        var names = new[] { "model.\n\u001b[31m", "talker.model.\u202e", new string('x', 5000), "decoder.quantizer..layers..layers.",
            "model.", "talker.", "code_predictor.\ud83d\ude00", "decoder.quantizer." + new string('.', 3000) + "rvq_first." };
        foreach (var layout in new[] { CheckpointLayout.Official, CheckpointLayout.Transformers })
            foreach (var name in names)
            {
                var folder = layout == CheckpointLayout.Official ? Copy(Small) : Converted(Small);
                Rewrite(folder, more: name);
                Refused(folder);
                Assert.NotEmpty(FolderCheck.FindProblems(folder, null));
            }
    }
}
