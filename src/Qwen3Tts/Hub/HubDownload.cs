// Downloads the files of one model. Bytes are collected in blobs/<hash>.incomplete; a file gets its name only when its length and hash are
// those of the hub's list. So whatever stops the program leaves a state from which the next run continues.
using System.Globalization;
using System.Net.Http.Headers;
using Qwen3Tts.Files;

namespace Qwen3Tts.Hub;

/// <summary>One download of one model.</summary>
sealed class HubDownload(HubId id, HubOptions options, IProgress<HubProgress>? progress, CancellationToken stop) : IDisposable
{
    static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);
    static readonly TimeSpan Between = TimeSpan.FromMilliseconds(200); // two looks at a lock of another process

    readonly HubCache _cache = new(options);
    readonly HubClient _client = new(options);
    bool _listedAgain;
    int _failures; // since the last new byte
    long _furthest; // most bytes of the current file so far; the same bytes once more are no progress
    long _total, _done; // bytes of all files, and of those that are complete

    /// <summary>Fetches what is missing.</summary>
    public async Task<HubModel> Run()
    {
        var listing = await List();
        if (!await FetchAll(listing))
        {
            _listedAgain = true; // if the headers still contradict the list, the content decides
            listing = await List();
            await FetchAll(listing);
        }
        _cache.SetCommit(id, listing.Commit);
        return _cache.Model(id, listing.Commit);
    }

    public void Dispose() => _client.Dispose();

    async Task<HubListing> List()
    {
        while (true)
            try
            {
                progress?.Report(new("", 0, 0));
                return await _client.List(id, stop);
            }
            catch (HubTrouble trouble)
            {
                await WaitFor(trouble, "");
            }
    }

    /// <summary>False if the hub has other files than those of the list.</summary>
    async Task<bool> FetchAll(HubListing listing)
    {
        CheckSpace(listing);
        _cache.SetRecord(id, listing);
        (_total, _done) = (listing.Files.Sum(f => f.Size), 0);
        foreach (var file in listing.Files.OrderBy(f => f.Size)) // the small ones first: mistakes show before gigabytes are fetched
        {
            if (!_cache.Has(id, listing.Commit, file))
            {
                using var mine = await Lock(file);
                if (!_cache.Has(id, listing.Commit, file)) // another process may have placed it meanwhile
                {
                    if (WholeFile.Size(_cache.BlobPath(id, file)) != file.Size && !await Fetch(listing.Commit, file))
                        return false;
                    _cache.Place(id, listing.Commit, file);
                }
            }
            _done += file.Size;
            Report(file, 0);
        }
        return true;
    }

    /// <summary>Makes the complete blob of a file.</summary>
    async Task<bool> Fetch(string commit, HubFile file)
    {
        var blob = _cache.BlobPath(id, file);
        var part = $"{blob}.incomplete";
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        for (var begun = WholeFile.Size(part) > 0; ; begun = false)
        {
            _furthest = 0;
            if (!await Receive(commit, file, part))
                return false;
            if (HubFile.HashOf(part, file.Hash, stop) == file.Hash)
                break;
            File.Delete(part);
            if (!begun) // what an earlier run left may have been damaged; a file of one run must be right
                throw new InvalidDataException($"{file.Name} of {id} arrived with another content than the hub's list says: its hash is " +
                    $"not {file.Hash}. Nothing was kept of it; try again, and check HF_ENDPOINT and the proxy.");
        }
        File.Move(part, blob, overwrite: true);
        return true;
    }

    /// <summary>Appends bytes to the incomplete file until it has its length.</summary>
    async Task<bool> Receive(string commit, HubFile file, string part)
    {
        EntityTagHeaderValue? tag = null;
        while (true)
        {
            var begin = Math.Max(0, WholeFile.Size(part));
            if (begin == file.Size && File.Exists(part))
                return true;
            try
            {
                if (begin > file.Size)
                    File.Delete(part);
                using var content = await _client.Open(id, commit, file, begin > file.Size ? 0 : begin, tag, stop);
                if (content.IsOther && !_listedAgain)
                    return false;
                if (content.Begin == 0 && content.Answer.Content.Headers.ContentLength is { } length && length != file.Size)
                    throw new InvalidDataException($"The server sends {length} bytes as {file.Name} of {id}, and the hub's list says " +
                        $"{file.Size}. Nothing was kept of it; try again later, or check HF_ENDPOINT and the proxy.");
                tag = content.Begin < 0 ? null : content.Tag ?? tag;
                if (content.Begin < 0)
                    File.Delete(part); // the beginning is of another version: fetch it anew
                else
                    await Append(content, file, part);
            }
            catch (HubTrouble trouble)
            {
                await WaitFor(trouble, file.Name);
            }
        }
    }

    async Task Append(HubContent content, HubFile file, string part)
    {
        using var stream = new FileStream(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, 1);
        stream.SetLength(content.Begin);
        stream.Position = content.Begin;
        var buffer = new byte[1 << 18];
        while (await _client.Read(content.Answer, buffer, stop) is > 0 and var count)
        {
            if (stream.Position + count > file.Size)
            {
                stream.SetLength(0);
                throw new InvalidDataException($"The server sends more than the {file.Size} bytes that {file.Name} of {id} has by the " +
                    $"hub's list. Nothing was kept of it; try again later, or check HF_ENDPOINT and the proxy.");
            }
            stream.Write(buffer, 0, count);
            if (stream.Position > _furthest)
                (_furthest, _failures) = (stream.Position, 0);
            Report(file, stream.Position);
        }
        stream.Flush(flushToDisk: true);
        if (stream.Position < file.Size)
            throw new HubTrouble($"The connection ended after {stream.Position} of {file.Size} bytes of {file.Name}.");
    }

    /// <summary>Waits before the next attempt, longer each time, or gives up.</summary>
    async Task WaitFor(HubTrouble trouble, string file)
    {
        var wait = trouble.Wait ?? TimeSpan.FromSeconds(Math.Min(30, 1 << Math.Min(_failures, 5)));
        if (_failures++ >= options.Retries || wait > LongestWait)
            throw new IOException($"{trouble.Message} {(wait > LongestWait ? $"The server asks to wait {wait.TotalMinutes:0} minutes. "
                : "")}Run it again later; it continues where it stopped.", trouble);
        wait = wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
        progress?.Report(new(file, _done, _total,
            string.Create(CultureInfo.InvariantCulture, $"{trouble.Message} Trying again in {wait.TotalSeconds:0} s.")));
        await options.Pause(wait, stop);
    }

    /// <summary>
    /// Reserves a blob for this process. The lock is the one that huggingface_hub takes, so both programs wait for each other.
    /// </summary>
    async Task<FileStream> Lock(HubFile file)
    {
        var path = Path.Combine(_cache.LocksPath(id), $"{file.Hash}.lock");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        for (var told = false; ; told = true)
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                return new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
            }
            catch (IOException) when (File.Exists(path))
            {
                if (!told)
                    Report(file, 0, $"Waiting for another process, which downloads {file.Name}.");
            }
            await options.Pause(Between, stop);
        }
    }

    void CheckSpace(HubListing listing)
    {
        var needed = listing.Files.Where(f => !_cache.Has(id, listing.Commit, f)).Sum(f =>
            WholeFile.Size(_cache.BlobPath(id, f)) == f.Size ? 0
            : f.Size - Math.Clamp(WholeFile.Size($"{_cache.BlobPath(id, f)}.incomplete"), 0, f.Size));
        Directory.CreateDirectory(options.Cache);
        if (needed > 0 && options.FreeBytes(options.Cache) is var free && free < needed)
            throw new IOException($"{id} needs {HubFile.Words(needed)} more, and {options.Cache} has {HubFile.Words(free)} free. Free " +
                $"some space ('qwen3tts models list' shows what the cache holds), or set HF_HOME to a folder on another disk.");
    }

    void Report(HubFile file, long bytes, string? note = null) => progress?.Report(new(file.Name, _done + bytes, _total, note));
}
