// The hub for users of the library: finding, downloading, checking and removing models. Nothing here downloads unless it is asked to.
using Qwen3Tts.Files;

namespace Qwen3Tts.Hub;

/// <summary>Models of the Hugging Face hub, in the cache that all programs on this machine share.</summary>
public static class ModelHub
{
    /// <summary>Finds a model in the cache, without the network.</summary>
    /// <param name="id"><c>owner/name</c> or <c>owner/name@revision</c>.</param>
    /// <param name="options">Where the cache is; null takes the environment.</param>
    /// <returns>The model, which may be incomplete; null if the cache does not have it.</returns>
    /// <exception cref="ArgumentException">The text is no id.</exception>
    public static HubModel? Find(string id, HubOptions? options = null)
    {
        var (parsed, cache) = (HubId.Parse(id), new HubCache(options ?? HubOptions.FromEnvironment()));
        return cache.CommitOf(parsed) is { } commit ? cache.Model(parsed, commit) : null;
    }

    /// <summary>All Qwen3-TTS models in the cache.</summary>
    /// <param name="options">Where the cache is; null takes the environment.</param>
    public static IReadOnlyList<HubModel> List(HubOptions? options = null) =>
        [.. new HubCache(options ?? HubOptions.FromEnvironment()).All()];

    /// <summary>
    /// The folder of a model. An existing folder is itself; otherwise the text is looked up in the cache as an id. Nothing is downloaded.
    /// </summary>
    /// <param name="model">A folder, <c>owner/name</c> or <c>owner/name@revision</c>.</param>
    /// <param name="options">Where the cache is; null takes the environment.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, and the cache does not have the whole model.</exception>
    public static string Resolve(string model, HubOptions? options = null)
    {
        if (Directory.Exists(model) || HubId.TryParse(model) is not { } id)
            return model; // a path that leads nowhere is reported by whoever opens it
        options ??= HubOptions.FromEnvironment();
        var size = ReleasedModels.All.FirstOrDefault(r => r.Id == id.Model) is { } released
            ? $" (about {HubFile.Words(released.Bytes)})" : "";
        var found = Find(model, options);
        return found switch
        {
            { IsComplete: true } => found.Folder,
            null => throw new DirectoryNotFoundException($"There is no folder '{model}', and no model of that id in {options.Cache}. " +
                $"Check the path, or download the model{size}: qwen3tts models download {id}"),
            _ => throw new DirectoryNotFoundException($"The cache has only a part of {id}: {found.Missing[0]}" +
                $"{(found.Missing.Count > 1 ? $" and {found.Missing.Count - 1} more" : "")} missing in {found.Folder}. Download the rest" +
                $"{size}: qwen3tts models download {id}"),
        };
    }

    /// <summary>A name for messages and monitoring, which has no path: the id of a model in a cache, otherwise the name of the
    /// folder.</summary>
    /// <param name="model">A folder or an id, as for <see cref="Resolve"/>.</param>
    public static string NameOf(string model)
    {
        if (!Directory.Exists(model))
            return model;
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(model)); // in a cache: models--owner--name/snapshots/commit
        var inCache = Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(folder)));
        return HubId.OfFolder(inCache ?? "")?.Model ?? Path.GetFileName(folder);
    }

    /// <summary>Downloads a model, or what is missing of it. A download that was stopped is continued.</summary>
    /// <param name="id"><c>owner/name</c> or <c>owner/name@revision</c>.</param>
    /// <param name="options">Where the hub and the cache are; null takes the environment.</param>
    /// <param name="progress">Is told how far the download is.</param>
    /// <param name="cancellation">Stops the download; what has arrived is kept for the next one.</param>
    /// <returns>The complete model.</returns>
    /// <exception cref="ArgumentException">The text is no id.</exception>
    /// <exception cref="FileNotFoundException">The hub has no such model or revision.</exception>
    /// <exception cref="UnauthorizedAccessException">The model is private or gated, and the token is missing or wrong.</exception>
    /// <exception cref="InvalidDataException">What arrived is not what the hub lists.</exception>
    /// <exception cref="IOException">The connection was lost repeatedly, the disk is too small, or the options say offline.</exception>
    /// <exception cref="OperationCanceledException">The download was cancelled.</exception>
    public static async Task<HubModel> DownloadAsync(string id, HubOptions? options = null, IProgress<HubProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        options ??= HubOptions.FromEnvironment();
        var parsed = HubId.Parse(id);
        if (options.Offline)
            return Find(id, options) is { IsComplete: true } cached ? cached : throw new IOException(
                $"{parsed} is not complete in the cache, and HF_HUB_OFFLINE forbids the network. Unset it, or copy the model into " +
                $"{options.Cache}.");
        using var download = new HubDownload(parsed, options, progress, cancellation);
        return await Task.Run(download.Run, cancellation).ConfigureAwait(false); // hashing gigabytes would block the caller's thread
    }

    /// <summary>Compares every file of a model in the cache with its hash.</summary>
    /// <param name="id"><c>owner/name</c> or <c>owner/name@revision</c>.</param>
    /// <param name="options">Where the cache is; null takes the environment.</param>
    /// <param name="cancellation">Checked while files are read.</param>
    /// <returns>One entry for each file, as soon as it is read.</returns>
    /// <exception cref="DirectoryNotFoundException">The cache does not have the model.</exception>
    public static IEnumerable<HubFileCheck> Verify(string id, HubOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= HubOptions.FromEnvironment();
        var (parsed, cache) = (HubId.Parse(id), new HubCache(options));
        var commit = cache.CommitOf(parsed) ?? throw NotCached(parsed, options);
        return HubVerification.Check(cache, parsed, commit, cancellation);
    }

    /// <summary>Removes all revisions of a model from the cache.</summary>
    /// <param name="id"><c>owner/name</c>, without a revision.</param>
    /// <param name="options">Where the cache is; null takes the environment.</param>
    /// <returns>Number of bytes that were freed.</returns>
    /// <exception cref="ArgumentException">The text is no id, or names a revision.</exception>
    /// <exception cref="DirectoryNotFoundException">The cache does not have the model.</exception>
    /// <exception cref="IOException">Another process downloads it.</exception>
    public static long Remove(string id, HubOptions? options = null)
    {
        options ??= HubOptions.FromEnvironment();
        var (parsed, cache) = (HubId.Parse(id), new HubCache(options));
        if (id.Contains('@', StringComparison.Ordinal))
            throw new ArgumentException($"All revisions of a model are removed together. Give the id alone: {parsed.Model}");
        var folder = cache.ModelPath(parsed);
        if (!Directory.Exists(folder))
            throw NotCached(parsed, options);
        var locks = cache.LocksPath(parsed);
        foreach (var path in HubCache.FilesIn(locks))
            try
            {
                using var _ = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1);
            }
            catch (IOException e)
            {
                throw new IOException($"{parsed.Model} is being downloaded by another process. Wait until it ends, or stop it.", e);
            }
        var bytes = HubCache.FilesIn(folder).Where(f => new FileInfo(f).LinkTarget is null).Sum(WholeFile.Size);
        Directory.Delete(folder, recursive: true); // links are removed, not followed
        if (Directory.Exists(locks))
            Directory.Delete(locks, recursive: true);
        return bytes;
    }

    static DirectoryNotFoundException NotCached(HubId id, HubOptions options) => new(
        $"{id} is not in {options.Cache}. 'qwen3tts models list' shows what is there.");
}
