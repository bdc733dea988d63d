// Names of speakers in lists, options, configurations and manifests. They are compared without regard to case and in one Unicode normal
// form, because systems differ in whether they write a letter with an accent as one code point or as two.
using System.Text;

namespace Qwen3Tts.Files;

/// <summary>Compares names of speakers, and checks which names can be used.</summary>
static class SpeakerName
{
    const string Remedy = "Choose another name, such as 'anna'.";

    /// <summary>The form in which names are stored and looked up: normal form C, lower case, without blanks at either end.</summary>
    public static string Key(string name) => NormalForm.C(NormalForm.C(name).Trim().ToLowerInvariant());

    /// <summary>True if both are spellings of one name.</summary>
    public static bool IsSame(string? one, string? other) => one is null || other is null ? one == other : Key(one) == Key(other);

    /// <summary>Why a voice cannot have this name, or null if it can. A name becomes part of file names of runs and takes.</summary>
    public static string? Problem(string name)
    {
        if (name.Trim().Length == 0)
            return $"The speaker's name is empty. {Remedy}";
        // 100 letters of up to two bytes leave room for an extension in the 255 bytes of a file name.
        if (name.Length > 100)
            return $"The speaker's name '{Printable.Text(name)}' has {name.Length} characters; 100 are the most. {Remedy}";
        var runes = name.EnumerateRunes(); // in EnumerateRunes a lone surrogate is U+FFFD
        return name.Trim() != name || name.StartsWith('.') || name.EndsWith('.')
            || runes.Any(r => Rune.IsControl(r) || r == Rune.ReplacementChar
                || "/\\:*?\"<>|".Contains(r.ToString(), StringComparison.Ordinal))
            ? $"The speaker's name '{Printable.Text(name)}' has spaces around it, begins or ends with a dot, or has a character that no " +
                $"file name may have. {Remedy}"
            : null;
    }
}
