// Decides whether two paths lead to one file. Paths as text are not enough: symbolic links, hard links, upper and lower case, and several
// spellings of one path lead to the same bytes. A file that does not exist yet is compared by the place where it would be created.
using System.Text;

namespace Qwen3Tts.Files;

/// <summary>Compares paths by the files that they lead to.</summary>
static class FileIdentity
{
    const int MostLinks = 40; // the limit of Linux; more links than this form a circle

    /// <summary>How this system compares file names: Windows and macOS ignore the case.</summary>
    public static StringComparison Names { get; } = OperatingSystem.IsLinux() ? StringComparison.Ordinal
        : StringComparison.OrdinalIgnoreCase;

    /// <summary>The full path with all symbolic links resolved; parts of the path that do not exist stay as they are.</summary>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    /// <exception cref="IOException">The links form a circle.</exception>
    public static string Resolve(string path)
    {
        if (path.Length == 0)
            throw new ArgumentException("The name of a file or folder is empty. Give a name, or leave the option out.");
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        for (var links = 0; links <= MostLinks; links++)
        {
            if (FollowFirstLink(full) is not { } followed)
                return OperatingSystem.IsMacOS() ? full.Normalize(NormalizationForm.FormC) : full;
            full = followed;
        }
        throw new IOException($"'{Printable.Text(path)}' leads through links in a circle. Name another path.");
    }

    /// <summary>True if both paths lead to one file or folder.</summary>
    public static bool Same(string one, string other)
    {
        var (a, b) = (Resolve(one), Resolve(other));
        return string.Equals(a, b, Names) || File.Exists(a) && File.Exists(b) && AreHardLinks(new(a), new(b));
    }

    /// <summary>True if the path is the folder itself, or lies in it.</summary>
    public static bool IsWithin(string path, string folder)
    {
        var (inner, outer) = (Resolve(path), Resolve(folder));
        return string.Equals(inner, outer, Names)
            || inner.StartsWith(Path.EndsInDirectorySeparator(outer) ? outer : outer + Path.DirectorySeparatorChar, Names);
    }

    static string? FollowFirstLink(string full)
    {
        for (var end = Path.GetPathRoot(full)!.Length; end < full.Length;)
        {
            var next = full.IndexOf(Path.DirectorySeparatorChar, end);
            var part = next < 0 ? full : full[..next];
            if (new FileInfo(part).LinkTarget is { } target && !IsOpenFile(part))
                return Path.TrimEndingDirectorySeparator(
                    Path.GetFullPath(target + (next < 0 ? "" : full[next..]), Path.GetDirectoryName(part)!));
            if (next < 0)
                return null;
            end = next + 1;
        }
        return null;
    }

    // /dev/stdout leads to an entry of /proc that is not resolved: a pipe has no path, and a file must be written through that entry.
    static bool IsOpenFile(string part) =>
        part.StartsWith("/proc/", StringComparison.Ordinal) && Path.GetFileName(Path.GetDirectoryName(part)) == "fd";

    // Two hard links share all properties, but equal size and time may also belong to a copy. A lock on one that also locks the other
    // decides.
    static bool AreHardLinks(FileInfo a, FileInfo b)
    {
        if (a.Length != b.Length || a.LastWriteTimeUtc != b.LastWriteTimeUtc || SpecialFile.Is(a.FullName)
            || SpecialFile.Is(b.FullName))
            return false;
        try
        {
            using (Lock(b))
            {
            }
            using var held = Lock(a);
            try
            {
                using var second = Lock(b);
                return false;
            }
            catch (IOException)
            {
                return true;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true; // in use or unreadable: counts as the same file, because refusing loses nothing
        }
    }

    static FileStream Lock(FileInfo file) => new(file.FullName, FileMode.Open, FileAccess.Read, FileShare.None);
}
