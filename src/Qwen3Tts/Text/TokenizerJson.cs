// The JSON files of a tokenizer, as data: tokenizer.json of the tokenizers library (which is all that newer transformers saves) and the
// two keys that are read of others. Merges are pairs in newer files and texts with a blank in older ones.
using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.Files;

namespace Qwen3Tts.Text;

/// <summary>tokenizer.json.</summary>
sealed record TokenizerJson(TokenizerModel Model)
{
    public IReadOnlyList<AddedToken>? AddedTokens { get; init; }
}

/// <summary>Its byte pair encoding. The keys after the merges change ids; no tokenizer of these models has them set.</summary>
sealed record TokenizerModel(string Type, Dictionary<string, int> Vocab, Merge[] Merges)
{
    public string? ContinuingSubwordPrefix { get; init; }
    public string? EndOfWordSuffix { get; init; }
    public bool IgnoreMerges { get; init; }
    public bool ByteFallback { get; init; }
    public double? Dropout { get; init; }
}

/// <summary>A token beside the vocabulary, here and in <c>added_tokens_decoder</c>, where the id is the key.</summary>
sealed record AddedToken
{
    public int? Id { get; init; }
    public string? Content { get; init; }
    public bool Lstrip { get; init; }
    public bool Rstrip { get; init; }
    public bool SingleWord { get; init; }
    public bool Normalized { get; init; }
}

/// <summary>tokenizer_config.json.</summary>
sealed record TokenizerConfig
{
    public Dictionary<string, AddedToken>? AddedTokensDecoder { get; init; }
}

/// <summary>What decides on the pre-tokenizer in config.json.</summary>
sealed record VersionOfConfig
{
    public string? TransformersVersion { get; init; }
}

/// <summary>Two tokens that become one.</summary>
[JsonConverter(typeof(MergeJson))]
readonly record struct Merge(string Left, string Right);

sealed class MergeJson : JsonConverter<Merge>
{
    public override Merge Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
            return Split(reader.GetString()!) ?? throw JsonProblem.Said("is not two tokens with a blank between them");
        if (reader.TokenType != JsonTokenType.StartArray)
            throw JsonProblem.Said("is neither a text nor a list of two");
        var pair = new string?[2];
        for (var i = 0; i < pair.Length; i++)
        {
            reader.Read();
            pair[i] = reader.TokenType == JsonTokenType.String ? reader.GetString() : throw JsonProblem.Said("is not a list of two texts");
        }
        reader.Read();
        return reader.TokenType == JsonTokenType.EndArray ? new(pair[0]!, pair[1]!) : throw JsonProblem.Said("is not a list of two texts");
    }

    /// <summary>Null where the line is none.</summary>
    public static Merge? Split(ReadOnlySpan<char> line)
    {
        var blank = line.IndexOf(' ');
        return blank <= 0 || blank == line.Length - 1 || line[(blank + 1)..].Contains(' ') ? null
            : new(line[..blank].ToString(), line[(blank + 1)..].ToString());
    }

    public override void Write(Utf8JsonWriter writer, Merge value, JsonSerializerOptions options) => throw new NotSupportedException();
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TokenizerJson))]
[JsonSerializable(typeof(TokenizerConfig))]
[JsonSerializable(typeof(VersionOfConfig))]
[JsonSerializable(typeof(Dictionary<string, int>))]
sealed partial class TextJson : JsonSerializerContext;
