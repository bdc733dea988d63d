// The one gate for text: what is to be said, transcripts, instructions and the texts of lists come in through it, so a model is trained on
// a text in the form in which it is asked to speak it, and what cannot be trained on cannot be spoken either.
using System.Text;
using System.Text.RegularExpressions;
using Qwen3Tts.Files;

namespace Qwen3Tts.Text;

/// <summary>Makes one line of a text, and says why one cannot be spoken.</summary>
static partial class SpokenText
{
    const int Shown = 60; // characters of a text in a message

    [GeneratedRegex(@"<\|[^|<>]*\|>|</?(?:think|tool_call|tool_response|tts_\w+)>")]
    private static partial Regex ControlToken();

    /// <summary>
    /// The text as the model reads it: in normal form C, in one line, with single spaces. Line breaks and tabs count as spaces.
    /// </summary>
    public static string Words(string text) =>
        NormalForm.C(string.Join(' ', text.TrimStart('\uFEFF').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));

    /// <summary>Why nobody can say a text, with a remedy, or null.</summary>
    /// <param name="text">As it was given or as <see cref="Words"/> makes it.</param>
    /// <param name="what">What messages call it.</param>
    public static string? Problem(string text, string what = "the text")
    {
        var words = Words(text);
        if (words.Length == 0)
            return $"{what} is empty, so there is nothing to say. Write what is said in words.";
        if (ControlToken().Match(words) is { Success: true } token)
            return $"{what} has '{Printable.Text(token.Value)}', which programs take for a control token. Remove it from the text.";
        foreach (var rune in words.EnumerateRunes())
            if (rune == Rune.ReplacementChar || Rune.IsControl(rune) || rune.Value is 0xFEFF || (rune.Value & 0xFFFE) == 0xFFFE)
                return $"{what} has U+{rune.Value:X4}, which nobody can say. Save the text as UTF-8, or remove the character.";
        return words.EnumerateRunes().Any(Rune.IsLetterOrDigit) ? null
            : $"{what} '{Printable.Text(words.Length > Shown ? words[..Shown] : words)}' has no word. Write what is said in words.";
    }

    /// <summary>The text in one line.</summary>
    /// <exception cref="ArgumentException">Nobody can say it.</exception>
    public static string Checked(string text, string what = "the text") =>
        Problem(text, what) is { } problem ? throw new ArgumentException(char.ToUpperInvariant(problem[0]) + problem[1..]) : Words(text);
}
