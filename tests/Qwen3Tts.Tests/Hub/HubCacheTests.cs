using Qwen3Tts.Hub;

namespace Qwen3Tts.Tests.Hub;

/// <summary>What is in the cache is found, checked and removed; the network is not used.</summary>
public sealed class HubCacheTests
{
    const string Id = "Qwen/Mini-TTS", Commit = "0123456789abcdef0123456789abcdef01234567";

    /// <summary>A cache as huggingface_hub leaves it: blobs by hash, relative links, a reference without a line end.</summary>
    static HubOptions CacheWithTheMiniature()
    {
        var cache = Scratch.New("cache");
        var model = Path.Combine(cache, "models--Qwen--Mini-TTS");
        foreach (var folder in new[] { "blobs", "refs", "snapshots", ".no_exist" })
            Directory.CreateDirectory(Path.Combine(model, folder));
        foreach (var file in Directory.GetFiles(Mini.Model, "*", SearchOption.AllDirectories))
        {
            var (name, bytes) = (Path.GetRelativePath(Mini.Model, file), File.ReadAllBytes(file));
            var blob = Path.Combine(model, "blobs", HubServer.HashOf(name, bytes));
            File.WriteAllBytes(blob, bytes);
            var link = Path.Combine(model, "snapshots", Commit, name);
            Directory.CreateDirectory(Path.GetDirectoryName(link)!);
            File.CreateSymbolicLink(link, Path.GetRelativePath(Path.GetDirectoryName(link)!, blob));
        }
        File.WriteAllText(Path.Combine(model, "refs", "main"), Commit);
        Directory.CreateDirectory(Path.Combine(cache, "models--other--language-model", "snapshots", Commit));
        Directory.CreateDirectory(Path.Combine(cache, "datasets--other--data"));
        return new() { Cache = cache, Endpoint = "http://127.0.0.1:9", Offline = true };
    }

    static string Snapshot(HubOptions options) => Path.Combine(options.Cache, "models--Qwen--Mini-TTS", "snapshots", Commit);

    [Fact]
    public async Task ACacheOfHuggingFaceHubIsUsedWithoutNetwork()
    {
        var options = CacheWithTheMiniature();
        var model = ModelHub.Find(Id, options)!;
        Assert.True(model.IsComplete);
        Assert.Equal((Commit, Snapshot(options), "main"), (model.Commit, model.Folder, model.Revision));
        Assert.Equal(model.Folder, ModelHub.Resolve(Id, options));
        Assert.Equal(model.Folder, ModelHub.Resolve($"{Id}@{Commit}", options));
        Assert.Equal(model.Folder, (await ModelHub.DownloadAsync(Id, options)).Folder);
        Assert.Equal(model.Commit, Assert.Single(ModelHub.List(options)).Commit); // other models and data sets are not listed
        var checks = ModelHub.Verify(Id, options).ToList();
        Assert.Equal(Directory.GetFiles(Mini.Model, "*", SearchOption.AllDirectories).Length, checks.Count);
        Assert.All(checks, check => Assert.Null(check.Problem));
        Assert.Equal(checks.Sum(c => c.Bytes), model.Bytes);
        using var tts = Tts.Load(ModelHub.Resolve(Id, options));
        Assert.True(tts.CanClone);
    }

