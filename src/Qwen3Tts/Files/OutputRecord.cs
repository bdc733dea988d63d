// The record of the files that this program wrote into a folder: one line for each file, with its hash. Only a file that has an entry and
// is unchanged may be replaced or removed. Several processes may write into one folder, so lines are only ever appended.
using System.Text.Json;

namespace Qwen3Tts.Files;

/// <summary>The record of a folder, <c>.qwen3tts-files.jsonl</c>.</summary>
sealed class OutputRecord
{
    public const string FileName = ".qwen3tts-files.jsonl";

    static readonly EnumerationOptions All = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.None,
        MaxRecursionDepth = 64,
    };
    static readonly Dictionary<string, OutputRecord> Open = [];

    readonly Lock _lock = new();
    // The last two entries of each path. An entry is written before the file gets its name; after a crash between the two, the file is
    // still the previous one.
    readonly Dictionary<string, OutputEntry[]> _entries = [];
    readonly Dictionary<string, (long Length, DateTime Time, OutputEntry Entry)> _seen = [];
    readonly SharedLines _lines;

    OutputRecord(string folder) => (Folder, _lines) = (folder, new(Path.Combine(folder, FileName)));

    /// <summary>The folder, with symbolic links resolved.</summary>
    public string Folder { get; }

    /// <summary>True if there is a record on the disk.</summary>
    public bool Exists => _lines.Exists;

    /// <summary>The record of a folder, which need not exist.</summary>
    public static OutputRecord At(string folder)
    {
        var resolved = FileIdentity.Resolve(folder);
        lock (Open)
        {
            if (!Open.TryGetValue(resolved, out var record))
                Open[resolved] = record = new(resolved);
            return record;
        }
    }

    /// <summary>All files that were written, by the last entry of each path.</summary>
    public IReadOnlyList<OutputEntry> Entries
    {
        get
        {
            lock (_lock)
            {
                ReadOn();
                return [.. _entries.Values.Select(e => e[^1])];
            }
        }
    }

    /// <summary>True if the file has an entry and is unchanged.</summary>
    public bool Owns(string path)
    {
        lock (_lock)
        {
            ReadOn();
            var full = FileIdentity.Resolve(path);
            return Relative(full) is { } relative && _entries.TryGetValue(relative, out var entries) && File.Exists(full)
                && !SpecialFile.Is(full) && (entries.Any(e => IsUnchanged(full, e)) || OutputEntry.IsCutOff(new(full), entries));
        }
    }

    /// <summary>True if this program ever wrote a file of that name.</summary>
    public bool Knows(string path)
    {
        lock (_lock)
        {
            ReadOn();
            return Relative(FileIdentity.Resolve(path)) is { } relative && _entries.ContainsKey(relative);
        }
    }

    /// <summary>Adds an entry for a file.</summary>
    /// <param name="path">The file, in the record's folder or below it.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="sha256">Its hash.</param>
    /// <param name="from">For a file that is going to be appended to: its length before the append.</param>
    /// <exception cref="IOException">The record cannot be written.</exception>
    public OutputEntry Add(string path, long bytes, ReadOnlySpan<byte> sha256, long? from = null)
    {
        var entry = new OutputEntry(Required(FileIdentity.Resolve(path)), bytes, Convert.ToHexStringLower(sha256), from);
        Append(entry);
        return entry;
    }

    /// <summary>
    /// Remembers that this process completed a file, so that the file need not be read again to check that it is unchanged.
    /// </summary>
    public void Remember(string full, OutputEntry entry)
    {
        var file = new FileInfo(full);
        lock (_lock)
            _seen[full] = (file.Length, file.LastWriteTimeUtc, entry);
    }

    /// <summary>Forgets what was read, because the folder was replaced by another one.</summary>
    public static void Reload(string folder)
    {
        lock (Open)
            Open.Remove(FileIdentity.Resolve(folder));
    }

    /// <summary>Creates a folder, and adds an entry for every folder that was created for it.</summary>
    public void MakeFolder(string path)
    {
        var full = FileIdentity.Resolve(path);
        var made = new Stack<string>();
        for (var at = full; at is not null && !Directory.Exists(at); at = Path.GetDirectoryName(at))
            made.Push(at);
        Directory.CreateDirectory(full);
        foreach (var folder in made)
            if (Relative(folder) is { } relative)
                Append(new(relative + "/", 0, ""));
    }

    /// <summary>
    /// Removes the files that have an entry and are unchanged, the folders that this program created and that are empty then, and the
    /// record.
    /// </summary>
    /// <returns>Full paths of everything that is left in the folder.</returns>
    public IReadOnlyList<string> RemoveOwned()
    {
        lock (_lock)
        {
            var entries = Entries;
            foreach (var entry in entries.Where(e => !e.Path.EndsWith('/')))
                if (Inside(entry.Path) is { } full && Owns(full))
                    File.Delete(full);
            if (Exists || TemporaryName.Is(Folder)) // the folder itself is this program's own, not only a folder inside it
                foreach (var path in Left().Where(p => TemporaryName.IsAbandoned(p) && FileIdentity.Resolve(p) == p))
                    TemporaryName.RemoveFile(path);
            foreach (var entry in entries.Where(e => e.Path.EndsWith('/')).OrderByDescending(e => e.Path.Length))
                if (Inside(entry.Path) is { } full && Directory.Exists(full) && !Directory.EnumerateFileSystemEntries(full).Any())
                    Directory.Delete(full);
            var left = Left();
            // A changed file keeps its entry: if its old content is restored, it counts as ours again.
            if (!left.Any(path => Relative(path) is { } relative && _entries.ContainsKey(relative)))
            {
                _lines.Delete();
                ReadOn();
            }
            return left;
        }
    }

    List<string> Left() => !Directory.Exists(Folder) ? [] : [.. Directory.EnumerateFiles(Folder, "*", All)
        .Where(path => path != Path.Combine(Folder, FileName)
            && !Path.GetFileName(path).StartsWith(FolderLock.FileName, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>Full path of an entry; null if the path leaves the folder, by its name or through a link.</summary>
    string? Inside(string relative)
    {
        var parts = relative.TrimEnd('/').Split('/');
        if (Path.IsPathRooted(relative) || parts.Any(p => p is "" or "." or "..") || relative.Contains('\0'))
            return null;
        var full = Path.Combine([Folder, .. parts]);
        return FileIdentity.Resolve(full) == full ? full : null;
    }

    string? Relative(string full)
    {
        var relative = Path.GetRelativePath(Folder, full);
        return Path.IsPathRooted(relative) || relative == "." || relative.Split(Path.DirectorySeparatorChar)[0] == ".." ? null
            : relative.Replace(Path.DirectorySeparatorChar, '/');
    }

    string Required(string full) => Relative(full) ?? throw new ArgumentException($"'{full}' is not in '{Folder}'.");

    bool IsUnchanged(string full, OutputEntry entry)
    {
        var file = new FileInfo(full);
        if (file.Length != entry.Bytes)
            return false;
        var now = (file.Length, file.LastWriteTimeUtc, entry);
        if (_seen.TryGetValue(full, out var seen) && seen == now)
            return true;
        if (!entry.Is(file))
            return false;
        _seen[full] = now;
        return true;
    }

    void Append(OutputEntry entry)
    {
        lock (_lock)
        {
            if (!Exists)
                ReadOn(); // forgets the entries of the record that is gone
            _lines.Append(JsonSerializer.SerializeToUtf8Bytes(entry, OutputRecordJson.Default.OutputEntry));
        }
    }

    void ReadOn()
    {
        var lines = _lines.ReadOn(out var isOther);
        if (isOther)
        {
            _entries.Clear();
            _seen.Clear();
        }
        lines.ForEach(Take);
    }

    void Take(byte[] line)
    {
        try
        {
            if (JsonSerializer.Deserialize(line, OutputRecordJson.Default.OutputEntry) is
                {
                    Path: not null, Sha256: not null,
                    Bytes: >= 0
                } entry && Inside(entry.Path) is not null)
                _entries[entry.Path] = _entries.TryGetValue(entry.Path, out var before) ? [before[^1], entry] : [entry];
        }
        catch (Exception e) when (e is JsonException or ArgumentException or IOException)
        {
            // an incomplete line, or one that this program did not write; a file that such a line names does not count as ours
        }
    }
}
