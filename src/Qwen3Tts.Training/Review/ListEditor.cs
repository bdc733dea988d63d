// Changes the text of one clip in a list of any format that is read, and leaves everything else as it is. The changed list is read again
// before it is written: if anything but that text would differ, it is not written.
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Qwen3Tts.Data;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Review;

static class ListEditor
{
    static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The bytes of the list with another text for one clip.</summary>
    /// <param name="list">The list; no folder.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="clips">All of its clips.</param>
    /// <param name="index">Which of them.</param>
    /// <param name="said">The text, in one line.</param>
    /// <exception cref="InvalidDataException">A list of this format cannot have this text.</exception>
    public static byte[] WithText(string list, byte[] bytes, IReadOnlyList<Clip> clips, int index, string said)
    {
        var text = TextFile.Decode(bytes, list);
        var line = LineOf(clips[index]);
        var changed = text.TrimStart() switch
        {
            ['[', ..] => InArray(text, clips, index, said),
            ['{', ..] => InLine(text, line, json => Json(JsonNode.Parse(json)!, said).ToJsonString(Readable)),
            _ => InTable(text, new(list), line, said),
        };
        var problems = new ListProblems();
        var read = ClipList.Parse(list, changed, problems);
        Clip[] expected = [.. clips];
        expected[index] = expected[index] with { Text = said };
        return read.Select(Content).SequenceEqual(expected.Select(Content)) ? Encode(changed, bytes)
            : throw new InvalidDataException($"{clips[index].Place}: a list of this format cannot have the text '{Printable.Text(said)}'. "
                + "Leave out quotation marks and characters such as '|' that separate its fields.");
    }

    /// <summary>The bytes of a text in the encoding of the file that it replaces.</summary>
    public static byte[] Encode(string text, ReadOnlySpan<byte> old) => old switch
    {
        [0xEF, 0xBB, 0xBF, ..] => [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(text)],
        [0xFF, 0xFE, ..] => [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(text)],
        [0xFE, 0xFF, ..] => [0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes(text)],
        _ => Encoding.UTF8.GetBytes(text),
    };

    static (string, string, string?, string?, string?, string?, bool?) Content(Clip c) =>
        (c.Audio, c.Text, c.Reference, c.Language, c.Speaker, c.Instruct, c.HeldOut);

    static int LineOf(Clip clip) =>
        int.Parse(clip.Place[(clip.Place.LastIndexOf('(') + 1)..^1], CultureInfo.InvariantCulture);

    /// <summary>Replaces a line, without its line end.</summary>
    static string InLine(string text, int line, Func<string, string> change)
    {
        var begin = Starts(text)[line - 1];
        var end = text.AsSpan(begin).IndexOfAny('\r', '\n') is >= 0 and var length ? begin + length : text.Length;
        return text[..begin] + change(text[begin..end]) + text[end..];
    }

    /// <summary>Where the lines begin.</summary>
    static List<int> Starts(string text)
    {
        var starts = new List<int> { 0 };
        for (var i = 0; i < text.Length; i++)
            if (text[i] == '\n' || text[i] == '\r' && (i + 1 == text.Length || text[i + 1] != '\n'))
                starts.Add(i + 1);
        return starts;
    }

    /// <summary>An array is written anew, with indentation; values may share a line, so they are counted.</summary>
    static string InArray(string text, IReadOnlyList<Clip> clips, int index, string said)
    {
        var array = JsonNode.Parse(text)!.AsArray();
        if (array.Count != clips.Count)
            throw new InvalidDataException($"{clips[index].Place}: some entries of the list are no clips. Correct them first.");
        Json(array[index]!, said);
        return array.ToJsonString(new JsonSerializerOptions(Readable) { WriteIndented = true }) + "\n";
    }

    /// <summary>Sets the keys that the text is read from.</summary>
    static JsonNode Json(JsonNode clip, string said)
    {
        bool Has(string key) => clip[key] is JsonValue value && !string.IsNullOrWhiteSpace(value.ToString());
        if (clip["messages"] is JsonArray messages)
            messages.Last(m => m?["role"]?.ToString() == "assistant")!["content"] = said;
        else if (Has("normalized_text"))
            clip["normalized_text"] = said;
        else
            foreach (var key in new[] { "text", "transcription", "transcript", "sentence" }.Where(k => clip[k] is not null))
                clip[key] = said;
        return clip;
    }

    /// <summary>Writes a row anew, in quotes where they are needed.</summary>
    static string InTable(string text, ClipPath paths, int line, string said)
    {
        var (layout, rows) = ClipTable.Find(text, null, paths);
        var at = rows.FindIndex(r => r.Line == line);
        string[] fields = [.. rows[at].Fields];
        var isNormalized = layout.Normalized >= 0 && layout.Normalized < fields.Length && fields[layout.Normalized].Length > 0;
        var separator = ClipTable.Separators.First(s => FieldsOfText.Split(text, s)
            .Any(r => r.Line == line && r.Fields.SequenceEqual(fields)));
        fields[isNormalized ? layout.Normalized : layout.Text] = said;

        var starts = Starts(text);
        var (begin, end) = (starts[line - 1], at + 1 < rows.Count ? starts[rows[at + 1].Line - 1] : text.Length);
        while (end > begin && text[end - 1] is '\r' or '\n')
            end--;
        var allQuoted = text[begin] == '"';
        bool NeedsQuotes(string field) => allQuoted || separator != '|' && field.AsSpan().IndexOfAny(separator, '"', '\n') >= 0;
        var row = string.Join(separator, fields.Select(f => NeedsQuotes(f)
            ? $"\"{f.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : f));
        return text[..begin] + row + text[end..];
    }
}
