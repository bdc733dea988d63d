// Describes what is wrong with a JSON text in terms of JSON: the line, the path of keys, the value that is there and the value that was
// expected. The serializer's messages name types of this program, so only the place is taken from them.
using System.Text;
using System.Text.Json;

namespace Qwen3Tts.Files;

/// <param name="Line">Line number, from 1 on.</param>
/// <param name="What">A sentence without its full stop.</param>
sealed record JsonProblem(int Line, string What)
{
    public InvalidDataException In(string place, string remedy, Exception? inner = null)
    {
        var line = Line == 1 && place.EndsWith(')') ? "" : $"({Line})"; // the place of a single line already has a line number
        return new($"{place}{line}: {What}. {remedy}", inner);
    }

    /// <summary>The text has bytes that are not UTF-8.</summary>
    public static JsonProblem NoText(ReadOnlySpan<byte> utf8)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(utf8[at..], out _, out var length) == System.Buffers.OperationStatus.Done)
            at += length;
        return new(LineAt(utf8, at), $"byte {at} is not part of UTF-8 text");
    }

    /// <summary>The text is not JSON.</summary>
    public static JsonProblem DescribeSyntax(ReadOnlySpan<byte> utf8)
    {
        var walk = new JsonWalk(utf8);
        try
        {
            while (walk.Read())
            {
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            var at = (int)walk.Reader.BytesConsumed;
            while (at < utf8.Length && utf8[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
                at++;
            var before = walk.Path is "" ? "at its beginning" : $"at '{Printable.Text(walk.Path)}'";
            if (walk.Reader.CurrentDepth >= walk.Reader.CurrentState.Options.MaxDepth || walk.Depth >= 64)
                return new(LineAt(utf8, at), $"lists and objects are nested more than 64 deep {before}");
            // the text may be cut inside a character, which then becomes U+FFFD
            var rest = Encoding.UTF8.GetString(utf8.Slice(at, Math.Min(24, utf8.Length - at)));
            return rest.Length == 0
                ? new(LineAt(utf8, at), $"the JSON ends too early, {before}")
                : new(LineAt(utf8, at), $"it is not JSON {before}: '{Printable.Text(rest.TrimEnd('\uFFFD'))}'");
        }
        return new(1, "it is not JSON");
    }

    /// <summary>
    /// A number or a text that no reader accepts, such as 1e999 or half a surrogate pair; <paramref name="end"/> is the byte where it ends.
    /// </summary>
    public static JsonProblem DescribeToken(ReadOnlySpan<byte> utf8, long end)
    {
        var walk = new JsonWalk(utf8);
        while (walk.TryRead() && walk.Reader.BytesConsumed < end)
        {
        }
        return new(LineAt(utf8, walk.Reader.TokenStartIndex), walk.Reader.TokenType == JsonTokenType.Number
            ? $"{Named(walk.Path)} is {Shown(walk.Reader)}, a number out of range"
            : $"{Named(walk.Path)} has half a surrogate pair (\\ud800 to \\udfff), which is not a character");
    }

    /// <summary>The text is JSON, but not of the expected form.</summary>
    public static JsonProblem Describe(ReadOnlySpan<byte> utf8, Exception e, Func<IEnumerable<string?>, Type?> typeAt)
    {
        var end = e is JsonException { LineNumber: { } line, BytePositionInLine: { } column } ? OffsetOf(utf8, line) + column : utf8.Length;
        var walk = new JsonWalk(utf8);
        while (walk.TryRead() && walk.Reader.BytesConsumed < end)
        {
        }
        var (place, message) = (LineAt(utf8, walk.Reader.TokenStartIndex), e.Message);
        if (Between(message, "including:", ".") is { } missing)
            return new(place, $"{Missing(missing, walk.Path)}");
        if (message.Contains("uplicate", StringComparison.Ordinal))
            return new(place, $"{Named(walk.Path)} appears twice");
        if (message.StartsWith(OwnMark, StringComparison.Ordinal) && message.IndexOf(" Path: ", StringComparison.Ordinal) is var cut)
            return new(place, $"{Named(walk.Path)} {(cut < 0 ? message : message[..cut])[OwnMark.Length..]}");
        return new(place, $"{Named(walk.Path)} is {Shown(walk.Reader)}, expected {Expected(typeAt(walk.Keys))}");
    }

    /// <summary>
    /// An error from one of this program's own converters. The message continues the sentence after the key, such as <c>has a negative
    /// size</c>.
    /// </summary>
    public static JsonException CreateError(string what) => new(OwnMark + what);

    const string OwnMark = "\u2063";

    static string Missing(string names, string path)
    {
        var keys = names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(n => n.Trim('\'')).Select(n => path.Length == 0 ? n : $"{path}.{n}").ToList();
        var named = string.Join(", ", keys.Take(5).Select(k => $"'{Printable.Text(k)}'"));
        return $"{named}{(keys.Count > 5 ? $" and {keys.Count - 5} more" : "")} {(keys.Count == 1 ? "is" : "are")} missing";
    }

    static string Expected(Type? type) => (type is null ? null : Nullable.GetUnderlyingType(type) ?? type) switch
    {
        null => "another kind of value",
        { IsEnum: true } => "a word that is known here",
        { IsArray: true } => "a list",
        { IsGenericType: true } t => t.Name.Contains("Dictionary", StringComparison.Ordinal) ? "an object" : "a list",
        var t when t == typeof(int) => "a whole number of -2147483648 to 2147483647",
        var t when t == typeof(long) || t == typeof(ulong) || t == typeof(uint) => "a whole number",
        var t when t == typeof(double) || t == typeof(float) => "a number",
        var t when t == typeof(bool) => "true or false",
        var t when t == typeof(string) => "text",
        _ => "an object",
    };

    static string Shown(in Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Number => Printable.Text(Encoding.ASCII.GetString(reader.ValueSpan)),
        JsonTokenType.String => $"the text '{Printable.Text(Text(reader))}'",
        JsonTokenType.PropertyName => "no value",
        JsonTokenType.StartObject or JsonTokenType.EndObject => "an object",
        JsonTokenType.StartArray or JsonTokenType.EndArray => "a list",
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        _ => "null",
    };

    static string Text(in Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return "…";
        }
    }

    static string Named(string path) => path.Length == 0 ? "the whole" : $"'{Printable.Text(path)}'";

    static string? Between(string text, string from, string to)
    {
        var begin = text.IndexOf(from, StringComparison.Ordinal);
        if (begin < 0)
            return null;
        begin += from.Length;
        var end = text.IndexOf(to, begin, StringComparison.Ordinal);
        return end < 0 ? text[begin..] : text[begin..end];
    }

    static int LineAt(ReadOnlySpan<byte> utf8, long at) => 1 + utf8[..(int)Math.Min(at, utf8.Length)].Count((byte)'\n');

    static long OffsetOf(ReadOnlySpan<byte> utf8, long line)
    {
        var at = 0;
        for (; line > 0 && utf8[at..].IndexOf((byte)'\n') is >= 0 and var next; line--)
            at += next + 1;
        return at;
    }
}

/// <summary>Reads JSON token by token and keeps the path of keys to the current token.</summary>
ref struct JsonWalk(ReadOnlySpan<byte> utf8)
{
    readonly List<(string Key, int Index)> _path = []; // Index: position in a list; -1 in an object

    public Utf8JsonReader Reader = new(utf8);

    public readonly int Depth => _path.Count;

    /// <summary>The path as text: keys with dots between them, indices in brackets from 0 on.</summary>
    public readonly string Path
    {
        get
        {
            var path = new StringBuilder();
            foreach (var (key, index) in _path)
                if (index >= 0)
                    path.Append('[').Append(index).Append(']');
                else if (key.Length > 0)
                    path.Append(path.Length == 0 ? "" : ".").Append(key);
            return path.ToString();
        }
    }

    /// <summary>The path as a list of keys, with null for an index.</summary>
    public readonly IEnumerable<string?> Keys =>
        [.. _path.Where(p => p.Index >= 0 || p.Key.Length > 0).Select(p => p.Index >= 0 ? null : p.Key)];

    /// <summary>Reads the next token; false at the end, and if the text is not JSON.</summary>
    public bool TryRead()
    {
        try
        {
            return Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <exception cref="JsonException">The text is not JSON.</exception>
    public bool Read()
    {
        var closed = Reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray;
        if (closed) // an object or list that was opened gets an entry in the path with its first token
            _path.Add(("", Reader.TokenType == JsonTokenType.StartArray ? -2 : -1));
        if (!Reader.Read())
            return false;
        if (Reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
            _path.RemoveAt(_path.Count - 1);
        else if (Reader.TokenType == JsonTokenType.PropertyName)
            _path[^1] = (Reader.GetString() ?? "", -1);
        else if (_path.Count > 0 && _path[^1] is (_, var index) && index != -1)
            _path[^1] = ("", index == -2 ? 0 : index + 1);
        return true;
    }
}
