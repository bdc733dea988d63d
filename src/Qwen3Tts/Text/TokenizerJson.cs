// The JSON files of a tokenizer as records: tokenizer.json of the tokenizers library (the only file that newer versions of transformers
// save), and two keys of other files. A merge is a list of two tokens in newer files, and a text with a blank in it in older ones.
using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.Files;

namespace Qwen3Tts.Text;

/// <summary>tokenizer.json.</summary>
sealed record TokenizerJson(TokenizerModel Model)
{
    public IReadOnlyList<AddedToken>? AddedTokens { get; init; }
}

/// <summary>The byte pair encoding in it. The keys after the merges would change ids; no tokenizer of these models sets them.</summary>
sealed record TokenizerModel(string Type, Dictionary<string, int> Vocab, Merge[] Merges)
{
    public string? ContinuingSubwordPrefix { get; init; }
    public string? EndOfWordSuffix { get; init; }
    public bool IgnoreMerges { get; init; }
    public bool ByteFallback { get; init; }
    public double? Dropout { get; init; }
}

/// <summary>A token that is not in the vocabulary. It also stands in <c>added_tokens_decoder</c>, where the id is the key.</summary>
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

/// <summary>The key of config.json that decides on the pre-tokenizer.</summary>
sealed record VersionOfConfig
{
    public string? TransformersVersion { get; init; }
}

/// <summary>Two tokens that merge into one.</summary>
[JsonConverter(typeof(MergeJson))]
readonly record struct Merge(string Left, string Right);

sealed class MergeJson : JsonConverter<Merge>
{
    public override Merge Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
            return Split(reader.GetString()!) ?? throw JsonProblem.CreateError("is not two tokens with a blank between them");
        if (reader.TokenType != JsonTokenType.StartArray)
            throw JsonProblem.CreateError("is neither a text nor a list of two");
        var pair = new string?[2];
        for (var i = 0; i < pair.Length; i++)
        {
            reader.Read();
            pair[i] = reader.TokenType == JsonTokenType.String ? reader.GetString()
                : throw JsonProblem.CreateError("is not a list of two texts");
        }
        reader.Read();
        return reader.TokenType == JsonTokenType.EndArray ? new(pair[0]!, pair[1]!)
            : throw JsonProblem.CreateError("is not a list of two texts");
    }

    /// <summary>The two tokens of a line, or null if the line does not have two.</summary>
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
