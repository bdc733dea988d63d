using Qwen3Tts.Checkpoint;
using static Qwen3Tts.Tests.Checkpoint.SmallCheckpoints;

namespace Qwen3Tts.Tests.Checkpoint;

/// <summary>Adapters of PEFT that was applied to a module of the model: their names lack the prefix of that module.</summary>
public sealed class AdapterReportsTests
{
    [Fact]
    public void AnAdapterOfTheTalkerSoundsLikeOneOfTheWhole()
    {
        Assert.SkipUnless(Golden.Folder == Path.Combine(Golden.Repository, "tests", "Golden"),
            "The adapters are for the repository's golden checkpoint.");
        var model = Golden.Checkpoint("base-1b7");
        var whole = Spoken(model, Report("adapter-of-talker", "whole"));
        Assert.NotEqual(Spoken(model), whole);
        Assert.Equal(whole, Spoken(model, Report("adapter-of-talker", "talker")));
        Assert.Equal(whole, Spoken(model, Report("adapter-of-talker", "talker-model")));
    }

    /// <summary>Talker and code predictor both have a layer 0 with these shapes; only the full names distinguish them.</summary>
    [Fact]
    public void AmbiguousNamesAreRefused()
    {
        var @base = Scratch.New();
        string[] modules = ["talker.model.layers.0.mlp.up_proj", "talker.code_predictor.model.layers.0.mlp.up_proj"];
        SafetensorsWriter.Write(Path.Combine(@base, "model.safetensors"),
            [.. modules.Select(m => TensorToWrite.FromArray($"{m}.weight", [4, 3], new float[12]))]);
        using var weights = Weights.Open(@base);
        var message = Assert.Throws<InvalidDataException>(() => weights.Add(Written("layers.0.mlp.up_proj"))).Message;
        Assert.Contains("'talker.model.'", message);
        Assert.Contains("'talker.code_predictor.model.'", message);
        weights.Add(Written(modules[0])); // the remedy
        Assert.Contains("'layers.9.x.weight'", Assert.Throws<InvalidDataException>(() => weights.Add(Written("layers.9.x"))).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("\u001b[31m")]
    public void AHashOfAnyLengthIsCompared(string hash)
    {
        var @base = Scratch.New();
        SafetensorsWriter.Write(Path.Combine(@base, "model.safetensors"),
            [TensorToWrite.FromArray("talker.a.weight", [4, 3], new float[12])]);
        using var weights = Weights.Open(@base);
        var message = Assert.Throws<InvalidDataException>(() => weights.Add(Written("talker.a", hash))).Message;
        Assert.Contains("hash", message);
        Assert.DoesNotContain(message, char.IsControl);
    }

    static Adapter Written(string module, string? hash = null)
    {
        var folder = Scratch.New("adapter");
        File.WriteAllText(Path.Combine(folder, Adapter.ConfigName), """{"peft_type": "LORA"}""");
        SafetensorsWriter.Write(Path.Combine(folder, Adapter.TensorsName),
            [TensorToWrite.FromArray($"{Adapter.Prefix}{module}{Adapter.Down}", [1, 3], [1f, 2, 3]),
                TensorToWrite.FromArray($"{Adapter.Prefix}{module}{Adapter.Up}", [4, 1], [1f, 2, 3, 4])],
            hash is null ? null : new Dictionary<string, string> { [Adapter.BaseKey] = hash });
        return Adapter.Open(folder);
    }
}
