// The meaning of the fields of a table. A header gives it. Without a header, the number of fields decides, and which of them repeat. If two
// layouts fit, neither is taken.
using Qwen3Tts.Files;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Data;

/// <param name="Format">The format of the list.</param>
/// <param name="Audio">Column of the recording. Columns count from 0; -1 stands for a column that does not exist.</param>
/// <param name="Text">Column of the text.</param>
/// <param name="Normalized">Column of the text with numbers written as words; it is used where it is not empty.</param>
/// <param name="Speaker">Column of the speaker.</param>
/// <param name="Language">Column of the language.</param>
/// <param name="Fewest">Fewest fields of a row.</param>
/// <param name="Most">Most fields of a row.</param>
/// <param name="Example">A full sentence that shows a correct line.</param>
sealed record TableLayout(
    ListFormat Format, int Audio, int Text, int Normalized, int Speaker, int Language, int Fewest, int Most, string Example)
{
    public int Instruct { get; init; } = -1;
    public int Reference { get; init; } = -1;
    public int Split { get; init; } = -1;

    static readonly string[] AudioNames =
        ["audio", "audio_file", "audio_path", "audio_filepath", "file_name", "filename", "file", "path", "wav", "wav_path", "wav_file",
            "wav_filename", "basename", "id"];
    static readonly string[] TextNames = ["text", "transcription", "transcript", "sentence", "raw_text"];
    static readonly string[] NormalizedNames = ["normalized_text", "normalized", "text_normalized", "normalised_text", "characters"];
    static readonly string[] SpeakerNames = ["speaker", "speaker_name", "spk", "speaker_id", "client_id"];
    static readonly string[] LanguageKeys = ["language", "lang", "locale"];

    public static readonly TableLayout LjSpeech = new(ListFormat.LjSpeech, 0, 1, 2, -1, -1, 2, 3, "A line reads LJ001-0001|What is said.");
    public static readonly TableLayout SpeakerText = new(ListFormat.SpeakerText, 0, 2, -1, 1, -1, 3, 3,
        "A line reads a|anna|What is said.");
    public static readonly TableLayout TextSpeaker = new(ListFormat.TextSpeaker, 0, 1, -1, 2, -1, 3, 3,
        "A line reads a|What is said.|anna.");
    public static readonly TableLayout Sovits = new(ListFormat.Sovits, 0, 3, -1, 1, 2, 4, 4,
        "A line reads wavs/a.wav|anna|en|What is said.");
    public static readonly TableLayout BertVits2 =
        new(ListFormat.BertVits2, 0, 3, -1, 1, 2, 7, 7, "A line reads wavs/a.wav|anna|EN|What is said.|phones|tones|word2ph.");

    static readonly TableLayout[] All = [LjSpeech, SpeakerText, TextSpeaker, Sovits, BertVits2];

    public static TableLayout? Named(ListFormat format) => All.FirstOrDefault(l => l.Format == format);

    /// <summary>The layout that the first row names, or null if the first row is not a header.</summary>
    /// <exception cref="InvalidDataException">The header names two columns for one meaning, or none for the text.</exception>
    public static TableLayout? FromHeader(string[] names, char separator)
    {
        names = Array.ConvertAll(names, n => n.Replace(' ', '_').Replace('-', '_'));
        int[] Where(string[] known) =>
            [.. known.Select(k => Array.FindIndex(names, n => n.Equals(k, StringComparison.OrdinalIgnoreCase))).Where(i => i >= 0)];
        int First(params string[] known) => Where(known) is [var first, ..] ? first : -1;
        var (audio, texts, normalized) = (Where(AudioNames), Where(TextNames), First(NormalizedNames));
        if (audio.Length == 0 || texts.Length == 0 && normalized < 0)
            return audio.Length > 0 && names.Length > 1 && First(SpeakerNames) >= 0
                ? throw new InvalidDataException(
                    $"its columns are {Shown(names)}, and none is the text. Name the column of the texts 'text'.")
                : null;
        if (texts.Length > 1)
            throw new InvalidDataException(
                $"its columns '{names[texts[0]]}' and '{names[texts[1]]}' both may be the text. Remove one of them.");
        if (names.GroupBy(n => n, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Key.Length > 0 && g.Count() > 1) is { } twice)
            throw new InvalidDataException($"two of its columns are called '{Printable.Text(twice.Key)}'. Rename one of them.");
        var text = texts.Length > 0 ? texts[0] : normalized;
        var example = $"The columns are {Shown(names)}, separated by {NameOf(separator)}.";
        return new(ListFormat.Table, audio[0], text, normalized, First(SpeakerNames), First(LanguageKeys), Math.Max(audio[0], text) + 1,
            names.Length, example)
        {
            Instruct = First("instruct"),
            Reference = First("ref_audio"),
            Split = First("split"),
        };
    }

    static string Shown(string[] names) => Printable.Text(string.Join(", ", names));

    public static string NameOf(char separator) => separator switch { '\t' => "tabs", ',' => "commas", ';' => "semicolons", _ => "'|'" };

    /// <summary>The layout of rows without a header.</summary>
    /// <exception cref="InvalidDataException">No layout fits, or more than one; the message says what to do.</exception>
    public static TableLayout FromRows(List<TableRow> rows)
    {
        // The most common number of fields. If several are equally common, that of the first row: mistakes are more likely in later rows.
        var count = rows.GroupBy(r => r.Fields.Length).OrderByDescending(g => g.Count()).First().Key;
        var typical = rows.Where(r => r.Fields.Length == count).Select(r => r.Fields).ToList();
        bool HasLanguages() => typical.Count(f => f[2].Length == 0 || LanguageNames.IsLanguage(f[2])) * 2 > typical.Count;
        return count switch
        {
            1 when rows.Max(r => r.Fields.Length) == 1 => throw new InvalidDataException(
                "its lines are not JSON objects, and no '|' is between a recording and its text. " + LjSpeech.Example),
            1 => LjSpeech,
            2 => FromTwoFields(typical, rows),
            3 => FromThreeFields(typical),
            4 when HasLanguages() => CheckText(Sovits, typical),
            7 when HasLanguages() => CheckText(BertVits2, typical),
            4 => throw new InvalidDataException(
                "its lines have 4 fields, but the third is not a language, as in path|speaker|language|text of GPT-SoVITS. Name the " +
                    "columns in a first line, "
                + "such as path|speaker|style|text, or read it with 'qwen3tts-train import --format sovits'."),
            _ => throw new InvalidDataException(
                $"its lines have {count} fields. Known are 2 and 3 (name|text, name|text|normalized, name|speaker|text), 4 " +
                    $"(path|speaker|language|text) "
                + "and 7 (Bert-VITS2). Name the columns in a first line, such as path|speaker|text."),
        };
    }

    const string NameColumns = "Name the columns in a first line, such as audio|speaker|text.";

    /// <summary>
    /// A name and a text. A third field is the normalized text, or the rest of a text with a '|' in it, which is a mistake.
    /// </summary>
    static TableLayout FromTwoFields(List<string[]> typical, List<TableRow> rows) =>
        IsLabel(typical, 1) ? throw new InvalidDataException(
            "the second field repeats or is a number, so it looks like a speaker. "
            + "If it is what is said, write audio|text as the first line.")
        : rows.All(r => r.Fields.Length != 3 || r.Fields[2].Length == 0 || AreOneText(r.Fields[1], r.Fields[2]))
            ? CheckText(LjSpeech, typical)
        : CheckText(LjSpeech with { Most = 2 }, typical);

    static TableLayout FromThreeFields(List<string[]> rows)
    {
        var (second, third) = (IsLabel(rows, 1), IsLabel(rows, 2));
        if (rows.Count(f => f[2].Length == 0) * 2 > rows.Count)
            return second
                ? throw new InvalidDataException(
                    $"no field is a text: the second repeats or is a number, and the third is empty. {NameColumns}")
                : CheckText(LjSpeech, rows);
        if (second && !third && rows.All(f => f[1].Length == 0 || LanguageNames.IsLanguage(f[1])))
            throw new InvalidDataException("the second of its 3 fields may be the language or the speaker. "
                + "Name the columns in a first line, audio|language|text or audio|speaker|text.");
        if (second != third) // before the words are compared, because a text may contain the speaker's name
            return CheckText(second ? SpeakerText : TextSpeaker, rows);
        if (rows.Count(f => f[2].Length == 0 || AreOneText(f[1], f[2])) * 2 > rows.Count)
            return CheckText(LjSpeech, rows);
        if (second)
            throw new InvalidDataException($"no field is a text: the second and the third repeat or are numbers. {NameColumns}");
        if (ArePhones(rows, 2) && !ArePhones(rows, 1))
            return LjSpeech with { Normalized = -1 };
        // Two texts without a common word may be a translation, or phones in another alphabet. A program cannot decide this.
        throw new InvalidDataException(
            "its 3 fields may be name|text|normalized text or name|speaker|text. "
            + "Name the columns in a first line, such as audio|speaker|text, or read it with "
            + "'qwen3tts-train import --format lj-speech' or '--format speaker-text'.");
    }

    /// <summary>The layout, if its text column can be text.</summary>
    static TableLayout CheckText(TableLayout layout, List<string[]> rows) =>
        ArePhones(rows, layout.Text) ? throw new InvalidDataException(
            $"field {layout.Text + 1} of its lines has phones, not what is said. "
            + "Write the text there; the model is taught with text alone.")
        : layout.Format is ListFormat.Sovits or ListFormat.BertVits2 && IsLabel(rows, layout.Text) ? throw new InvalidDataException(
            $"field {layout.Text + 1} of its lines, where the text stands in path|speaker|language|text, repeats or is a number. "
            + "Name the columns in a first line, such as audio|text|language|speaker.")
        : layout;

    /// <summary>
    /// True if most texts are phones: with marks of stress or length, which no language has as letters, or as single phones.
    /// </summary>
    static bool ArePhones(List<string[]> rows, int column) => rows.Count(r => r[column].AsSpan().ContainsAny('\u02C8', '\u02CC', '\u02D0')
        || r[column].Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 3 } parts
            && parts.All(p => p.Length <= 2 && !IsWide(p[0]))) * 2 > rows.Count;

    /// <summary>
    /// True if a column is not text: it has numbers, or few different values in many rows, like a speaker, a language or a measure.
    /// </summary>
    static bool IsLabel(List<string[]> rows, int column)
    {
        var values = rows.ConvertAll(r => r[column]);
        // At least half of the rows repeat another row. A list that has each sentence twice has longer texts than a name, which is three
        // words at most.
        return values.All(v => v.Length > 0 && v.All(c => char.IsAsciiDigit(c) || c is '.' or '-' or ' '))
            || values.Count > 1 && values.Distinct().Count() * 2 <= values.Count && values.All(v => Words(v).Length <= 3);
    }

    static bool AreOneText(string text, string normalized) =>
        Words(text).Intersect(Words(normalized), StringComparer.OrdinalIgnoreCase).Count() * 3 >= Math
            .Min(Words(text).Length, Words(normalized).Length)
        && Words(text).Length > 0 && Words(normalized).Length > 0;

    /// <summary>Number of words. In scripts without spaces between words, each character counts as one.</summary>
    static string[] Words(string text) => [.. text
        .Split([' ', ',', '.', '!', '?', ';', ':', '\u3001', '\u3002', '\uFF01', '\uFF0C', '\uFF1F'], StringSplitOptions.RemoveEmptyEntries)
        .SelectMany(w => w.Any(IsWide) ? w.Select(c => c.ToString()) : [w])];

    /// <summary>Thai to Khmer, kana and Chinese characters are written without spaces between words; Hangul is not.</summary>
    static bool IsWide(char c) => c is >= '\u0E00' and <= '\u0EFF'
        or >= '\u1780' and <= '\u17FF' or >= '\u3040' and <= '\u30FF' or >= '\u3400' and <= '\u9FFF';
}
