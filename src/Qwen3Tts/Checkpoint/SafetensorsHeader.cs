// Reads the JSON header of a safetensors file token by token, because some headers have tens of thousands of entries.
using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.Files;

namespace Qwen3Tts.Checkpoint;

/// <summary>The header's entry of one tensor, unchecked. The offsets count from the end of the header.</summary>
sealed record HeaderEntry(string Dtype, long[] Shape, long From, long To);

[JsonConverter(typeof(HeaderJson))]
sealed record SafetensorsHeader(Dictionary<string, HeaderEntry> Tensors, Dictionary<string, string> Metadata);

sealed class HeaderJson : JsonConverter<SafetensorsHeader>
{
    public override SafetensorsHeader Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        var header = new SafetensorsHeader([], []);
        Begin(ref reader, JsonTokenType.StartObject, "is not an object");
        while (Key(ref reader) is { } name)
            if (name == "__metadata__")
                ReadMetadata(ref reader, header.Metadata);
            else if (!header.Tensors.TryAdd(name, ReadEntry(ref reader)))
                throw JsonProblem.CreateError("appears twice");
        return header;
    }

    static void ReadMetadata(ref Utf8JsonReader reader, Dictionary<string, string> metadata)
    {
        Begin(ref reader, JsonTokenType.StartObject, "is not an object");
        while (Key(ref reader) is { } key)
            metadata[key] = Text(ref reader);
    }

    static HeaderEntry ReadEntry(ref Utf8JsonReader reader)
    {
        string? dtype = null;
        long[]? shape = null, offsets = null;
        Begin(ref reader, JsonTokenType.StartObject, "is not an object");
        while (Key(ref reader) is { } key)
            switch (key)
            {
                case "dtype": dtype = Text(ref reader); break;
                case "shape": shape = Numbers(ref reader); break;
                case "data_offsets": offsets = Numbers(ref reader); break;
                default: reader.Skip(); break;
            }
        if (offsets is { Length: not 2 })
            throw JsonProblem.CreateError($"has {offsets.Length} data_offsets, expected two");
        return new(dtype ?? throw JsonProblem.CreateError("has no 'dtype'"), shape ?? throw JsonProblem.CreateError("has no 'shape'"),
            offsets?[0] ?? throw JsonProblem.CreateError("has no 'data_offsets'"), offsets[1]);
    }

    static void Begin(ref Utf8JsonReader reader, JsonTokenType expected, string otherwise)
    {
        if (reader.TokenType != expected)
            throw JsonProblem.CreateError(otherwise);
    }

    /// <summary>The next key, with the reader on its value; null at the end of the object.</summary>
    static string? Key(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.EndObject)
            return null;
        var key = reader.GetString();
        reader.Read();
        return key;
    }

    static string Text(ref Utf8JsonReader reader)
    {
        Begin(ref reader, JsonTokenType.String, "is not a text");
        return reader.GetString()!;
    }

    static long[] Numbers(ref Utf8JsonReader reader)
    {
        Begin(ref reader, JsonTokenType.StartArray, "is not a list");
        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            numbers.Add(reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var n) ? n
                : throw JsonProblem.CreateError("is not a whole number"));
        return [.. numbers];
    }

    public override void Write(Utf8JsonWriter writer, SafetensorsHeader value, JsonSerializerOptions options) =>
        throw new NotSupportedException();
}
