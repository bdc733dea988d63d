using Qwen3Tts.Hub;

namespace Qwen3Tts.Tests.Hub;

/// <summary>Downloads from a server on this machine that works, breaks off and is slow.</summary>
public sealed class HubDownloadTests : IDisposable
{
    readonly HubFolder _hub = new();

    public void Dispose() => _hub.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TheNeededFilesArriveInTheLayoutOfTheCache(bool mayLink)
    {
        var model = await _hub.Download(_hub.Options(mayLink: mayLink));
        _hub.AssertWhole(model);
        Assert.Equal(_hub.Server.Commit, File.ReadAllText(Path.Combine(_hub.Cache, "models--Qwen--Tiny-TTS", "refs", "main")));
        Assert.Equal(Path.Combine(_hub.Cache, "models--Qwen--Tiny-TTS", "snapshots", _hub.Server.Commit), model.Folder);
        var link = new FileInfo(Path.Combine(model.Folder, "speech_tokenizer", "model.safetensors")).LinkTarget;
        var blob = Path.GetFileName(_hub.Blob("speech_tokenizer/model.safetensors"));
        Assert.Equal(mayLink ? Path.Combine("..", "..", "..", "blobs", blob) : null, link);
        Assert.All(_hub.Server.Requests, r => Assert.Equal("Bearer hf_secret", r.Token));
        Assert.All(ModelHub.Verify(HubFolder.Id, _hub.Options()), check => Assert.Null(check.Problem));
        Assert.Equal(HubFolder.Needed.Sum(n => _hub.Server.Files[n].LongLength), model.Bytes);
        var asked = _hub.Server.Requests.Count;
        await _hub.Download();
        Assert.Equal(asked + 1, _hub.Server.Requests.Count); // only the list
    }

