// The only reader of JSON: strict, typed and source-generated. If a value does not fit its type, the error names file, line and key in
// terms of JSON, never a type of this program (JsonProblem makes the text). Files may be UTF-8 or UTF-16, with a byte order mark.
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace Qwen3Tts.Files;

/// <summary>Reads JSON into records.</summary>
static class JsonFile
{
    static readonly ConditionalWeakTable<JsonSerializerOptions, JsonSerializerOptions> Strict = [];

    /// <summary>Reads a whole file as one value.</summary>
    /// <param name="path">The file: UTF-8, with or without a byte order mark, or UTF-16 with one.</param>
    /// <param name="type">The type of the value.</param>
    /// <param name="remedy">What the user can do about a damaged file: one sentence that ends with a full stop.</param>
    /// <exception cref="InvalidDataException">It is not JSON, a key is missing, or a value is of another kind.</exception>
    public static T Read<T>(string path, JsonTypeInfo<T> type, string remedy) => Parse(WholeFile.Read(path), path, type, remedy);

    /// <summary>Reads one value from bytes.</summary>
    /// <param name="utf8">The JSON.</param>
    /// <param name="place">Name of the text in messages, such as <c>codes.jsonl(12)</c>.</param>
    /// <param name="type">The type of the value.</param>
    /// <param name="remedy">What the user can do about a damaged file.</param>
    /// <exception cref="InvalidDataException">The text is not JSON, a key is missing or appears twice, or a value is of another
    /// kind.</exception>
    public static T Parse<T>(ReadOnlySpan<byte> utf8, string place, JsonTypeInfo<T> type, string remedy)
    {
        utf8 = WithoutMark(utf8, place);
        GitLfs.CheckIsNoPointer(utf8, place);
        if (CheckText(utf8) is { } wrong)
            throw wrong.In(place, remedy);
        var strict = Strict.GetValue(type.Options, options => new(options) { AllowDuplicateProperties = false });
        try
        {
            return JsonSerializer.Deserialize(utf8, (JsonTypeInfo<T>)strict.GetTypeInfo(typeof(T))) ?? throw new JsonException("null");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw JsonProblem.Describe(utf8, e, path => TypeAt(typeof(T), path, strict)).In(place, remedy, e);
        }
    }

    /// <summary>
    /// All whole numbers of a JSON text with their keys, such as <c>talker_config.hidden_size</c>; empty if the text is not JSON.
    /// </summary>
    public static List<(string Key, long Value)> Numbers(ReadOnlySpan<byte> utf8)
    {
        var numbers = new List<(string, long)>();
        var walk = new JsonWalk(utf8 is [0xEF, 0xBB, 0xBF, ..] ? utf8[3..] : utf8);
        try
        {
            while (walk.Read())
                if (walk.Reader.TokenType == JsonTokenType.Number && walk.Reader.TryGetInt64(out var value))
                    numbers.Add((walk.Path, value));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            numbers.Clear();
        }
        return numbers;
    }

    /// <summary>The type of the value at a path of keys, where a null key stands for an index; null if there is none.</summary>
    static Type? TypeAt(Type type, IEnumerable<string?> path, JsonSerializerOptions options)
    {
        foreach (var key in path)
        {
            var next = key is not null && options.GetTypeInfo(type) is { Kind: JsonTypeInfoKind.Object } info
                ? info.Properties.FirstOrDefault(p => p.Name == key)?.PropertyType
                : type.IsArray ? type.GetElementType() // the type of an entry of a list, or of a dictionary
                : type.IsGenericType ? type.GenericTypeArguments[^1] : null;
            if (next is null)
                return null;
            type = next;
        }
        return type;
    }

    static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> bytes, string place) => bytes switch
    {
        [0xEF, 0xBB, 0xBF, ..] => bytes[3..],
        [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] => Encoding.UTF8.GetBytes(TextFile.Decode(bytes, place)),
        _ => bytes,
    };

    /// <summary>
    /// A mistake in the JSON itself, whatever type the text is read as. The serializer alone would read 1e999 as infinity.
    /// </summary>
    static JsonProblem? CheckText(ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8))
            return JsonProblem.NoText(utf8);
        var reader = new Utf8JsonReader(utf8);
        try
        {
            while (reader.Read())
                if (reader.TokenType == JsonTokenType.Number
                    ? !(Utf8Parser.TryParse(reader.ValueSpan, out double v, out _) && double.IsFinite(v))
                    : reader.ValueIsEscaped && reader.ValueSpan.IndexOf("\\u"u8) >= 0 && HasLoneSurrogate(ref reader))
                    return JsonProblem.DescribeToken(utf8, reader.BytesConsumed);
            return null;
        }
        catch (JsonException)
        {
            return JsonProblem.DescribeSyntax(utf8);
        }
    }

    static bool HasLoneSurrogate(ref Utf8JsonReader reader)
    {
        try
        {
            reader.GetString();
            return false;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }
}
