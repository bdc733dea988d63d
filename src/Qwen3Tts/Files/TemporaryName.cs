// Names of what is not complete yet: ours alone, with this process's number, so that another process can tell what a dead one left. Others'
// '.part', '.partial', '.tmp' and '.old' are never looked at.
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

    /// <summary>A name that nothing has yet, until <see cref="Release"/> is told of it.</summary>
    public static string Take(string target, string ending)
    {
        while (true)
        {
            // A container gives every process the same number: a name of ours may be there that a dead one left.
            var name = string.Create(CultureInfo.InvariantCulture,
                $"{target}.{Environment.ProcessId}-{Interlocked.Increment(ref _count)}{ending}");
            if (!Path.Exists(name) && InUse.TryAdd(name, 0))
                return name;
        }
    }

    public static void Release(string name) => InUse.TryRemove(name, out _);

    /// <summary>True for a name of ours: anything between its target and its ending is a number.</summary>
    public static bool Is(string path) => Pattern().IsMatch(path);

    /// <summary>True if the process is gone that took the name.</summary>
    public static bool IsAbandoned(string path) => Pattern().Match(path) is { Success: true } match && !InUse.ContainsKey(path)
        && (match.Groups["process"].Value == string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}")
            || !IsAlive(match.Groups["process"].Value));

    /// <summary>What dead processes left of one target.</summary>
    public static IReadOnlyList<string> AbandonedOf(string target) =>
        Path.GetDirectoryName(target) is { } folder && Directory.Exists(folder)
        ? [.. Directory.EnumerateFileSystemEntries(folder, "*.qwen3tts-*").Where(p => IsAbandoned(p) && Target(p) == target)] : [];

    /// <summary>The path that the temporary one is for.</summary>
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
            // held by a process of another machine, or not ours to remove
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
