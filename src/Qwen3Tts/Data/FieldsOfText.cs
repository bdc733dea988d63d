// Splits the text of a table into rows of fields. Commas, semicolons and tabs follow RFC 4180: a quoted field may contain the separator,
// line breaks and doubled quotes. With '|' as separator a quote is part of the text, unless it encloses a field that has doubled quotes
// inside.
using System.Text;

namespace Qwen3Tts.Data;

/// <param name="Line">Number of the line that the row begins on.</param>
/// <param name="Fields">The fields, trimmed.</param>
readonly record struct TableRow(int Line, string[] Fields);

static class FieldsOfText
{
    public static List<TableRow> Split(string text, char separator) => separator == '|' ? Plain(text) : Quoted(text, separator);

    static List<TableRow> Plain(string text)
    {
        var rows = new List<TableRow>();
        using var reader = new StringReader(text);
        for (var number = 1; reader.ReadLine() is { } line; number++)
            if (line.Trim().Length > 0)
                rows.Add(new(number, Array.ConvertAll(line.Split('|', StringSplitOptions.TrimEntries), Unquoted)));
        // A path in quotes means that a program wrote the table and quotes every field.
        return rows.Count > 0 && rows.All(r => IsInQuotes(r.Fields[0])) ? Quoted(text, '|') : rows;
    }

    static bool IsInQuotes(string field) => field is ['"', _, .., '"'];

    static string Unquoted(string field)
    {
        if (field is not ['"', .. var inner, '"'] || !inner.Contains("\"\"", StringComparison.Ordinal))
            return field;
        var single = inner.Replace("\"\"", "", StringComparison.Ordinal);
        return single.Contains('"') ? field : inner.Replace("\"\"", "\"", StringComparison.Ordinal);
    }

    static List<TableRow> Quoted(string text, char separator)
    {
        var rows = new List<TableRow>();
        var (fields, field) = (new List<string>(), new StringBuilder());
        var (line, begin, at) = (1, 1, 0);
        void EndField()
        {
            fields.Add(field.ToString().Trim());
            field.Clear();
        }
        void EndRow()
        {
            EndField();
            if (fields.Any(f => f.Length > 0))
                rows.Add(new(begin, [.. fields]));
            fields.Clear();
        }
        for (; at < text.Length; at++)
            if (text[at] == '"' && IsBlank(field) && Closing(text, at, separator) is { } end)
            {
                var inside = text[(at + 1)..end];
                field.Clear().Append(inside.Replace("\"\"", "\"", StringComparison.Ordinal));
                line += inside.Count(c => c == '\n');
                at = end;
            }
            else if (text[at] == separator)
                EndField();
            else if (text[at] is '\n' || text[at] is '\r' && (at + 1 == text.Length || text[at + 1] != '\n'))
            {
                EndRow();
                begin = ++line;
            }
            else
                field.Append(text[at]);
        EndRow();
        return rows;
    }

    static bool IsBlank(StringBuilder field)
    {
        for (var i = 0; i < field.Length; i++)
            if (field[i] != ' ')
                return false;
        return true;
    }

    /// <summary>Index of the end of the quoted field that begins here; null if the quote is part of a plain text.</summary>
    static int? Closing(string text, int open, char separator)
    {
        for (var at = open + 1; at < text.Length; at++)
            if (text[at] == '"')
            {
                if (at + 1 < text.Length && text[at + 1] == '"')
                {
                    at++;
                    continue;
                }
                var after = at + 1;
                while (after < text.Length && (text[after] is ' ' or '\r'))
                    after++;
                return after >= text.Length || text[after] == separator || text[after] == '\n' ? at : null;
            }
        return null;
    }
}
