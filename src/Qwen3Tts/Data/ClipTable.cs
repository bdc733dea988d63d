// Reads lists of fields: with a header that names the columns (XTTS, EveryVoice, Hugging Face, any CSV or TSV), or without one as LJSpeech,
// Piper, GPT-SoVITS and Bert-VITS2 write them. A row with more fields than its format has is a mistake; the surplus is never read as text.

namespace Qwen3Tts.Data;

static class ClipTable
{
    public static readonly char[] Separators = ['|', '\t', ',', ';'];

    public static List<Clip> Read(string file, string text, ListFormat? format, ListProblems problems)
    {
        try
        {
            var paths = new ClipPath(file);
            var (layout, rows) = Find(text, format, paths);
            var clips = new List<Clip>();
            foreach (var row in rows)
                if (Read($"{file}({row.Line})", row.Fields, layout, paths, problems) is { } clip)
                    clips.Add(clip);
            return clips;
        }
        catch (InvalidDataException e)
        {
            problems.Add(file, e.Message);
            return [];
        }
    }

    /// <summary>The layout of a list, ignoring mistakes in its rows.</summary>
    public static ListFormat FormatOf(string file, string text)
    {
        try
        {
            return Find(text, null, new(file)).Layout.Format;
        }
        catch (InvalidDataException)
        {
            return ListFormat.Table;
        }
    }

    /// <summary>The layout of a list and its rows of clips, without the row with the names of the columns.</summary>
    /// <exception cref="InvalidDataException">No layout fits, or more than one.</exception>
    public static (TableLayout Layout, List<TableRow> Rows) Find(string text, ListFormat? format, ClipPath paths)
    {
        var first = FirstLine(text);
        foreach (var separator in Separators)
            if (first.Contains(separator, StringComparison.Ordinal) && FieldsOfText.Split(text, separator) is [var header, .. var below]
                && TableLayout.FromHeader(header.Fields, separator) is { } named && (format ?? ListFormat.Table) == ListFormat.Table)
                return (named, below);
        if (format == ListFormat.Table)
            throw new InvalidDataException(
                "its first line does not name the columns. Write one such as audio|text|speaker before the others.");
        if (text.Contains('|', StringComparison.Ordinal) || format is not null || first.Length == 0)
            return ReadPipes(text, format);
        foreach (var separator in Separators[1..])
            if (first.Contains(separator, StringComparison.Ordinal))
                return ReadPairs(text, separator, paths);
        return ReadPipes(text, null);
    }

    static (TableLayout, List<TableRow>) ReadPipes(string text, ListFormat? format)
    {
        var rows = FieldsOfText.Split(text, '|');
        var layout = format is { } named ? TableLayout.Named(named) : null;
        if (rows.Count == 0)
            return (layout ?? TableLayout.LjSpeech, rows);
        if (layout is not null && TableLayout.FromHeader(rows[0].Fields, '|') is not null)
            rows.RemoveAt(0); // the row with the names of the columns is not a clip
        return (layout ?? TableLayout.FromRows(rows), rows);
    }

    /// <summary>
    /// The layout of two fields without a header, if the first fields are recordings that exist; then there is no other reading.
    /// </summary>
    static (TableLayout, List<TableRow>) ReadPairs(string text, char separator, ClipPath paths)
    {
        var rows = FieldsOfText.Split(text, separator);
        return rows.All(r => r.Fields.Length == 2) && rows.All(r => paths.IsThere(r.Fields[0])) ? (TableLayout.LjSpeech, rows)
            : throw new InvalidDataException(
                $"its fields are separated by {TableLayout.NameOf(separator)}, and no first line names the columns. "
                + $"Write one, such as file_name{separator}text, or separate the fields by '|': a.wav|What is said.");
    }

    static string FirstLine(string text)
    {
        using var reader = new StringReader(text);
        while (reader.ReadLine() is { } line)
            if (line.Trim().Length > 0)
                return line;
        return "";
    }

    static Clip? Read(string place, string[] fields, TableLayout layout, ClipPath paths, ListProblems problems)
    {
        try
        {
            return Clip(place, fields, layout, paths);
        }
        catch (InvalidDataException e)
        {
            problems.Add(place, e, layout.Example);
        }
        return null;
    }

    static Clip Clip(string place, string[] fields, TableLayout layout, ClipPath paths)
    {
        string? Field(int column) => column >= 0 && column < fields.Length && fields[column].Length > 0 ? fields[column] : null;
        if (fields.Length < layout.Fewest && layout.Format == ListFormat.LjSpeech)
            throw new InvalidDataException("there is no '|' between the recording and its text");
        if (fields.Length < layout.Fewest || fields.Length > layout.Most)
            throw new InvalidDataException($"it has {fields.Length} fields of {layout.Most}");
        var written = Field(layout.Normalized) ?? Field(layout.Text) ?? "";
        if (ClipList.Words(written) is not { Length: > 0 } words)
            throw new InvalidDataException("the text is empty");
        var audio = paths.Find(fields[layout.Audio], asName: true);
        return new(place, audio.Path, audio.Relative, words, Field(layout.Reference) is { } r ? paths.Find(r).Path
            : null, Field(layout.Language))
        {
            Speaker = Field(layout.Speaker),
            Instruct = Field(layout.Instruct),
            HeldOut = ClipList.IsHeldOut(Field(layout.Split)),
            LinesJoined = written.Contains('\n', StringComparison.Ordinal),
        };
    }
}
