using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.Files;

namespace Qwen3Tts.Checkpoint;

/// <summary>A value of <c>spk_is_dialect</c>: false, or the name of the dialect's language.</summary>
/// <param name="Language">Null if the value is false.</param>
[JsonConverter(typeof(DialectJson))]
readonly record struct Dialect(string? Language)
{
    public override string ToString() => Language ?? "False";
}

sealed class DialectJson : JsonConverter<Dialect>
{
    public override bool HandleNull => true;

    public override Dialect Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.String => new(reader.GetString()),
        JsonTokenType.False or JsonTokenType.True or JsonTokenType.Null => new(null),
        _ => throw JsonProblem.CreateError("is neither false nor the name of a language"),
    };

    public override void Write(Utf8JsonWriter writer, Dialect value, JsonSerializerOptions options)
    {
        if (value.Language is { } language)
            writer.WriteStringValue(language);
        else
            writer.WriteBooleanValue(false);
    }
}
