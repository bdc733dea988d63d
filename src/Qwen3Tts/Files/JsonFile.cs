// The one way to read JSON: strict, typed and source-generated. What does not fit its type is an error that names file, line and key in
// words of JSON, never a type of this program (JsonProblem finds the words). Read with a byte order mark, in UTF-8 or UTF-16.
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
    /// <param name="path">The file: UTF-8, with or without a byte order mark.</param>
    /// <param name="type">How it is read.</param>
    /// <param name="remedy">What the user can do about a damaged file: one sentence, ending with a full stop.</param>
    /// <exception cref="InvalidDataException">It is not JSON, a key is missing, or a value is of another kind.</exception>
    public static T Read<T>(string path, JsonTypeInfo<T> type, string remedy) => Parse(WholeFile.Read(path), path, type, remedy);

    /// <summary>Reads one value from bytes.</summary>
    /// <param name="utf8">The JSON.</param>
    /// <param name="place">What messages call it, such as <c>codes.jsonl(12)</c>.</param>
    /// <param name="type">How it is read.</param>
    /// <param name="remedy">What the user can do about it.</param>
    /// <exception cref="InvalidDataException">It is not JSON, a key is missing or stands there twice, or a value is of another
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
    /// Whole numbers of a JSON text with their keys, as in <c>talker_config.hidden_size</c>; nothing where it is no JSON.
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

    /// <summary>The type of the value at a path of keys, null for an index; null where there is none.</summary>
    static Type? TypeAt(Type type, IEnumerable<string?> path, JsonSerializerOptions options)
    {
        foreach (var key in path)
        {
            var next = key is not null && options.GetTypeInfo(type) is { Kind: JsonTypeInfoKind.Object } info
                ? info.Properties.FirstOrDefault(p => p.Name == key)?.PropertyType
                : type.IsArray ? type.GetElementType() // an entry of a list, or of a dictionary
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

    /// <summary>What is wrong with the text as JSON, whatever it is to be read as: the serializer would read 1e999 as infinity.</summary>
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
                    return JsonProblem.OfToken(utf8, reader.BytesConsumed);
            return null;
        }
        catch (JsonException)
        {
            return JsonProblem.OfSyntax(utf8);
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
