// Messages show text from outside: file names, fields of a list, keys of a header. Such text may be megabytes long, or contain control
// characters that a terminal would execute. This class shortens it and replaces the control characters.
using System.Globalization;
using System.Text;

namespace Qwen3Tts.Files;

/// <summary>Makes text from outside safe to print.</summary>
static class Printable
{
    const int Longest = 120, LongestPath = 1000;

    /// <summary>A path for messages; a path of more than 1,000 characters is cut in the middle.</summary>
    public static string Path(string path) => Shorten(path, LongestPath);

    /// <summary>
    /// A text for messages: control characters are written as <c>U+0007</c>, and a text of more than 120 characters is cut in the middle.
    /// </summary>
    public static string Text(string text) => Shorten(text, Longest);

    static string Shorten(string text, int longest)
    {
        var shown = text.Length <= longest ? text : $"{text[..(longest / 2)]}…{text[^(longest / 3)..]}";
        if (!shown.Any(IsUnprintable))
            return shown;
        var result = new StringBuilder();
        foreach (var c in shown)
            if (IsUnprintable(c))
                result.Append(CultureInfo.InvariantCulture, $"<U+{(int)c:X4}>");
            else
                result.Append(c);
        return result.ToString();
    }

    static bool IsUnprintable(char c) =>
        char.IsControl(c) || CharUnicodeInfo.GetUnicodeCategory(c)
            is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
