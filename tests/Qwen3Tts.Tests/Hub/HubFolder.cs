using Qwen3Tts.Hub;

namespace Qwen3Tts.Tests.Hub;

/// <summary>A server with the files of a model, and an empty cache.</summary>
sealed class HubFolder : IDisposable
{
    public const string Id = "Qwen/Tiny-TTS";
    public const string Weights = "model.safetensors";

    public HubFolder()
    {
        var bytes = new byte[300_000];
        new Random(7).NextBytes(bytes);
        string[] texts = ["config.json", "vocab.json", "merges.txt", "speech_tokenizer/config.json", ".gitattributes", "README.md"];
        foreach (var name in texts)
            Server.Files[name] = System.Text.Encoding.UTF8.GetBytes($"the content of {name} of \"qwen3_tts\"");
        Server.Files[Weights] = bytes;
        Server.Files["speech_tokenizer/model.safetensors"] = bytes[1000..90_000];
        Server.Files["pytorch_model.bin"] = bytes[..50];
        Server.Files["checkpoint-5/model.safetensors"] = bytes[..60];
    }

    public static IReadOnlyList<string> Needed { get; } = ["config.json", "merges.txt", "model.safetensors", "speech_tokenizer/config.json",
        "speech_tokenizer/model.safetensors", "vocab.json"];

    /// <summary>True for the large file, which the tests break off.</summary>
    public static bool IsWeights(HubRequest request) => request.Path.EndsWith($"/{Weights}", StringComparison.Ordinal)
        && !request.Path.Contains("speech", StringComparison.Ordinal);

    public HubServer Server { get; } = new();
    public string Cache { get; } = Scratch.New("hub");
    public List<TimeSpan> Pauses { get; } = [];
    public List<string> Notes { get; } = [];

    public string Blobs => Path.Combine(Cache, "models--Qwen--Tiny-TTS", "blobs");

    public string Blob(string name) => Path.Combine(Blobs, HubServer.HashOf(name, Server.Files[name]));

    public HubOptions Options(bool offline = false, bool mayLink = true, string? token = "hf_secret", long free = long.MaxValue,
        Action? onPause = null, double patience = 60, int retries = 3) => new()
        {
            Cache = Cache,
            Endpoint = Server.Address,
            Token = token,
            Offline = offline,
            MayLink = mayLink,
            Patience = TimeSpan.FromSeconds(patience),
            Retries = retries,
            FreeBytes = _ => free,
            Pause = (wait, stop) =>
            {
                Pauses.Add(wait);
                onPause?.Invoke();
                return Task.Delay(1, stop);
            },
        };

    /// <summary>Puts answers before those of the server: null leaves the request to it.</summary>
    public void Before(Func<HubRequest, HubReply?> answer) => Server.Answer = request => answer(request) ?? Server.Serve(request);

    public Task<HubModel> Download(HubOptions? options = null, CancellationToken stop = default) =>
        ModelHub.DownloadAsync(Id, options ?? Options(), new Notebook(Notes), stop);

    /// <summary>Checks that the folder has the needed files with their content and nothing else.</summary>
    public void AssertWhole(HubModel model)
    {
        Assert.True(model.IsComplete);
        var names = Directory.GetFiles(model.Folder, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(model.Folder, f).Replace('\\', '/')).Order(StringComparer.Ordinal);
        Assert.Equal(Needed, names);
        Assert.All(Needed, name => Assert.Equal(Server.Files[name], File.ReadAllBytes(Path.Combine(model.Folder, name))));
    }

    public void Dispose() => Server.Dispose();

    sealed class Notebook(List<string> notes) : IProgress<HubProgress>
    {
        public void Report(HubProgress value)
        {
            if (value.Note is { } note)
                lock (notes)
                    notes.Add(note);
            Assert.InRange(value.Bytes, 0, value.Total);
        }
    }
}
