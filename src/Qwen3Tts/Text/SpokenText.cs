// The checks that every text passes: text to be spoken, transcripts, instructions and the texts of lists. So training and speaking see a
// text in the same form, and a text that training refuses is refused by speaking, too.
using System.Text;
using System.Text.RegularExpressions;
using Qwen3Tts.Files;

namespace Qwen3Tts.Text;

/// <summary>Brings a text into one line, and says why a text cannot be spoken.</summary>
static partial class SpokenText
{
    const int Shown = 60; // most characters of a text that a message shows

    [GeneratedRegex(@"<\|[^|<>]*\|>|</?(?:think|tool_call|tool_response|tts_\w+)>")]
    private static partial Regex ControlToken();

    /// <summary>
    /// The text as the model reads it: in normal form C, in one line, with single spaces. Line breaks and tabs count as spaces.
    /// </summary>
    public static string Words(string text) =>
        NormalForm.C(string.Join(' ', text.TrimStart('\uFEFF').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));

    /// <summary>Why a text cannot be spoken and what to do about it, or null if it can be spoken.</summary>
    /// <param name="text">The text as it was given, or as <see cref="Words"/> returns it.</param>
    /// <param name="what">Name of the text in messages.</param>
    public static string? Problem(string text, string what = "the text")
    {
        var words = Words(text);
        if (words.Length == 0)
            return $"{what} is empty, so there is nothing to say. Write what is said in words.";
        return Forbidden(words, what) ?? (words.EnumerateRunes().Any(Rune.IsLetterOrDigit) ? null
            : $"{what} '{Printable.Text(words.Length > Shown ? words[..Shown] : words)}' has no word. Write what is said in words.");
    }

    /// <summary>What stands in a text that cannot be spoken and what to do about it, or null.</summary>
    /// <param name="words">The text, or a part of it, as <see cref="Words"/> returns it.</param>
    /// <param name="what">Name of the text in messages.</param>
    public static string? Forbidden(string words, string what = "the text")
    {
        if (ControlToken().Match(words) is { Success: true } token)
            return $"{what} has '{Printable.Text(token.Value)}', which programs take for a control token. Remove it from the text.";
        foreach (var rune in words.EnumerateRunes())
            if (rune == Rune.ReplacementChar || Rune.IsControl(rune) || rune.Value is 0xFEFF || (rune.Value & 0xFFFE) == 0xFFFE)
                return $"{what} has U+{rune.Value:X4}, which cannot be spoken. Save the text as UTF-8, or remove the character.";
        return null;
    }

    /// <summary>The text in one line, after the checks.</summary>
    /// <exception cref="ArgumentException">The text cannot be spoken.</exception>
    public static string Checked(string text, string what = "the text") =>
        Problem(text, what) is { } problem ? throw Error(problem) : Words(text);

    /// <summary>A problem as an exception, whose message begins with a capital.</summary>
    public static ArgumentException Error(string problem) => new(char.ToUpperInvariant(problem[0]) + problem[1..]);
}
