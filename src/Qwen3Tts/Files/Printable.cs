// Text that comes from outside (file names, fields of a list, keys of a header) is shown in messages. It may be megabytes long or hold
// control characters that a terminal would obey. Here it becomes something that can be printed.
using System.Globalization;
using System.Text;

namespace Qwen3Tts.Files;

/// <summary>Makes text from outside safe to print.</summary>
static class Printable
{
    const int Longest = 120, LongestPath = 1000;

    /// <summary>A path as messages show it: whole, cut in the middle where it is longer than 1,000 characters.</summary>
    public static string Path(string path) => Shorten(path, LongestPath);

    /// <summary>
    /// The text with control characters written as <c>U+0007</c>, cut in the middle where it is longer than 120 characters.
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
