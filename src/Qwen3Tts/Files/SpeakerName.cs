// Names of speakers: in lists, options, configurations and manifests. They are compared without case and in one Unicode form, since the
// same name is written with composed or with decomposed letters, depending on the system it was typed on.
using System.Text;

namespace Qwen3Tts.Files;

/// <summary>How a speaker's name is compared, and which names can be used.</summary>
static class SpeakerName
{
    const string Remedy = "Choose another name, such as 'anna'.";

    /// <summary>The form in which names are stored and looked up: normal form C, lower case, without blanks around it.</summary>
    public static string Key(string name) => NormalForm.C(NormalForm.C(name).Trim().ToLowerInvariant());

    /// <summary>Two spellings of one name.</summary>
    public static bool IsSame(string? one, string? other) => one is null || other is null ? one == other : Key(one) == Key(other);

    /// <summary>Why no voice can be named so, or null. A name is part of file names: runs and takes are kept under it.</summary>
    public static string? Problem(string name)
    {
        if (name.Trim().Length == 0)
            return $"The speaker's name is empty. {Remedy}";
        // 100 letters of up to two bytes leave room for an ending in the 255 bytes of a file name.
        if (name.Length > 100)
            return $"The speaker's name '{Printable.Text(name)}' has {name.Length} characters; 100 are the most. {Remedy}";
        var runes = name.EnumerateRunes(); // a lone surrogate is U+FFFD in them
        return name.Trim() != name || name.StartsWith('.') || name.EndsWith('.')
            || runes.Any(r => Rune.IsControl(r) || r == Rune.ReplacementChar
                || "/\\:*?\"<>|".Contains(r.ToString(), StringComparison.Ordinal))
            ? $"The speaker's name '{Printable.Text(name)}' has spaces around it, begins or ends with a dot, or has a character that no " +
                $"file name may have. {Remedy}"
            : null;
    }
}
