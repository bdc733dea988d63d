// Lists of recordings as other trainers write them, read by the one reader that all commands share.
using Qwen3Tts.Data;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Training.Data;

static class Recordings
{
    /// <summary>The clips in order, and why some lines or files cannot be one.</summary>
    /// <param name="path">A folder or a list.</param>
    /// <param name="format">Null sees it in the input.</param>
    /// <param name="problems">Gets what is wrong.</param>
    /// <exception cref="FileNotFoundException">There is neither a folder nor a file of that name.</exception>
    public static List<Clip> Read(string path, ListFormat? format, ListProblems problems) => ClipList.Read(path, problems, format);

    /// <summary>The clip with its language's name, by the one table; where its list names none, with that of the command.</summary>
    public static Clip InOneLanguage(Clip clip, string? otherwise) =>
        (string.IsNullOrWhiteSpace(clip.Language) ? otherwise : clip.Language) is { } given
            ? clip with { Language = LanguageNames.NameOf(given) } : clip with { Language = null };

    /// <summary>What a list is, by its header or by what its lines hold.</summary>
    public static ListFormat FormatOf(string path) => ClipList.FormatOf(path);
}
