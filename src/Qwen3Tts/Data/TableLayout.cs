// Which field of a table is what. A header says it; without one, the number of fields and what repeats in them do. Where two layouts fit,
// none is taken.
using Qwen3Tts.Files;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Data;

/// <param name="Format">The layout's name.</param>
/// <param name="Audio">Columns, counted from 0; -1 where there is none.</param>
/// <param name="Text">What is said.</param>
/// <param name="Normalized">What is said in words, which is taken where it is not empty.</param>
/// <param name="Speaker">Who speaks.</param>
/// <param name="Language">In which language.</param>
/// <param name="Fewest">A row has at least so many fields.</param>
/// <param name="Most">A row has at most so many fields.</param>
/// <param name="Example">A line as it must look: a full sentence.</param>
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

    /// <summary>The layout that the first row names, or null where it is no header.</summary>
    /// <exception cref="InvalidDataException">It names two columns for one thing, or none for the text.</exception>
    public static TableLayout? OfHeader(string[] names, char separator)
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

    /// <summary>The layout that rows without a header have.</summary>
    /// <exception cref="InvalidDataException">None fits, or more than one; the message ends with a remedy.</exception>
    public static TableLayout OfRows(List<TableRow> rows)
    {
        // The commonest number of fields; of equally common ones that of the first row, since a mistake is rather in a later one.
        var count = rows.GroupBy(r => r.Fields.Length).OrderByDescending(g => g.Count()).First().Key;
        var typical = rows.Where(r => r.Fields.Length == count).Select(r => r.Fields).ToList();
        bool HasLanguages() => typical.Count(f => f[2].Length == 0 || LanguageNames.IsLanguage(f[2])) * 2 > typical.Count;
        return count switch
        {
            1 when rows.Max(r => r.Fields.Length) == 1 => throw new InvalidDataException(
                "its lines are no JSON objects, and no '|' is between a recording and its text. " + LjSpeech.Example),
            1 => LjSpeech,
            2 => OfTwo(typical, rows),
            3 => OfThree(typical),
            4 when HasLanguages() => Spoken(Sovits, typical),
            7 when HasLanguages() => Spoken(BertVits2, typical),
            4 => throw new InvalidDataException(
                "its lines have 4 fields, but the third is no language, as in path|speaker|language|text of GPT-SoVITS. Name the columns " +
                    "in a first line, "
                + "such as path|speaker|style|text, or read it with 'qwen3tts-train import --format sovits'."),
            _ => throw new InvalidDataException(
                $"its lines have {count} fields. Known are 2 and 3 (name|text, name|text|normalized, name|speaker|text), 4 " +
                    $"(path|speaker|language|text) "
                + "and 7 (Bert-VITS2). Name the columns in a first line, such as path|speaker|text."),
        };
    }

    const string NameColumns = "Name the columns in a first line, such as audio|speaker|text.";

    /// <summary>A name and a text. A field more is its normalized text, or a '|' in the text, which is a mistake.</summary>
    static TableLayout OfTwo(List<string[]> typical, List<TableRow> rows) =>
        IsLabel(typical, 1) ? throw new InvalidDataException(
            "the second field repeats or is a number, so it looks like a speaker. "
            + "If it is what is said, write audio|text as the first line.")
        : rows.All(r => r.Fields.Length != 3 || r.Fields[2].Length == 0 || AreOneText(r.Fields[1], r.Fields[2])) ? Spoken(LjSpeech, typical)
        : Spoken(LjSpeech with { Most = 2 }, typical);

    static TableLayout OfThree(List<string[]> rows)
    {
        var (second, third) = (IsLabel(rows, 1), IsLabel(rows, 2));
        if (rows.Count(f => f[2].Length == 0) * 2 > rows.Count)
            return second
                ? throw new InvalidDataException(
                    $"no field is a text: the second repeats or is a number, and the third is empty. {NameColumns}")
                : Spoken(LjSpeech, rows);
        if (second && !third && rows.All(f => f[1].Length == 0 || LanguageNames.IsLanguage(f[1])))
            throw new InvalidDataException("the second of its 3 fields may be the language or the speaker. "
                + "Name the columns in a first line, audio|language|text or audio|speaker|text.");
        if (second != third) // before the words are compared: a text may have the speaker's name in it
            return Spoken(second ? SpeakerText : TextSpeaker, rows);
        if (rows.Count(f => f[2].Length == 0 || AreOneText(f[1], f[2])) * 2 > rows.Count)
            return Spoken(LjSpeech, rows);
        if (second)
            throw new InvalidDataException($"no field is a text: the second and the third repeat or are numbers. {NameColumns}");
        if (ArePhones(rows, 2) && !ArePhones(rows, 1))
            return LjSpeech with { Normalized = -1 };
        // Two texts without a common word may be a translation, or phones in another alphabet: only a person can tell.
        throw new InvalidDataException(
            "its 3 fields may be name|text|normalized text or name|speaker|text. "
            + "Name the columns in a first line, such as audio|speaker|text, or read it with "
            + "'qwen3tts-train import --format lj-speech' or '--format speaker-text'.");
    }

    /// <summary>The layout, if what it takes for the text can be one.</summary>
    static TableLayout Spoken(TableLayout layout, List<string[]> rows) =>
        ArePhones(rows, layout.Text) ? throw new InvalidDataException(
            $"field {layout.Text + 1} of its lines has phones, not what is said. "
            + "Write the text there; the model is taught with text alone.")
        : layout.Format is ListFormat.Sovits or ListFormat.BertVits2 && IsLabel(rows, layout.Text) ? throw new InvalidDataException(
            $"field {layout.Text + 1} of its lines, where the text stands in path|speaker|language|text, repeats or is a number. "
            + "Name the columns in a first line, such as audio|text|language|speaker.")
        : layout;

    /// <summary>Marks of stress and length are letters of no language, and phones one by one are no words.</summary>
    static bool ArePhones(List<string[]> rows, int column) => rows.Count(r => r[column].AsSpan().ContainsAny('\u02C8', '\u02CC', '\u02D0')
        || r[column].Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 3 } parts
            && parts.All(p => p.Length <= 2 && !IsWide(p[0]))) * 2 > rows.Count;

    /// <summary>Numbers, or few values over many rows: a speaker, a language or a measure, not what is said.</summary>
    static bool IsLabel(List<string[]> rows, int column)
    {
        var values = rows.ConvertAll(r => r[column]);
        // Half of the rows repeat another: a list that has each sentence twice has longer ones than a name, which is three words at most.
        return values.All(v => v.Length > 0 && v.All(c => char.IsAsciiDigit(c) || c is '.' or '-' or ' '))
            || values.Count > 1 && values.Distinct().Count() * 2 <= values.Count && values.All(v => Words(v).Length <= 3);
    }

    static bool AreOneText(string text, string normalized) =>
        Words(text).Intersect(Words(normalized), StringComparer.OrdinalIgnoreCase).Count() * 3 >= Math
            .Min(Words(text).Length, Words(normalized).Length)
        && Words(text).Length > 0 && Words(normalized).Length > 0;

    /// <summary>Words; of scripts that write none apart, each character counts as one.</summary>
    static string[] Words(string text) => [.. text
        .Split([' ', ',', '.', '!', '?', ';', ':', '\u3001', '\u3002', '\uFF01', '\uFF0C', '\uFF1F'], StringSplitOptions.RemoveEmptyEntries)
        .SelectMany(w => w.Any(IsWide) ? w.Select(c => c.ToString()) : [w])];

    /// <summary>Thai to Khmer, kana and Chinese characters stand without spaces between words; Hangul does not.</summary>
    static bool IsWide(char c) => c is >= '\u0E00' and <= '\u0EFF'
        or >= '\u1780' and <= '\u17FF' or >= '\u3040' and <= '\u30FF' or >= '\u3400' and <= '\u9FFF';
}
