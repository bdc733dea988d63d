// Compares the files of a snapshot with their hashes: those in the record of the download, or, for downloads of other programs, the names
// of the blobs that the links lead to.
using Qwen3Tts.Files;

namespace Qwen3Tts.Hub;

static class HubVerification
{
    public static IEnumerable<HubFileCheck> Check(HubCache cache, HubId id, string commit, CancellationToken stop)
    {
        var model = cache.Model(id, commit);
        var recorded = cache.Record(id, commit)?.Files.ToDictionary(f => f.Name) ?? [];
        foreach (var path in HubCache.FilesIn(model.Folder))
        {
            stop.ThrowIfCancellationRequested();
            var name = Path.GetRelativePath(model.Folder, path).Replace(Path.DirectorySeparatorChar, '/');
            if (model.Missing.Contains(name))
                continue; // reported below
            var hash = recorded.TryGetValue(name, out var file) ? file.Hash : Path.GetFileName(new FileInfo(path).LinkTarget ?? "");
            yield return new(name, Math.Max(0, WholeFile.Size(path)), Problem(path, hash, stop));
        }
        foreach (var name in model.Missing)
            yield return new(name, 0, "is missing, or not whole.");
    }

    static string? Problem(string path, string hash, CancellationToken stop) =>
        WholeFile.Size(path) < 0 ? "is a link to a file that is missing."
        : !HubId.IsHash(hash) ? "has no known hash: another program put it here as a copy."
        : HubFile.HashOf(path, hash, stop) != hash ? $"is damaged: its hash is not {hash}." : null;
}