    [Theory]
    [InlineData("speech_tokenizer/model.safetensors")]
    [InlineData("merges.txt")]
    public async Task APartOfAModelIsNotTaken(string missing)
    {
        var options = CacheWithTheMiniature();
        File.Delete(Path.Combine(Snapshot(options), missing));
        Assert.Equal([missing], ModelHub.Find(Id, options)!.Missing);
        var error = Assert.Throws<DirectoryNotFoundException>(() => ModelHub.Resolve(Id, options));
        Assert.Contains(missing, error.Message, StringComparison.Ordinal);
        Assert.Contains($"qwen3tts models download {Id}", error.Message, StringComparison.Ordinal);
        Assert.Contains("HF_HUB_OFFLINE", (await Assert.ThrowsAsync<IOException>(() => ModelHub.DownloadAsync(Id, options))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void DamageIsFound()
    {
        var options = CacheWithTheMiniature();
        var path = Path.Combine(Snapshot(options), "model.safetensors");
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes); // through the link, into the blob
        File.Delete(Path.Combine(Snapshot(options), "config.json"));
        File.WriteAllText(Path.Combine(Snapshot(options), "config.json"), "{}"); // a copy has no hash
        var wrong = ModelHub.Verify(Id, options).Where(c => c.Problem is not null).ToDictionary(c => c.File, c => c.Problem!);
        Assert.Equal(["config.json", "model.safetensors"], wrong.Keys.Order());
        Assert.Contains("no known hash", wrong["config.json"], StringComparison.Ordinal);
        Assert.Contains("damaged", wrong["model.safetensors"], StringComparison.Ordinal);
    }

    [Fact]
    public void RemovingSaysWhatItFreesAndLeavesOtherModels()
    {
        var options = CacheWithTheMiniature();
        var bytes = ModelHub.Find(Id, options)!.Bytes;
        Assert.Throws<ArgumentException>(() => ModelHub.Remove($"{Id}@main", options));
        Assert.InRange(ModelHub.Remove(Id, options), bytes, bytes + 100);
        Assert.Equal(["datasets--other--data", "models--other--language-model"],
            Directory.GetDirectories(options.Cache).Select(d => Path.GetFileName(d)).Order());
        Assert.Contains("models list", Assert.Throws<DirectoryNotFoundException>(() => ModelHub.Remove(Id, options)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void AModelThatIsBeingDownloadedIsNotRemoved()
    {
        var options = CacheWithTheMiniature();
        var locks = Path.Combine(options.Cache, ".locks", "models--Qwen--Mini-TTS");
        Directory.CreateDirectory(locks);
        using (new FileStream(Path.Combine(locks, "x.lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None))
            Assert.Throws<IOException>(() => ModelHub.Remove(Id, options));
        Assert.True(ModelHub.Find(Id, options)!.IsComplete);
        ModelHub.Remove(Id, options);
        Assert.False(Directory.Exists(locks));
    }

    [Fact]
    public void AModelThatIsNotThereIsNamedWithItsDownload()
    {
        var options = CacheWithTheMiniature();
        var error = Assert.Throws<DirectoryNotFoundException>(() => ModelHub.Resolve("Qwen/Qwen3-TTS-12Hz-0.6B-Base", options));
        Assert.Contains("(about 2.52 GB): qwen3tts models download Qwen/Qwen3-TTS-12Hz-0.6B-Base", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<DirectoryNotFoundException>(() => ModelHub.Resolve($"{Id}@v2", options));
        Assert.Contains($"models download {Id}@v2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnExistingFolderIsTakenBeforeAnId()
    {
        var options = CacheWithTheMiniature();
        var folder = Path.GetRelativePath(Environment.CurrentDirectory, Mini.Model);
        Assert.Equal(folder, ModelHub.Resolve(folder, options));
        Assert.Equal("/absent/folder", ModelHub.Resolve("/absent/folder", options)); // no id: whoever opens it reports it
        Assert.Equal("absent", ModelHub.Resolve("absent", options));
    }

    [Theory]
    [InlineData("Qwen/Qwen3-TTS-12Hz-0.6B-Base", "Qwen", "Qwen3-TTS-12Hz-0.6B-Base", "main")]
    [InlineData("a/b@refs/pr/1", "a", "b", "refs/pr/1")]
    [InlineData("a/b@0123456789abcdef0123456789abcdef01234567", "a", "b", Commit)]
    public void AnIdHasOwnerNameAndRevision(string text, string owner, string name, string revision) =>
        Assert.Equal(new HubId(owner, name, revision), HubId.TryParse(text));

    [Theory]
    [InlineData("name")]
    [InlineData("a/b/c")]
    [InlineData("a/..")]
    [InlineData("../b")]
    [InlineData("./b")]
    [InlineData("/b")]
    [InlineData("a/b@")]
    [InlineData("a/b@../../x")]
    [InlineData("a/b@x/./y")]
    [InlineData("a--x/b")]
    [InlineData("a\\b/c")]
    [InlineData("C:/b")]
    [InlineData("a/b c")]
    [InlineData("a/b\n")]
    public void OtherTextIsNoId(string text)
    {
        Assert.Null(HubId.TryParse(text));
        Assert.Throws<ArgumentException>(() => ModelHub.Find(text, new() { Cache = "nowhere" }));
    }

    [Fact]
    public void TheEnvironmentIsThatOfHuggingFaceHub()
    {
        var home = Scratch.New("home");
        HubOptions From(params (string, string)[] set) =>
            HubOptions.From(name => set.FirstOrDefault(s => s.Item1 == name).Item2);
        Assert.EndsWith(Path.Combine(".cache", "huggingface", "hub"), From().Cache, StringComparison.Ordinal);
        Assert.Equal("https://huggingface.co", From().Endpoint);
        Assert.False(From().Offline);
        Assert.Equal((Path.Combine(home, "hub"), null), (From(("HF_HOME", home)).Cache, From(("HF_HOME", home)).Token));
        Assert.Equal(Path.Combine(home, "x"), From(("HF_HOME", home), ("HF_HUB_CACHE", Path.Combine(home, "x"))).Cache);
        File.WriteAllText(Path.Combine(home, "token"), "hf_file\n");
        Assert.Equal("hf_file", From(("HF_HOME", home)).Token);
        Assert.Equal("hf_set", From(("HF_HOME", home), ("HF_TOKEN", "hf_set")).Token);
        Assert.True(From(("HF_HUB_OFFLINE", "1")).Offline);
        Assert.False(From(("HF_HUB_OFFLINE", "0")).Offline);
        Assert.Equal("http://mirror/hf", From(("HF_ENDPOINT", "http://mirror/hf/")).Endpoint);
        Assert.DoesNotContain("hf_set", From(("HF_TOKEN", "hf_set")).ToString(), StringComparison.Ordinal);
    }
}
