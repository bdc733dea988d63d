// The cache on disk, in the layout that huggingface_hub and other programs share. They write into the same folders, so the rules of Files
// for outputs do not apply here. Beside that layout, a model's folder has .qwen3tts/<commit>.json: the sizes and hashes of the files that
// were downloaded, which tells a complete snapshot from one that was broken off, also where files have no links to blobs.
//
//   models--owner--name/refs/main                     the commit that the revision stands for
//   models--owner--name/snapshots/<commit>/<file>     a link to ../../blobs/<hash>, or the file itself where there are no links
//   models--owner--name/blobs/<hash>[.incomplete]
//   .locks/models--owner--name/<hash>.lock
using System.IO.Enumeration;
using System.Text.Json;
using Qwen3Tts.Files;

namespace Qwen3Tts.Hub;

/// <summary>Finds and places the files of models in the cache.</summary>
sealed class HubCache(HubOptions options)
{
    const string Records = ".qwen3tts", Locks = ".locks";

    public string ModelPath(HubId id) => Path.Combine(options.Cache, id.FolderName);

    public string SnapshotPath(HubId id, string commit) => Path.Combine(ModelPath(id), "snapshots", commit);

    public string BlobPath(HubId id, HubFile file) => Path.Combine(ModelPath(id), "blobs", file.Hash);

    public string LocksPath(HubId id) => Path.Combine(options.Cache, Locks, id.FolderName);

    string RefPath(HubId id) => Path.Combine(ModelPath(id), "refs", Path.Combine(id.Revision.Split('/')));

    string RecordPath(HubId id, string commit) => Path.Combine(ModelPath(id), Records, $"{commit}.json");

    /// <summary>The commit that the cache has for the revision, or null.</summary>
    public string? CommitOf(HubId id)
    {
        if (HubId.IsHash(id.Revision))
            return Directory.Exists(SnapshotPath(id, id.Revision)) ? id.Revision : null;
        var path = RefPath(id);
        return File.Exists(path) && TextFile.Read(path).Trim() is var commit && HubId.IsHash(commit)
            && Directory.Exists(SnapshotPath(id, commit)) ? commit : null;
    }

    /// <summary>Notes which commit the revision stands for. This comes last, so a model that is only half there is not found.</summary>
    public void SetCommit(HubId id, string commit)
    {
        if (!HubId.IsHash(id.Revision))
            Replace(RefPath(id), commit);
    }

    public HubListing? Record(HubId id, string commit)
    {
        var path = RecordPath(id, commit);
        if (!File.Exists(path))
            return null;
        var listing = JsonFile.Read(path, HubJson.Default.HubListing, "Remove this file, and download the model again.");
        return listing.Files.All(f => HubFile.IsSafe(f.Name) && HubId.IsHash(f.Hash)) ? listing
            : throw new InvalidDataException($"{path}: a name or a hash is impossible. Remove this file, and download the model again.");
    }

    public void SetRecord(HubId id, HubListing listing)
    {
        Directory.CreateDirectory(SnapshotPath(id, listing.Commit)); // also of a download that is broken off before its first file
        Replace(RecordPath(id, listing.Commit), JsonSerializer.Serialize(listing, HubJson.Default.HubListing));
    }

    /// <summary>True if the snapshot has the file, with all its bytes.</summary>
    public bool Has(HubId id, string commit, HubFile file) => WholeFile.Size(InSnapshot(id, commit, file)) == file.Size;

