// Finds a recording that a list names: beside the list, in wavs/, or in the current folder. Separators of Windows are accepted on every
// system. A path of another machine is searched by its file name. Case and Unicode normal form matter only if two files differ in nothing
// else.
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Data;

sealed class ClipPath(string list)
{
    static readonly string[] Folders = ["wavs", "wav", "clips"]; // LJSpeech; Piper; Common Voice

    readonly string _folder = Path.GetDirectoryName(Path.GetFullPath(list))!;
    readonly Dictionary<string, ILookup<string, string>> _names = [];

    /// <summary>The full path, and whether the list has a relative path.</summary>
    /// <param name="given">The path as the list has it.</param>
    /// <param name="asName">True if it may be a name without folder and extension, as in LJSpeech.</param>
    /// <param name="needed">True if a path of another machine must be found here.</param>
    /// <exception cref="InvalidDataException">It is not a path, or there is not exactly one such file.</exception>
    public (string Path, bool Relative) Find(string given, bool asName = false, bool needed = true)
    {
        if (given.Trim().Length == 0)
            throw new InvalidDataException("the path of the recording is empty");
        if (given.Any(char.IsControl))
            throw new InvalidDataException($"the path '{Printable.Text(given)}' has control characters");
        if (Path.IsPathRooted(given) && File.Exists(given))
            return (Path.GetFullPath(given), false);
        var path = File.Exists(Path.Combine(_folder, given)) ? given : given.Replace('\\', '/');
        if (IsRooted(path))
            return Elsewhere(given, path, needed);
        var candidates = asName && !HasExtension(path)
            ? [.. WithExtensions(Folders.Select(f => $"{f}/{path}")), .. Folders.Select(f => $"{f}/{path}"), .. WithExtensions([path]),
                path]
            : asName ? [.. Folders.Select(f => $"{f}/{path}"), path] : new[] { path };
        foreach (var candidate in candidates)
            if (Existing(candidate) is { } found)
                return (found, true);
        return (Path.GetFullPath(Path.Combine(_folder, asName && HasExtension(path) ? path : candidates[0])), true);
    }

    /// <summary>True if a recording of that name is here.</summary>
    public bool IsThere(string given)
    {
        try
        {
            return given.Length > 0 && File.Exists(Find(given, asName: true).Path);
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    static bool IsRooted(string path) => path.StartsWith('/') || path is [>= 'a' and <= 'z' or >= 'A' and <= 'Z', ':', '/', ..];

    static bool HasExtension(string path) =>
        AudioFile.Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase)
            || Path.GetExtension(path).ToUpperInvariant() is ".WAVE" or ".M4A";

    /// <summary>The names with the extension of each format that is read, WAV first.</summary>
    static IEnumerable<string> WithExtensions(IEnumerable<string> names) =>
        AudioFile.Extensions.SelectMany(extension => names.Select(name => name + extension));

    (string, bool) Elsewhere(string given, string path, bool needed)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        var found = name is "" or "." or ".." ? [] : new[] { name, $"wavs/{name}" }.Select(Beside).OfType<string>().ToList();
        return found.Count == 1 ? (found[0], true)
            : found.Count > 1 ? throw new InvalidDataException(
                $"'{Printable.Text(given)}' is a path of another machine, and both {name} and wavs/{name} are here. Remove one of them")
            : !needed ? (Path.GetFullPath(Path.Combine(_folder, given)), false)
            : throw new InvalidDataException($"'{Printable.Text(given)}' is a path of another machine, and no recording of that name is in "
                + $"'{_folder}' or its folder 'wavs'. Copy the recordings there, or correct the paths").WithCause("another machine");
    }

    string? Existing(string path) => Beside(path) ?? (File.Exists(path) ? Path.GetFullPath(path) : null);

    /// <summary>
    /// The file of exactly this name beside the list; otherwise the only one whose path differs just in case or normal form.
    /// </summary>
    /// <exception cref="InvalidDataException">There are several such files.</exception>
    string? Beside(string path)
    {
        var full = Path.GetFullPath(Path.Combine(_folder, path));
        if (File.Exists(full))
            return full;
        return Like(full) is { } found && File.Exists(found) ? found : null;
    }

    /// <summary>The path as it is written on this disk. Its folders are found in the same way as the file.</summary>
    string? Like(string full)
    {
        if (Path.Exists(full))
            return full;
        if (Path.GetDirectoryName(full) is not { } above || Like(above) is not { } folder || !Directory.Exists(folder))
            return null;
        if (!_names.TryGetValue(folder, out var names))
            _names[folder] = names = Directory.GetFileSystemEntries(folder).ToLookup(f => Key(Path.GetFileName(f)));
        var same = names[Key(Path.GetFileName(full))].Order(StringComparer.Ordinal).ToList();
        return same.Count <= 1 ? same.FirstOrDefault()
            : throw new InvalidDataException($"'{Named(full)}' may be '{Named(same[0])}' or '{Named(same[1])}', "
                + "which differ in case or Unicode form alone. Remove or rename one of them");
    }

    static string Named(string path) => Printable.Text(Path.GetFileName(path));

    /// <summary>A key that is equal for names that differ only in case or Unicode normal form.</summary>
    public static string Key(string name) => NormalForm.C(name).ToUpperInvariant();
}
