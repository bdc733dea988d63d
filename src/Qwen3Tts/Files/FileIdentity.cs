// Are two paths one file? Names say little: links, hard links, upper and lower case, and several ways to write one path lead to the same
// bytes. Files that do not exist yet are compared by where they would come to stand.
using System.Text;

namespace Qwen3Tts.Files;

/// <summary>Compares paths as files.</summary>
static class FileIdentity
{
    const int MostLinks = 40; // as Linux follows; more is a circle

    /// <summary>How names compare on this system: Windows and macOS take upper and lower case for the same.</summary>
    public static StringComparison Names { get; } = OperatingSystem.IsLinux() ? StringComparison.Ordinal
        : StringComparison.OrdinalIgnoreCase;

    /// <summary>The full path without symbolic links in any part; parts that do not exist stay as they are.</summary>
    /// <exception cref="IOException">The links lead in a circle.</exception>
    public static string Resolve(string path)
    {
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

    /// <summary>True if the path is the folder itself or lies in it.</summary>
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

    // What /dev/stdout leads to is no path where it is a pipe, and must be written through where it is a file.
    static bool IsOpenFile(string part) =>
        part.StartsWith("/proc/", StringComparison.Ordinal) && Path.GetFileName(Path.GetDirectoryName(part)) == "fd";

    // Hard links share everything; what shares size and time may still be a copy. A lock that one of them holds and the other meets tells.
    static bool AreHardLinks(FileInfo a, FileInfo b)
    {
        if (a.Length != b.Length || a.LastWriteTimeUtc != b.LastWriteTimeUtc || OutputFile.IsSpecial(a.FullName)
            || OutputFile.IsSpecial(b.FullName))
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
            return true; // in use, or not to be read: taken for the same, because a file that is refused is not lost
        }
    }

    static FileStream Lock(FileInfo file) => new(file.FullName, FileMode.Open, FileAccess.Read, FileShare.None);
}
