// The one way to read JSON: strict, typed and source-generated. What does not fit its type is an error that names file, line and key in
// words of JSON, never a type of this program.
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Qwen3Tts.Files;

/// <summary>Reads JSON into records.</summary>
static class JsonFile
{
    /// <summary>Reads a whole file as one value.</summary>
    /// <param name="path">The file: UTF-8, with or without a byte order mark.</param>
    /// <param name="type">How it is read.</param>
    /// <param name="remedy">What the user can do about a damaged file: one sentence, ending with a full stop.</param>
    /// <exception cref="InvalidDataException">It is not JSON, a key is missing, or a value is of another kind.</exception>
    public static T Read<T>(string path, JsonTypeInfo<T> type, string remedy) => Parse(File.ReadAllBytes(path), path, type, remedy);

    /// <summary>Reads one value from bytes.</summary>
    /// <param name="utf8">The JSON.</param>
    /// <param name="place">What messages call it, such as <c>codes.jsonl(12)</c>.</param>
    /// <param name="type">How it is read.</param>
    /// <param name="remedy">What the user can do about it.</param>
    /// <exception cref="InvalidDataException">It is not JSON, a key is missing, or a value is of another kind.</exception>
    public static T Parse<T>(ReadOnlySpan<byte> utf8, string place, JsonTypeInfo<T> type, string remedy)
    {
        if (utf8 is [0xEF, 0xBB, 0xBF, ..])
            utf8 = utf8[3..];
        try
        {
            return JsonSerializer.Deserialize(utf8, type) ?? throw new JsonException("it is null");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"{place}: {Printable.Text(e.Message)} {remedy}", e);
        }
    }
}
