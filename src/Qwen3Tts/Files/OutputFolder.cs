// Writes a folder that appears complete or not at all. The folder is written under a temporary name, with this program's suffix and the
// process number, and then renamed. An existing folder at the target is removed only if its records say that this program wrote every file
// in it. Two renames put the new folder in the place of the old one. If a process is killed between the two, the next process that writes
// to the target restores the old folder.
namespace Qwen3Tts.Files;

/// <summary>Writes folders without destroying files of others.</summary>
static class OutputFolder
{
    /// <summary>Writes a folder, and replaces an existing one that this program wrote.</summary>
    /// <param name="target">Full path of the folder.</param>
    /// <param name="write">Writes the content into the folder that it is given, with <see cref="OutputFile"/>.</param>
    /// <exception cref="IOException">The existing folder has files that this program did not write.</exception>
    public static void Write(string target, Action<string> write)
    {
        Recover(target);
        CheckIsFree(target);
        var aside = TemporaryName.Take(target, TemporaryName.New);
        try
        {
            OutputFile.Try(target, () => Directory.CreateDirectory(aside));
            write(aside);
            Replace(aside, target);
        }
        finally
        {
            Remove(aside);
            TemporaryName.Release(aside);
        }
    }

    /// <summary>
    /// Renames a complete folder into the place of one that this program wrote. After a kill between the two renames, <see cref="Recover"/>
    /// restores the old folder.
    /// </summary>
    /// <exception cref="IOException">The existing folder has files that this program did not write.</exception>
    public static void Replace(string complete, string target)
    {
        Recover(target);
        CheckIsFree(target);
        var old = TemporaryName.Take(target, TemporaryName.Old);
        try
        {
            if (Directory.Exists(target))
                Move(target, old);
            try
            {
                Move(complete, target);
            }
            catch when (Directory.Exists(old))
            {
                Move(old, target);
                throw;
            }
        }
        finally
        {
            if (Directory.Exists(target))
                Remove(old);
            TemporaryName.Release(old);
        }
    }

    /// <summary>
    /// Cleans up after processes that were killed: the last complete folder gets its name back, other temporary folders are removed.
    /// </summary>
    public static void Recover(string target)
    {
        target = FileIdentity.Resolve(target);
        foreach (var left in TemporaryName.AbandonedOf(target).Where(Directory.Exists)
            .OrderByDescending(l => l.EndsWith(TemporaryName.Old, StringComparison.Ordinal)))
            if (left.EndsWith(TemporaryName.Old, StringComparison.Ordinal) && !Path.Exists(target))
                Move(left, target);
            else
                Remove(left);
    }

    /// <summary>Refuses to replace a folder that has files that this program did not write.</summary>
    public static void CheckIsFree(string target)
    {
        if (File.Exists(target))
            throw new IOException($"'{Printable.Text(target)}' is a file. Name a folder for the result.");
        if (Directory.Exists(target) && Foreign(target) is { Count: > 0 } foreign)
            throw new IOException(
                $"'{Printable.Text(target)}' holds files that this program did not write as they are now, such as " +
                $"'{Printable.Text(Path.GetRelativePath(target, foreign[0]))}'. Name another folder for the result, or move that one " +
                    $"away first.");
    }

    /// <summary>True for a record, a lock or a temporary file: files that this program needs for its work, which are not results.</summary>
    public static bool IsBookkeeping(string path) => Path.GetFileName(path) is var name && (name == OutputRecord.FileName
        || name.StartsWith(FolderLock.FileName, StringComparison.Ordinal) || name.EndsWith(TemporaryName.New, StringComparison.Ordinal));

    /// <summary>Files in a folder that have no entry in a record.</summary>
    public static IReadOnlyList<string> Foreign(string folder)
    {
        var record = OutputRecord.At(folder);
        bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;
        bool IsOurs(string path) => Path.GetFileName(path) is OutputRecord.FileName or FolderLock.FileName
            || TemporaryName.IsAbandoned(path)
            || record.Owns(path) || OutputRecord.At(Path.GetDirectoryName(path)!).Owns(path);
        return [.. Directory.EnumerateFileSystemEntries(folder, "*",
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
            .Where(path => IsLink(path) || !Directory.Exists(path) && !IsOurs(path))];
    }

    /// <summary>Removes the files that this program wrote in a folder, and the folder if it is empty then.</summary>
    public static void Remove(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        foreach (var inner in Directory.EnumerateDirectories(folder).Where(d => new DirectoryInfo(d).LinkTarget is null).ToList())
            Remove(inner);
        var record = OutputRecord.At(folder);
        if (!record.Exists && !TemporaryName.Is(folder))
            return; // the folder has no record of its own, so no file in it counts as ours
        record.RemoveOwned();
        OutputRecord.Reload(folder);
        if (!Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
    }

    /// <summary>Renames a folder. Records in it are read again afterwards.</summary>
    public static void Move(string from, string to)
    {
        Directory.Move(from, to);
        foreach (var folder in Directory.EnumerateDirectories(to, "*", SearchOption.AllDirectories).Append(to))
        {
            OutputRecord.Reload(folder);
            OutputRecord.Reload(Path.Combine(from, Path.GetRelativePath(to, folder)));
        }
    }
}
