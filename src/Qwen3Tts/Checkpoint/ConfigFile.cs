// Reads JSON configurations and checks that their values are possible. An error names the file, the key and what to do.
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Qwen3Tts.Files;

namespace Qwen3Tts.Checkpoint;

static class ConfigFile
{
    const string Remedy = "Take the file of the released model, or of the run that wrote the checkpoint.";

    /// <summary>
    /// The largest size of any kind: 100 times the largest vocabulary of the released models. The product of two sizes fits a long.
    /// </summary>
    public const int LargestSize = 1 << 24;

    /// <summary>
    /// The largest number of attention heads. Released models have 16. Attention stores heads x positions scores; with this many heads they
    /// fit one array up to two million positions.
    /// </summary>
    const int MostHeads = 1 << 10;

    /// <exception cref="InvalidDataException">The file is not JSON, a key is missing, or a value is of another kind or out of
    /// range.</exception>
    public static ModelConfig ReadModel(string path) => ParseModel(WholeFile.Read(path), path);

    /// <summary>As above, from the bytes of a file.</summary>
    public static ModelConfig ParseModel(ReadOnlySpan<byte> utf8, string path)
    {
        var (layout, completed) = TransformersConfig.Complete(utf8.ToArray(), path);
        var config = JsonFile.Parse(completed, path, ConfigJson.Default.ModelConfig, Remedy) with { Layout = layout };
        config.Check(path);
        return config;
    }

    /// <summary>The whole file with the official keys, also those that this program does not know.</summary>
    /// <param name="path">A file that was read before without errors, but may have changed since.</param>
    public static JsonObject ReadOfficial(string path)
    {
        var utf8 = WholeFile.Read(path);
        return ParseModel(utf8, path).Layout?.Layout == CheckpointLayout.Transformers
            ? TransformersConfig.Convert(utf8, path, CheckpointLayout.Official) : JsonNode.Parse(TextFile.Decode(utf8, path))!.AsObject();
    }

    public static T Read<T>(string path, JsonTypeInfo<T> type) => JsonFile.Read(path, type, Remedy);

    public static CodecConfig ReadCodec(string path) =>
        JsonFile.Parse(TransformersConfig.Complete(WholeFile.Read(path), path).Utf8, path, ConfigJson.Default.CodecConfig, Remedy);

    public static void CheckSize(string place, string key, int value)
    {
        if (value is < 1 or > LargestSize)
            throw Bad(place, key, value, $"a size of 1 to {LargestSize}");
    }

    public static void CheckHeads(string place, string part, int heads, int keyValueHeads, int headDim)
    {
        if (heads > MostHeads)
            throw Bad(place, $"{part}.num_attention_heads", heads, $"at most {MostHeads}");
        if (heads % keyValueHeads != 0)
            throw Bad(place, $"{part}.num_key_value_heads", keyValueHeads, $"a divisor of num_attention_heads, {heads}");
        if (headDim % 2 != 0 || (long)heads * headDim > LargestSize)
            throw Bad(place, $"{part}.head_dim", headDim,
                $"an even number that times num_attention_heads, {heads}, is at most {LargestSize}");
    }

    public static InvalidDataException Missing(string place, string key) =>
        new($"{place}: '{Printable.Text(key)}' is missing. {Remedy}");

    public static InvalidDataException Bad(string place, string key, object? value, string expected) =>
        new($"{place}: '{Printable.Text(key)}' is '{Printable.Text(FormattableString.Invariant($"{value}"))}', "
            + $"expected {expected}. {Remedy}");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ModelConfig))]
[JsonSerializable(typeof(CodecConfig))]
[JsonSerializable(typeof(GenerationConfig))]
[JsonSerializable(typeof(AdapterConfig))]
sealed partial class ConfigJson : JsonSerializerContext;