    [Fact]
    public async Task ABrokenDownloadIsContinuedWhereItStopped()
    {
        var broken = 0;
        _hub.Before(r => HubFolder.IsWeights(r) && broken++ == 0 ? _hub.Server.Serve(r) with { Sent = 100_000 } : null);
        _hub.AssertWhole(await _hub.Download());
        var asked = _hub.Server.RequestsFor(HubFolder.Weights).Where(HubFolder.IsWeights).ToList();
        Assert.Equal([null, 100_000], asked.Select(r => r.From));
        Assert.Equal($"\"{Path.GetFileName(_hub.Blob(HubFolder.Weights))}\"", asked[1].Headers["if-range"]);
        Assert.Contains(_hub.Notes, n => n.Contains("Trying again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TheNextRunContinuesWhatARunThatGaveUpLeft()
    {
        _hub.Before(r => HubFolder.IsWeights(r) ? r.From is null ? _hub.Server.Serve(r) with { Sent = 100_000 } : new(500) : null);
        var error = await Assert.ThrowsAsync<IOException>(() => _hub.Download());
        Assert.Contains("continues where it stopped", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, _hub.Pauses.Count);
        Assert.Equal(100_000, new FileInfo($"{_hub.Blob(HubFolder.Weights)}.incomplete").Length);
        Assert.Null(ModelHub.Find(HubFolder.Id, _hub.Options())); // nobody takes the half model for a whole one
        Assert.Equal(["model.safetensors"], Assert.Single(ModelHub.List(_hub.Options())).Missing);
        _hub.Before(_ => null);
        _hub.AssertWhole(await _hub.Download());
        Assert.Equal(100_000, _hub.Server.RequestsFor(HubFolder.Weights).Last(HubFolder.IsWeights).From);
    }

    [Fact]
    public async Task ARangeThatIsIgnoredMeansTheWholeFile()
    {
        var broken = 0;
        _hub.Before(r => !HubFolder.IsWeights(r) ? null : broken++ == 0 ? _hub.Server.Serve(r) with { Sent = 100_000 }
            : _hub.Server.Serve(new(r.Path, new Dictionary<string, string>())));
        _hub.AssertWhole(await _hub.Download());
        Assert.Equal(2, broken);
    }

    [Fact]
    public async Task AServerThatNeverGetsFurtherIsGivenUp()
    {
        _hub.Before(r => HubFolder.IsWeights(r)
            ? _hub.Server.Serve(new(r.Path, new Dictionary<string, string>())) with { Sent = 100_000 } : null);
        await Assert.ThrowsAsync<IOException>(() => _hub.Download());
        Assert.Equal(3, _hub.Pauses.Count);
    }

    [Fact]
    public async Task AnotherVersionOfTheFileIsFetchedFromItsBeginning()
    {
        var count = 0;
        _hub.Before(r => !HubFolder.IsWeights(r) ? null : count++ switch
        {
            0 => _hub.Server.Serve(r) with { Sent = 100_000, Headers = ["ETag: \"one\""] },
            1 => _hub.Server.Serve(r) with { Headers = [.. _hub.Server.Serve(r).Headers.Where(h => h[0] == 'C'), "ETag: \"two\""] },
            _ => null,
        });
        _hub.AssertWhole(await _hub.Download());
        Assert.Equal([null, 100_000, null], _hub.Server.RequestsFor(HubFolder.Weights).Where(HubFolder.IsWeights).Select(r => r.From));
    }

    [Fact]
    public async Task AModelThatChangesMeanwhileIsListedAgain()
    {
        var old = _hub.Server.Files[HubFolder.Weights];
        byte[] changed = [.. old.Reverse()];
        var count = 0;
        _hub.Before(r =>
        {
            if (!HubFolder.IsWeights(r) || count++ > 0)
                return null;
            _hub.Server.Files[HubFolder.Weights] = changed;
            return _hub.Server.Serve(r);
        });
        _hub.AssertWhole(await _hub.Download());
        Assert.Equal(changed, await File.ReadAllBytesAsync(_hub.Blob(HubFolder.Weights)));
    }

    [Fact]
    public async Task DamageInWhatAnEarlierRunLeftIsRepaired()
    {
        Directory.CreateDirectory(_hub.Blobs);
        await File.WriteAllBytesAsync($"{_hub.Blob(HubFolder.Weights)}.incomplete", new byte[5000]);
        _hub.AssertWhole(await _hub.Download());
        Assert.Equal([5000, null], _hub.Server.RequestsFor(HubFolder.Weights).Where(HubFolder.IsWeights).Select(r => r.From));
    }

    [Fact]
    public async Task ABusyServerIsAskedAgainAfterTheTimeItNames()
    {
        var count = 0;
        _hub.Before(r => count++ switch { 0 => new(429, "Retry-After: 17"), 1 or 2 => new(500), _ => null });
        _hub.AssertWhole(await _hub.Download());
        Assert.Equal([17, 2, 4], _hub.Pauses.Select(p => p.TotalSeconds));
    }

    [Fact]
    public async Task TwoDownloadsAtOnceFetchEachFileOnce()
    {
        var models = await Task.WhenAll(_hub.Download(), _hub.Download());
        Assert.All(models, _hub.AssertWhole);
        Assert.All(HubFolder.Needed, name => Assert.Single(_hub.Server.Requests, r => r.Path.EndsWith($"{_hub.Server.Commit}/{name}",
            StringComparison.Ordinal)));
    }

    [Fact]
    public async Task ASecondProcessWaitsAndUsesTheResult()
    {
        var blob = _hub.Blob(HubFolder.Weights);
        var locks = Path.Combine(_hub.Cache, ".locks", "models--Qwen--Tiny-TTS");
        Directory.CreateDirectory(locks);
        Directory.CreateDirectory(_hub.Blobs);
        var held = new FileStream(Path.Combine(locks, $"{Path.GetFileName(blob)}.lock"), FileMode.Create, FileAccess.ReadWrite,
            FileShare.None);
        _hub.AssertWhole(await _hub.Download(_hub.Options(onPause: () =>
        {
            File.WriteAllBytes(blob, _hub.Server.Files[HubFolder.Weights]);
            held.Dispose();
        })));
        Assert.Contains(_hub.Notes, n => n.StartsWith("Waiting for another process", StringComparison.Ordinal));
        Assert.DoesNotContain(_hub.Server.Requests, HubFolder.IsWeights);
    }

    [Fact]
    public async Task ACancelledDownloadIsContinued()
    {
        using var stop = new CancellationTokenSource();
        _hub.Before(r => HubFolder.IsWeights(r) && r.From is null ? _hub.Server.Serve(r) with { Sent = 100_000 } : null);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _hub.Download(_hub.Options(onPause: stop.Cancel), stop.Token));
        Assert.True(File.Exists($"{_hub.Blob(HubFolder.Weights)}.incomplete"));
        _hub.AssertWhole(await _hub.Download());
        Assert.Equal(100_000, _hub.Server.RequestsFor(HubFolder.Weights).Last(HubFolder.IsWeights).From);
    }

    /// <summary>Only the silence of the server takes time here; a slow machine makes more attempts, with the same result.</summary>
    [Fact]
    public async Task ASilentConnectionCountsAsLost()
    {
        using var end = new ManualResetEventSlim();
        var count = 0;
        _hub.Before(r =>
        {
            if (HubFolder.IsWeights(r) && Interlocked.Increment(ref count) == 1)
                end.Wait();
            return null;
        });
        try
        {
            _hub.AssertWhole(await _hub.Download(_hub.Options(patience: 0.5, retries: 100)));
        }
        finally
        {
            end.Set();
        }
        Assert.Contains(_hub.Notes, n => n.Contains("did not answer", StringComparison.Ordinal));
    }

    /// <summary>A mirror may name files otherwise than the hub does; the content decides.</summary>
    [Fact]
    public async Task HeadersThatContradictTheListTwiceAreIgnored()
    {
        _hub.Before(r => HubFolder.IsWeights(r)
            ? new(200, _hub.Server.Files[HubFolder.Weights], Headers: $"ETag: \"{new string('a', 40)}\"") : null);
        _hub.AssertWhole(await _hub.Download());
        Assert.Equal(2, _hub.Server.RequestsFor(HubFolder.Weights).Count(HubFolder.IsWeights));
    }
}
