// A folder that appears complete or not at all. It is made under a name with our suffix and this process's number, and renamed. What stood
// there before is removed only where its own records say that this program wrote every file of it. Two renames put the new one in place of
// the old one; what a process leaves that is killed between them is put back by the next one that writes there.
namespace Qwen3Tts.Files;

/// <summary>Writes folders without destroying any.</summary>
static class OutputFolder
{
    /// <summary>Makes a folder, and replaces one that this program wrote.</summary>
    /// <param name="target">Full path.</param>
    /// <param name="write">Gets the folder to write into, with <see cref="OutputFile"/>.</param>
    /// <exception cref="IOException">Files are there that this program did not write.</exception>
    public static void Write(string target, Action<string> write)
    {
        Recover(target);
        CheckIsFree(target);
        var aside = TemporaryName.Take(target, TemporaryName.New);
        try
        {
            Directory.CreateDirectory(aside);
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
    /// Renames a complete folder into the place of one that this program wrote; killed in between, <see cref="Recover"/> puts that back.
    /// </summary>
    /// <exception cref="IOException">Files are there that this program did not write.</exception>
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

    /// <summary>Takes care of what dead processes left of a folder: the last complete one gets its name back, the rest goes.</summary>
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

    /// <summary>Refuses to replace a folder with files that this program did not write.</summary>
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

    /// <summary>A record, a lock or a temporary file: what this program needs to work in a folder, and no result.</summary>
    public static bool IsBookkeeping(string path) => Path.GetFileName(path) is var name && (name == OutputRecord.FileName
        || name.StartsWith(FolderLock.FileName, StringComparison.Ordinal) || name.EndsWith(TemporaryName.New, StringComparison.Ordinal));

    /// <summary>Files in a folder that stand on no record.</summary>
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

    /// <summary>Removes what this program wrote in a folder, and the folder if nothing is left.</summary>
    public static void Remove(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        foreach (var inner in Directory.EnumerateDirectories(folder).Where(d => new DirectoryInfo(d).LinkTarget is null).ToList())
            Remove(inner);
        var record = OutputRecord.At(folder);
        if (!record.Exists && !TemporaryName.Is(folder))
            return; // nothing of it is ours by a record of its own
        record.RemoveOwned();
        OutputRecord.Reload(folder);
        if (!Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
    }

    /// <summary>Renames a folder; records in it are read anew.</summary>
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
