using Qwen3Tts.Hub;

namespace Qwen3Tts.Tests.Hub;

/// <summary>Servers that refuse, lie or lead elsewhere: nothing wrong gets into the cache, and the token goes nowhere else.</summary>
public sealed class HubRefusalTests : IDisposable
{
    readonly HubFolder _hub = new();

    public void Dispose() => _hub.Dispose();

    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    public async Task WrongContentIsRefusedAndLeavesNoFile(string name)
    {
        _hub.Before(r => r.Path.EndsWith($"{_hub.Server.Commit}/{name}", StringComparison.Ordinal)
            ? new(200, [.. _hub.Server.Files[name].Reverse()]) : null);
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => _hub.Download());
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains("hash", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_hub.Blob(name)));
        Assert.False(File.Exists($"{_hub.Blob(name)}.incomplete"));
        Assert.Null(ModelHub.Find(HubFolder.Id, _hub.Options()));
    }

    [Theory]
    [InlineData(299_999)]
    [InlineData(300_001)]
    public async Task AWrongLengthIsRefused(int length)
    {
        _hub.Before(r => HubFolder.IsWeights(r) ? _hub.Server.Serve(r) with { Declared = length } : null);
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => _hub.Download());
        Assert.Contains($"{length} bytes", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_hub.Blob(HubFolder.Weights)));
    }

    [Fact]
    public async Task MoreBytesThanListedAreRefused()
    {
        _hub.Before(r => HubFolder.IsWeights(r) ? new(200, new byte[300_500], Declared: -1) : null);
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => _hub.Download());
        Assert.Contains("more than the 300000 bytes", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_hub.Blob(HubFolder.Weights)));
    }

    [Fact]
    public async Task TheTokenGoesToNoOtherServer()
    {
        using var elsewhere = new HubServer { Commit = _hub.Server.Commit };
        elsewhere.Files[HubFolder.Weights] = _hub.Server.Files[HubFolder.Weights];
        _hub.Before(r => HubFolder.IsWeights(r) ? new(302, $"Location: {elsewhere.Address}{r.Path}")
            : r.Path == $"/{HubFolder.Id}/resolve/{_hub.Server.Commit}/vocab.json" ? new(307, "Location: /moved" + r.Path) : null);
        _hub.AssertWhole(await _hub.Download());
        Assert.Null(Assert.Single(elsewhere.Requests).Token);
        Assert.All(_hub.Server.Requests, r => Assert.Equal("Bearer hf_secret", r.Token)); // also after a redirection to itself
    }

    [Fact]
    public async Task AnotherServerDoesNotGetTheTokenByLeadingBack()
    {
        using var elsewhere = new HubServer();
        elsewhere.Answer = r => new(302, $"Location: {_hub.Server.Address}{r.Path}?back");
        _hub.Before(r => HubFolder.IsWeights(r) ? new(302, $"Location: {elsewhere.Address}{r.Path}")
            : r.Path.EndsWith("?back", StringComparison.Ordinal) ? new(200, _hub.Server.Files[HubFolder.Weights]) : null);
        _hub.AssertWhole(await _hub.Download());
        Assert.Null(_hub.Server.Requests.Single(r => r.Path.EndsWith("?back", StringComparison.Ordinal)).Token);
    }

    [Theory]
    [InlineData("ftp://127.0.0.1/x", "not a secure address")]
    [InlineData("", "in a circle")]
    public async Task ARedirectionThatLeadsNowhereIsRefused(string to, string named)
    {
        _hub.Before(r => HubFolder.IsWeights(r) ? new(302, $"Location: {(to.Length > 0 ? to : r.Path)}") : null);
        Assert.Contains(named, (await Assert.ThrowsAsync<InvalidDataException>(() => _hub.Download())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "", "set HF_TOKEN")]
    [InlineData(401, "GatedRepo", "Accept the model's conditions")]
    [InlineData(403, "", "Accept the model's conditions")]
    [InlineData(404, "RevisionNotFound", "no revision 'main'")]
    [InlineData(404, "", "models list")]
    [InlineData(400, "", "HF_ENDPOINT")]
    public async Task ARefusalIsNotRepeatedAndSaysWhatToDo(int status, string code, string named)
    {
        _hub.Before(_ => new(status, $"X-Error-Code: {code}"));
        var error = await Assert.ThrowsAnyAsync<Exception>(() => _hub.Download());
        Assert.True(CommandLine.CommandRun.IsUsersMistake(error));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_secret", error.ToString(), StringComparison.Ordinal);
        Assert.Single(_hub.Server.Requests);
    }

    [Fact]
    public async Task AServerThatAsksForAnHourIsNotWaitedFor()
    {
        _hub.Before(_ => new(429, "Retry-After: 3600"));
        Assert.Contains("60 minutes", (await Assert.ThrowsAsync<IOException>(() => _hub.Download())).Message, StringComparison.Ordinal);
        Assert.Empty(_hub.Pauses);
    }

    [Theory]
    [InlineData("../evil.json")]
    [InlineData("speech_tokenizer/../../evil.json")]
    [InlineData("/etc/evil.json")]
    [InlineData("..\\evil.json")]
    [InlineData("C:evil.json")]
    [InlineData("speech_tokenizer//evil.json")]
    [InlineData("evil.json .")]
    public async Task ANameThatLeadsOutOfTheFolderIsRefused(string name)
    {
        _hub.Server.Files[name] = [1];
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => _hub.Download());
        Assert.Contains("evil.json", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_hub.Cache));
    }

    [Theory]
    [InlineData("{}", "names no commit")]
    [InlineData("<html>", "HF_ENDPOINT")]
    [InlineData("""{"sha":"../../../../../../../../../../../../xxxx","siblings":[]}""", "names no commit")]
    [InlineData("""{"sha":"cccccccccccccccccccccccccccccccccccccccc","siblings":[{"rfilename":"config.json","size":1,"blobId":"../x"}]}""",
        "no hash")]
    [InlineData("""{"sha":"cccccccccccccccccccccccccccccccccccccccc","siblings":[]}""", "no config.json")]
    public async Task AListThatCannotBeOneIsRefused(string answer, string named)
    {
        _hub.Before(_ => new(200, System.Text.Encoding.UTF8.GetBytes(answer)));
        Assert.Contains(named, (await Assert.ThrowsAsync<InvalidDataException>(() => _hub.Download())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASmallDiskIsNoticedBefore()
    {
        var error = await Assert.ThrowsAsync<IOException>(() => _hub.Download(_hub.Options(free: 1000)));
        Assert.Contains("1.0 kB free", error.Message, StringComparison.Ordinal);
        Assert.Single(_hub.Server.Requests);
    }

    [Fact]
    public async Task AServerThatIsNotThereIsAnErrorOfTheConnection()
    {
        var options = _hub.Options();
        _hub.Server.Dispose();
        var error = await Assert.ThrowsAsync<IOException>(() => _hub.Download(options));
        Assert.Contains("connection", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, _hub.Pauses.Count);
    }
}
