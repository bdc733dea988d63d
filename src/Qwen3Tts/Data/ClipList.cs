// Recordings as people bring them, in one form: a folder, JSON (ClipsOfJson) or a table of fields (ClipTable). All commands read lists
// here. All that is wrong with the whole set is told at once, each cause once, with its place.
using Qwen3Tts.Audio;
using Qwen3Tts.Files;
using Qwen3Tts.Sequence;
using Qwen3Tts.Text;

namespace Qwen3Tts.Data;

/// <summary>One recording and what is said in it.</summary>
/// <param name="Place">Where it was listed, for messages: <c>train.jsonl(12)</c>, or the file.</param>
/// <param name="Audio">Full path of the recording.</param>
/// <param name="GivenAsRelative">Whether the path was relative, and so is to be written relative again.</param>
/// <param name="Text">What is said, in one line.</param>
/// <param name="Reference">Full path of the recording that the voice is taken from, if the list names one.</param>
/// <param name="Language">A language's name, if the list gives one.</param>
/// <param name="Codes">Frames of 16 codes, if the list brings them.</param>
sealed record Clip(
    string Place, string Audio, bool GivenAsRelative, string Text, string? Reference = null, string? Language = null,
        IReadOnlyList<int[]>? Codes = null)
{
    /// <summary>Who speaks, if the list says so.</summary>
    public string? Speaker { get; init; }
    /// <summary>How it is spoken, if the list says so.</summary>
    public string? Instruct { get; init; }
    /// <summary>Whether it is only measured and never trained on; null where nothing was chosen.</summary>
    public bool? HeldOut { get; init; }
    /// <summary>The list's text has line breaks, which are read as spaces.</summary>
    public bool LinesJoined { get; init; }
}

static class ClipList
{
    static readonly string[] ListNames = ["metadata.csv", "metadata.jsonl", "metadata.tsv"];

    /// <summary>The clips in order, and why some lines or files cannot be one.</summary>
    /// <param name="path">A folder or a list.</param>
    /// <param name="found">Gets what is wrong.</param>
    /// <param name="format">Null sees it in the input.</param>
    /// <exception cref="FileNotFoundException">There is neither a folder nor a file of that name.</exception>
    /// <exception cref="InvalidDataException">The list is no text.</exception>
    public static List<Clip> Read(string path, ListProblems found, ListFormat? format = null)
    {
        if (Directory.Exists(path))
        {
            var lists = format == ListFormat.Folder ? [] : ListNames.Select(n => Path.Combine(path, n)).Where(File.Exists).ToList();
            if (lists.Count == 0)
                return ClipFolder.Read(path, found);
            if (lists.Count > 1)
            {
                found.Add(path, $"it has {string.Join(" and ", lists.Select(Path.GetFileName))}. Name the list that is meant instead of " +
                    $"the folder.");
                return [];
            }
            path = lists[0];
        }
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no '{path}'. Name a folder of WAV and TXT files, or a list.");
        var before = found.Count;
        var text = ReadText(path);
        var isJson = format is null ? text.TrimStart() is ['{' or '[', ..] : format == ListFormat.Jsonl;
        var clips = isJson ? ClipsOfJson.Read(path, text, found)
            : ClipTable.Read(path, text, format is ListFormat.Folder ? null : format, found);
        if (clips.Count == 0 && found.Count == before)
            found.Add(path, "it is empty. Each line describes one clip.");
        return clips;
    }

    /// <exception cref="InvalidDataException">The file is a recording, or no text.</exception>
    static string ReadText(string path)
    {
        var bytes = WholeFile.Read(path);
        return AudioKind.Recognise(bytes.AsSpan(0, Math.Min(12, bytes.Length))) is not { } kind || bytes is [0xFF, 0xFE, ..] // UTF-16
            ? TextFile.Decode(bytes, path)
            : throw new InvalidDataException($"{path}: this is a recording ({kind}), not a list of recordings. "
                + "Name the folder that it lies in with its text, or a list.");
    }

    /// <summary>What a list is, by its header or by what its lines hold.</summary>
    public static ListFormat FormatOf(string path)
    {
        if (Directory.Exists(path))
            return ListNames.Select(n => Path.Combine(path, n)).FirstOrDefault(File.Exists) is { } list ? FormatOf(list)
                : ListFormat.Folder;
        var text = ReadText(path);
        return text.TrimStart() is ['{' or '[', ..] ? ListFormat.Jsonl : ClipTable.FormatOf(path, text);
    }

    /// <summary>'train' or 'held-out', as lists of ours say it.</summary>
    public static bool? IsHeldOut(string? split) => split switch
    {
        null or "" => null,
        "train" => false,
        "held-out" => true,
        _ => throw new InvalidDataException($"'split' is '{Printable.Text(split)}', expected 'train' or 'held-out'"),
    };

    /// <summary>The clip with its language's name, by the one table; where its list names none, with that of the command.</summary>
    public static Clip InOneLanguage(Clip clip, string? otherwise) =>
        (string.IsNullOrWhiteSpace(clip.Language) ? otherwise : clip.Language) is { } given
            ? clip with { Language = LanguageNames.NameOf(given) } : clip with { Language = null };

    /// <summary>Lines of a text file become one line.</summary>
    public static string Words(string text) => SpokenText.Words(text);
}
