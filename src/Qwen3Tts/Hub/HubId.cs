// The name of a model on a hub, such as Qwen/Qwen3-TTS-12Hz-0.6B-Base or, with a revision, owner/name@main. An id becomes part of addresses
// and of paths, so only the letters that the hub itself allows are accepted.
using System.Text.RegularExpressions;
using Qwen3Tts.Files;

namespace Qwen3Tts.Hub;

/// <summary>Owner, name and revision of a model.</summary>
sealed partial record HubId(string Owner, string Name, string Revision)
{
    public const string MainRevision = "main";
    const int Longest = 96; // the hub's own limit for each part

    /// <summary>Owner and name, without the revision.</summary>
    public string Model => $"{Owner}/{Name}";

    /// <summary>Name of the model's folder in the cache.</summary>
    public string FolderName => $"models--{Owner}--{Name}";

    /// <summary>As the user types it: without the revision if that is the usual one.</summary>
    public override string ToString() => Revision == MainRevision ? Model : $"{Model}@{Revision}";

    /// <summary>The id, or null if the text is none.</summary>
    public static HubId? TryParse(string text)
    {
        var (model, revision) = text.IndexOf('@', StringComparison.Ordinal) is >= 0 and var at
            ? (text[..at], text[(at + 1)..]) : (text, MainRevision);
        return model.Split('/') is [var owner, var name] && IsPart(owner) && IsPart(name) && IsRevision(revision)
            ? new(owner, name, revision) : null;
    }

    /// <summary>The id of a text that must be one.</summary>
    /// <exception cref="ArgumentException">The text is no id.</exception>
    public static HubId Parse(string text) => TryParse(text) ?? throw new ArgumentException(
        $"'{Printable.Text(text)}' is not the id of a model on the hub. Give owner/name, such as {ReleasedModels.All[0].Id}, or " +
        $"owner/name@revision.");

    /// <summary>The id from the name of a folder in the cache, or null if the folder belongs to something else.</summary>
    public static HubId? OfFolder(string folder) =>
        folder.Split("--") is ["models", var owner, var name] ? TryParse($"{owner}/{name}") : null;

    /// <summary>True for the full hash of a commit, or the name of a blob.</summary>
    public static bool IsHash(string text) => text.Length is 40 or 64 && Hex().IsMatch(text);

    static bool IsPart(string part) => part.Length <= Longest && Part().IsMatch(part)
        && !part.Contains("--", StringComparison.Ordinal) && !part.Contains("..", StringComparison.Ordinal);

    /// <summary>Branches may contain slashes; no part of a revision may lead out of its folder.</summary>
    static bool IsRevision(string revision) =>
        revision.Length is > 0 and <= 255 && revision.Split('/').All(p => RevisionPart().IsMatch(p) && p.Trim('.') == p);

    [GeneratedRegex(@"\A[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Part();

    [GeneratedRegex(@"\A[A-Za-z0-9._+-]+\z")]
    private static partial Regex RevisionPart();

    [GeneratedRegex(@"\A[0-9a-f]+\z")]
    private static partial Regex Hex();
}
