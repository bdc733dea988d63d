// Names of files and folders that are not complete yet. They contain this program's suffix and the process number, so that another process
// can recognise what a dead process left. Files of other programs that end in '.part', '.partial', '.tmp' or '.old' are never touched.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Qwen3Tts.Files;

/// <summary>Temporary files and folders beside their targets: <c>target.process-count.qwen3tts-tmp</c> or <c>-old</c>.</summary>
static partial class TemporaryName
{
    public const string New = ".qwen3tts-tmp", Old = ".qwen3tts-old";

    static readonly ConcurrentDictionary<string, byte> InUse = [];
    static int _count;

    /// <summary>An unused temporary name; it is reserved until <see cref="Release"/> is called.</summary>
    public static string Take(string target, string ending)
    {
        while (true)
        {
            // In a container every process may have the same number, so a dead process may have left this name.
            var name = string.Create(CultureInfo.InvariantCulture,
                $"{target}.{Environment.ProcessId}-{Interlocked.Increment(ref _count)}{ending}");
            if (!Path.Exists(name) && InUse.TryAdd(name, 0))
                return name;
        }
    }

    public static void Release(string name) => InUse.TryRemove(name, out _);

    /// <summary>True if the name is a temporary name of this program: target, number, suffix.</summary>
    public static bool Is(string path) => Pattern().IsMatch(path);

    /// <summary>True if the process that created the name has ended.</summary>
    public static bool IsAbandoned(string path) => Pattern().Match(path) is { Success: true } match && !InUse.ContainsKey(path)
        && (match.Groups["process"].Value == string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}")
            || !IsAlive(match.Groups["process"].Value));

    /// <summary>Temporary files that dead processes left for one target.</summary>
    public static IReadOnlyList<string> AbandonedOf(string target) =>
        Path.GetDirectoryName(target) is { } folder && Directory.Exists(folder)
        ? [.. Directory.EnumerateFileSystemEntries(folder, "*.qwen3tts-*").Where(p => IsAbandoned(p) && Target(p) == target)] : [];

    /// <summary>The target of a temporary path.</summary>
    static string Target(string path) => path[..Pattern().Match(path).Index];

    /// <summary>Removes a temporary file of a dead process.</summary>
    public static void RemoveFile(string path)
    {
        try
        {
            using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // a process on another machine holds it, or this user may not remove it
        }
    }

    [GeneratedRegex(@"\.(?<process>\d+)-\d+\.qwen3tts-(tmp|old)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();

    static bool IsAlive(string process)
    {
        try
        {
            using var found = Process.GetProcessById(int.Parse(process, CultureInfo.InvariantCulture));
            return !found.HasExited;
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            return false;
        }
    }
}
