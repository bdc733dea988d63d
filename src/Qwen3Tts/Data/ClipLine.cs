// One clip in a JSON list. The official keys, and those of ms-swift and LLaMA-Factory (messages, audios), NeMo (audio_filepath) and Hugging
// Face (file_name, transcription).
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Qwen3Tts.Data;

sealed record ClipLine
{
    [JsonPropertyName("audio")] public string? Audio { get; init; }
    [JsonPropertyName("audio_file")] public string? AudioFile { get; init; }
    [JsonPropertyName("audio_path")] public string? AudioPath { get; init; }
    [JsonPropertyName("audio_filepath")] public string? AudioFilepath { get; init; }
    [JsonPropertyName("file_name")] public string? FileName { get; init; }
    [JsonPropertyName("filename")] public string? NameOfFile { get; init; } // a property "Filename" would differ from FileName only in case
    [JsonPropertyName("file")] public string? File { get; init; }
    [JsonPropertyName("path")] public string? Path { get; init; }
    [JsonPropertyName("wav_path")] public string? WavPath { get; init; }
    [JsonPropertyName("wav")] public string? Wav { get; init; }
    [JsonPropertyName("text")] public string? Text { get; init; }
    [JsonPropertyName("transcription")] public string? Transcription { get; init; }
    [JsonPropertyName("transcript")] public string? Transcript { get; init; }
    [JsonPropertyName("sentence")] public string? Sentence { get; init; }
    [JsonPropertyName("normalized_text")] public string? NormalizedText { get; init; }
    [JsonPropertyName("speaker"), JsonConverter(typeof(NameOrNumber))] public string? Speaker { get; init; }
    [JsonPropertyName("speaker_name"), JsonConverter(typeof(NameOrNumber))] public string? SpeakerName { get; init; }
    [JsonPropertyName("spk"), JsonConverter(typeof(NameOrNumber))] public string? Spk { get; init; }
    [JsonPropertyName("speaker_id"), JsonConverter(typeof(NameOrNumber))] public string? SpeakerId { get; init; }
    [JsonPropertyName("client_id"), JsonConverter(typeof(NameOrNumber))] public string? ClientId { get; init; }
    [JsonPropertyName("language")] public string? Language { get; init; }
    [JsonPropertyName("lang")] public string? Lang { get; init; }
    [JsonPropertyName("locale")] public string? Locale { get; init; }
    [JsonPropertyName("instruct")] public string? Instruct { get; init; }
    [JsonPropertyName("split")] public string? Split { get; init; }
    [JsonPropertyName("doubtful")] public bool? Doubtful { get; init; }
    [JsonPropertyName("ref_audio")] public string? RefAudio { get; init; }
    [JsonPropertyName("messages")] public ClipMessage[]? Messages { get; init; }
    [JsonPropertyName("audios"), JsonConverter(typeof(OneOrMany))] public string[]? Audios { get; init; }
    [JsonPropertyName("ref_audios"), JsonConverter(typeof(OneOrMany))] public string[]? RefAudios { get; init; }
    [JsonPropertyName("audio_codes")] public int[][]? AudioCodes { get; init; }
}

sealed record ClipMessage
{
    [JsonPropertyName("role")] public string? Role { get; init; }
    [JsonPropertyName("content"), JsonConverter(typeof(TextOrParts))] public string? Content { get; init; }
}

sealed record ClipPart
{
    [JsonPropertyName("type")] public string? Type { get; init; }
    [JsonPropertyName("text")] public string? Text { get; init; }
}

/// <summary>A name or a number: some lists have numbers as speakers.</summary>
sealed class NameOrNumber : JsonConverter<string?>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? reader.GetString()
        : reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) ? $"{number}" : throw new JsonException();

    public override void Write(Utf8JsonWriter writer, string? value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}

/// <summary>A list of names, or a single name.</summary>
sealed class OneOrMany : JsonConverter<string[]?>
{
    public override string[]? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
            return [reader.GetString()!];
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException();
        var names = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            names.Add(reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException());
        return [.. names];
    }

    public override void Write(Utf8JsonWriter writer, string[]? value, JsonSerializerOptions options) => throw new NotSupportedException();
}

/// <summary>The content of a message: a text, or a list of parts, whose texts are joined.</summary>
sealed class TextOrParts : JsonConverter<string?>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.StartArray => string.Join(' ', (JsonSerializer.Deserialize(ref reader, ClipJson.Default.ClipPartArray) ?? [])
            .Select(p => p?.Text).OfType<string>()),
        _ => throw new JsonException(),
    };

    public override void Write(Utf8JsonWriter writer, string? value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}

[JsonSerializable(typeof(ClipLine))]
[JsonSerializable(typeof(ClipPart[]))]
sealed partial class ClipJson : JsonSerializerContext;