    /// <summary>Puts a complete blob into a snapshot: as a link, or where that is not possible, the blob itself moves there.</summary>
    public void Place(HubId id, string commit, HubFile file)
    {
        var (path, blob) = (InSnapshot(id, commit, file), BlobPath(id, file));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path); // a link that leads nowhere, or a damaged file
        if (!options.MayLink || !TryLink(path, Path.GetRelativePath(Path.GetDirectoryName(path)!, blob)))
            File.Move(blob, path);
    }

    /// <summary>The model at a commit as the cache has it.</summary>
    public HubModel Model(HubId id, string commit)
    {
        var folder = SnapshotPath(id, commit);
        var record = Record(id, commit);
        var missing = record is null ? MissingByRule(folder) : [.. record.Files.Where(f => !Has(id, commit, f)).Select(f => f.Name)];
        return new(id.Model, id.Revision, commit, folder, FilesIn(folder).Sum(f => Math.Max(0, WholeFile.Size(f))), missing);
    }

    /// <summary>All snapshots of Qwen3-TTS models. A commit that has several names is listed with each.</summary>
    public IEnumerable<HubModel> All() =>
        from folder in Subfolders(options.Cache).Order(StringComparer.Ordinal)
        let id = HubId.OfFolder(Path.GetFileName(folder))
        where id is not null
        from snapshot in Subfolders(Path.Combine(folder, "snapshots"))
        let commit = Path.GetFileName(snapshot)
        where HubId.IsHash(commit) && IsOurs(id, commit)
        from revision in Names(folder, commit).DefaultIfEmpty(commit)
        select Model(id with { Revision = revision }, commit);

    /// <summary>All files of a snapshot; links to files count, links to folders are not followed.</summary>
    public static IEnumerable<string> FilesIn(string folder) => !Directory.Exists(folder) ? []
        : new FileSystemEnumerable<string>(folder, (ref FileSystemEntry entry) => entry.ToFullPath(),
            new() { RecurseSubdirectories = true, AttributesToSkip = 0 })
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory,
            ShouldRecursePredicate = (ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
        }.Order(StringComparer.Ordinal).ToArray();

    string InSnapshot(HubId id, string commit, HubFile file) =>
        Path.Combine(SnapshotPath(id, commit), Path.Combine(file.Name.Split('/')));

    /// <summary>For snapshots of other programs, which leave no record: what loading a model cannot do without.</summary>
    static List<string> MissingByRule(string folder)
    {
        bool Has(string name) => WholeFile.Size(Path.Combine(folder, Path.Combine(name.Split('/')))) > 0;
        List<string> needed = ["config.json", "speech_tokenizer/config.json", Has("tokenizer.json") ? "tokenizer.json" : "vocab.json",
            Has("tokenizer.json") ? "tokenizer.json" : "merges.txt"];
        foreach (var part in new[] { "", "speech_tokenizer/" })
            needed.AddRange(Has($"{part}model.safetensors.index.json")
                ? Shards(Path.Combine(folder, part, "model.safetensors.index.json")).Select(shard => part + shard)
                : [$"{part}model.safetensors"]);
        return [.. needed.Distinct().Where(name => !Has(name))];
    }

    static IEnumerable<string> Shards(string index)
    {
        try
        {
            using var json = JsonDocument.Parse(WholeFile.Read(index));
            return [.. json.RootElement.GetProperty("weight_map").EnumerateObject().Select(e => e.Value.ToString()).Where(HubFile.IsSafe)];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return ["model.safetensors"]; // a damaged index names nothing, so the weights are missing
        }
    }

    /// <summary>The cache has models of all kinds; ours name this architecture, or were downloaded by this program.</summary>
    bool IsOurs(HubId id, string commit)
    {
        var config = Path.Combine(SnapshotPath(id, commit), "config.json");
        return File.Exists(RecordPath(id, commit)) || WholeFile.Size(config) is >= 0 and < 1 << 20
            && File.ReadAllText(config).Contains("\"qwen3_tts\"", StringComparison.Ordinal);
    }

    static IEnumerable<string> Names(string folder, string commit)
    {
        var refs = Path.Combine(folder, "refs");
        return FilesIn(refs).Where(f => WholeFile.Size(f) is 40 or 41 && File.ReadAllText(f).Trim() == commit)
            .Select(f => Path.GetRelativePath(refs, f).Replace('\\', '/'));
    }

    static string[] Subfolders(string folder) => Directory.Exists(folder) ? Directory.GetDirectories(folder) : [];

    static bool TryLink(string path, string target)
    {
        try
        {
            File.CreateSymbolicLink(path, target);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            return false; // Windows allows links only to administrators and in developer mode, some file systems have none
        }
    }

    /// <summary>Writes a small file in one step. Several processes may do this at once; all write the same.</summary>
    static void Replace(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var aside = TemporaryName.Take(path, TemporaryName.New);
        try
        {
            File.WriteAllText(aside, text);
            File.Move(aside, path, overwrite: true);
        }
        finally
        {
            File.Delete(aside);
            TemporaryName.Release(aside);
        }
    }
}
