using Qwen3Tts.Tests.Hub;

namespace Qwen3Tts.Tests.Loading;

/// <summary>A model is downloaded only if the caller allows it, and the progress of all stages is told.</summary>
public sealed class LoadAsyncTests : IDisposable
{
    readonly HubFolder _hub = new();

    public LoadAsyncTests()
    {
        _hub.Server.Files.Clear();
        foreach (var file in Directory.GetFiles(Mini.Model, "*", SearchOption.AllDirectories))
            _hub.Server.Files[Path.GetRelativePath(Mini.Model, file).Replace('\\', '/')] = File.ReadAllBytes(file);
    }

    public void Dispose() => _hub.Dispose();

    [Fact]
    public async Task AMissingModelIsDownloadedIfThatIsAllowed()
    {
        var options = new TtsOptions { Threads = 1, Hub = _hub.Options() };
        await Assert.ThrowsAsync<DirectoryNotFoundException>(() => Tts.LoadAsync(HubFolder.Id, options));
        Assert.Empty(_hub.Server.Requests);
        Assert.Throws<ArgumentException>(() => Tts.Load(HubFolder.Id, options with { Download = true }));
        var heard = new Heard();
        using (var tts = await Tts.LoadAsync(HubFolder.Id, options with { Download = true }, heard))
            Assert.True(tts.CanClone);
        Assert.Equal(Enum.GetValues<LoadStage>(), heard.All.Select(p => p.Stage).Distinct());
        Assert.All(heard.All, p => Assert.InRange(p.Share, 0, 1));
        Assert.Equal([1, 1, 1], heard.All.GroupBy(p => p.Stage).Select(g => g.Max(p => p.Share)));
        var asked = _hub.Server.Requests.Count;
        using var again = await Tts.LoadAsync(HubFolder.Id, options with { Download = true });
        Assert.Equal(asked, _hub.Server.Requests.Count); // a complete model is loaded without the network
    }

    [Fact]
    public async Task LoadingCanBeCancelled()
    {
        using var stop = new CancellationTokenSource();
        var heard = new Heard(() => stop.Cancel());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Tts.LoadAsync(Mini.Model, new() { Threads = 1 }, heard, stop.Token));
        Assert.All(heard.All, p => Assert.Equal(LoadStage.LanguageModel, p.Stage));
    }

    sealed class Heard(Action? then = null) : IProgress<LoadProgress>
    {
        public List<LoadProgress> All { get; } = [];

        public void Report(LoadProgress value)
        {
            lock (All)
                All.Add(value);
            then?.Invoke();
        }
    }
}
