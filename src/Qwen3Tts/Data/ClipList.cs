// Reads lists of recordings in all supported forms: a folder, JSON (ClipsOfJson) or a table of fields (ClipTable). All commands read lists
// with this class. All mistakes of a list are reported together, each cause once, with its place.
using Qwen3Tts.Audio;
using Qwen3Tts.Files;
using Qwen3Tts.Sequence;
using Qwen3Tts.Text;

namespace Qwen3Tts.Data;

/// <summary>One recording and the words that are said in it.</summary>
/// <param name="Place">The place in the list, for messages: <c>train.jsonl(12)</c>, or the file.</param>
/// <param name="Audio">Full path of the recording.</param>
/// <param name="GivenAsRelative">True if the list has a relative path; then a list that is written gets a relative path, too.</param>
/// <param name="Text">The words, in one line.</param>
/// <param name="Reference">Full path of the recording that the voice is taken from; null if the list names none.</param>
/// <param name="Language">Name of the language; null if the list names none.</param>
/// <param name="Codes">Frames of 16 codes; null if the list has none.</param>
sealed record Clip(
    string Place, string Audio, bool GivenAsRelative, string Text, string? Reference = null, string? Language = null,
        IReadOnlyList<int[]>? Codes = null)
{
    /// <summary>Name of the speaker; null if the list names none.</summary>
    public string? Speaker { get; init; }
    /// <summary>Instruction how to speak; null if the list has none.</summary>
    public string? Instruct { get; init; }
    /// <summary>True if the clip is held out: it is measured and never trained on. Null if the list does not say.</summary>
    public bool? HeldOut { get; init; }
    /// <summary>True if 'prepare' reported a doubt about the recording or its text; such a clip is not held out.</summary>
    public bool Doubtful { get; init; }
    /// <summary>True if the list's text has line breaks, which are read as spaces.</summary>
    public bool LinesJoined { get; init; }
    /// <summary>What was marked in a review.</summary>
    public ClipMarks Marks { get; init; }
}

static class ClipList
{
    static readonly string[] ListNames = ["metadata.csv", "metadata.jsonl", "metadata.tsv"];

    /// <summary>Reads the clips in the order of the list, without those that a review dropped.</summary>
    /// <param name="path">A folder or a list.</param>
    /// <param name="found">Receives the mistakes in lines or files, and the number of dropped clips.</param>
    /// <param name="format">The format of the list; null detects it.</param>
    /// <exception cref="FileNotFoundException">There is neither a folder nor a file of that name.</exception>
    /// <exception cref="InvalidDataException">The list, or the file with the marks of a review, is not a text file of its kind.</exception>
    public static List<Clip> Read(string path, ListProblems found, ListFormat? format = null)
    {
        var all = ReadAll(path, found, format);
        var used = all.FindAll(c => !c.Marks.Dropped);
        found.Dropped += all.Count - used.Count;
        if (all.Count > 0 && used.Count == 0)
            found.Add(path, $"all of its {all.Count} clips were dropped. Take some back with 'qwen3tts-train review'.");
        return used;
    }

    /// <summary>
    /// As <see cref="Read"/>, with the clips that a review dropped; and if <paramref name="withoutText"/>, with recordings of a folder that
    /// have no text yet.
    /// </summary>
    public static List<Clip> ReadAll(string path, ListProblems found, ListFormat? format = null, bool withoutText = false) =>
        ListOf(path, found, format) is not { } list ? []
            : ReviewFile.Mark(list, Directory.Exists(list) ? ClipFolder.Read(list, found, withoutText)
                : Parse(list, ReadText(list), found, format));

    /// <summary>The list that a path means: that of a folder which has one, or else the path itself; null if there are several.</summary>
    /// <exception cref="FileNotFoundException">There is neither a folder nor a file of that name.</exception>
    public static string? ListOf(string path, ListProblems found, ListFormat? format = null)
    {
        if (File.Exists(path))
            return path;
        if (!Directory.Exists(path))
            throw new FileNotFoundException($"There is no '{path}'. Name a folder of recordings and TXT files, or a list.");
        var lists = format == ListFormat.Folder ? [] : ListNames.Select(n => Path.Combine(path, n)).Where(File.Exists).ToList();
        if (lists.Count <= 1)
            return lists.FirstOrDefault(path);
        found.Add(path, $"it has {string.Join(" and ", lists.Select(Path.GetFileName))}. Name the list that is meant instead of " +
            $"the folder.");
        return null;
    }

    /// <summary>The clips of a list whose text is this.</summary>
    public static List<Clip> Parse(string path, string text, ListProblems found, ListFormat? format = null)
    {
        var before = found.Count;
        var isJson = format is null ? text.TrimStart() is ['{' or '[', ..] : format == ListFormat.Jsonl;
        var clips = isJson ? ClipsOfJson.Read(path, text, found)
            : ClipTable.Read(path, text, format is ListFormat.Folder ? null : format, found);
        if (clips.Count == 0 && found.Count == before)
            found.Add(path, "it is empty. Each line describes one clip.");
        return clips;
    }

    /// <exception cref="InvalidDataException">The file is a recording, or not a text file.</exception>
    static string ReadText(string path)
    {
        var bytes = WholeFile.Read(path);
        return AudioKind.Recognise(bytes.AsSpan(0, Math.Min(12, bytes.Length))) is not { } kind || bytes is [0xFF, 0xFE, ..] // UTF-16
            ? TextFile.Decode(bytes, path)
            : throw new InvalidDataException($"{path}: this is a recording ({kind}), not a list of recordings. "
                + "Name the folder that has it and its text, or a list.");
    }

    /// <summary>Detects the format of a list by its header, or by the content of its lines.</summary>
    public static ListFormat FormatOf(string path)
    {
        if (Directory.Exists(path))
            return ListNames.Select(n => Path.Combine(path, n)).FirstOrDefault(File.Exists) is { } list ? FormatOf(list)
                : ListFormat.Folder;
        var text = ReadText(path);
        return text.TrimStart() is ['{' or '[', ..] ? ListFormat.Jsonl : ClipTable.FormatOf(path, text);
    }

    /// <summary>Reads the key 'split', whose values are 'train' and 'held-out'.</summary>
    public static bool? IsHeldOut(string? split) => split switch
    {
        null or "" => null,
        "train" => false,
        "held-out" => true,
        _ => throw new InvalidDataException($"'split' is '{Printable.Text(split)}', expected 'train' or 'held-out'"),
    };

    /// <summary>
    /// The clip with the name that its language has in the table of languages. If the list names no language, the command's applies.
    /// </summary>
    public static Clip InOneLanguage(Clip clip, string? otherwise) =>
        (string.IsNullOrWhiteSpace(clip.Language) ? otherwise : clip.Language) is { } given
            ? clip with { Language = LanguageNames.NameOf(given) } : clip with { Language = null };

    /// <summary>Joins the lines of a text file to one line.</summary>
    public static string Words(string text) => SpokenText.Words(text);
}
