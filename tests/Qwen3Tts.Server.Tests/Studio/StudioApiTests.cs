using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Qwen3Tts.Server;

namespace Qwen3Tts.Tests.Server.Studio;

/// <summary>The requests of the page, without a browser.</summary>
public sealed class StudioApiTests
{
    internal const string Root = "/v1/studio";

    internal static StudioOptions Options(TrainerDouble? trainer) => new()
    {
        Folder = Scratch.New("studio"),
        Trainer = trainer?.Run,
        Checkpoints = [new("mini", Mini.Model)],
    };

    static async Task<JsonElement> SendAsync(HttpClient client, HttpMethod method, string path, JsonNode? body = null)
    {
        using var response = await client.SendAsync(new(method, Root + path)
        {
            Content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        });
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    internal static async Task<string> RefusedAsync(HttpClient client, string path, JsonNode body, int status)
    {
        using var response = await client.PostAsync(new Uri(Root + path, UriKind.Relative),
            new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"));
        return await Served.ErrorAsync(response, status);
    }

    static async Task<JsonElement> EndOfJobAsync(HttpClient client, string project)
    {
        JsonElement view;
        do
        {
            await Task.Delay(20);
            view = await SendAsync(client, HttpMethod.Get, $"/projects/{project}");
        }
        while (view.GetProperty("job").GetProperty("state").GetString() == "running");
        return view;
    }

    [Fact]
    public async Task ThePageIsForEverybodyAndWhatItAsksForNeedsTheKey()
    {
        const string Key = "0123456789abcdef";
        await using var server = await Served.StartAsync(o => o with { Keys = ApiKey.Read([Key], "keys") });
        using var client = new HttpClient { BaseAddress = server.Address };
        foreach (var path in new[] { "/", "/studio/app.js", "/studio/studio.css", "/studio/icon.svg" })
        {
            using var page = await client.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
            var policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        }
        foreach (var path in new[] { Root, "/studio/", "/studio/../v1/models", "/studio/nothing.js", "/v1/models" })
        {
            using var other = await client.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal(HttpStatusCode.Unauthorized, other.StatusCode);
        }
    }

    [Fact]
    public async Task AServerWithoutAPageHasNone()
    {
        await using var server = await Served.StartAsync(o => o with { Studio = null });
        using var client = new HttpClient { BaseAddress = server.Address };
        foreach (var path in new[] { "/", "/studio/app.js", Root })
        {
            using var page = await client.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);
        }
    }

    [Fact]
    public async Task WhereNothingCanBeTrainedTheReasonIsSaid()
    {
        var trainer = new TrainerDouble();
        foreach (var (change, reason) in new (Func<SpeechServerOptions, SpeechServerOptions>, string)[]
        {
            (o => o, "--studio DIR"),
            (o => o with { Studio = Options(null) }, "trainer is not installed"),
            (o => o with { Studio = Options(trainer), PublicHosts = ["tts.example"] }, "--api-key-file"),
        })
        {
            await using var server = await Served.StartAsync(change);
            using var client = new HttpClient { BaseAddress = server.Address };
            Assert.Contains(reason, (await SendAsync(client, HttpMethod.Get, "")).GetProperty("no_training").GetString(),
                StringComparison.Ordinal);
            Assert.Contains(reason, await RefusedAsync(client, "/projects", new JsonObject { ["name"] = "nora2" }, 403),
                StringComparison.Ordinal);
        }
        Assert.Empty(trainer.Calls);
    }

    [Fact]
    public async Task AVoiceIsTrainedFromRecordingsAndServed()
    {
        var (trainer, voices) = (new TrainerDouble(), Scratch.New("voices"));
        var studio = Options(trainer);
        await using var server = await Served.StartAsync(o => o with { Studio = studio, VoicesFolder = voices });
        using var client = new HttpClient { BaseAddress = server.Address };
        await SendAsync(client, HttpMethod.Post, "/projects", new JsonObject { ["name"] = "vera" });
        for (var i = 0; i < 2; i++)
        {
            using var sent = await client.PostAsync(new Uri($"{Root}/projects/vera/recordings", UriKind.Relative),
                new ByteArrayContent(Served.ClipBytes));
            Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
        }
        using (var none = await client.PostAsync(new Uri($"{Root}/projects/vera/recordings", UriKind.Relative),
            new StringContent("no sound")))
            Assert.Contains("no recording", await Served.ErrorAsync(none, 400), StringComparison.Ordinal);
        await SendAsync(client, HttpMethod.Post, "/projects/vera/recordings/1", new JsonObject { ["text"] = "Set white at B four now." });

        await SendAsync(client, HttpMethod.Post, "/projects/vera/slice", new JsonObject { ["model"] = "mini" });
        var cut = await EndOfJobAsync(client, "vera");
        Assert.Equal("Next: listen to the clips, and press 'Train'.", cut.GetProperty("job").GetProperty("lines")[1].GetString());
        Assert.Equal(2, cut.GetProperty("clips").GetArrayLength()); // the line that names another file is none of them
        Assert.Equal(Served.ClipBytes, await client.GetByteArrayAsync(new Uri($"{Root}/projects/vera/clips/1", UriKind.Relative)));
        await SendAsync(client, HttpMethod.Post, "/projects/vera/clips/0",
            new JsonObject { ["text"] = "Set white at B nine now.", ["dropped"] = false });
        await SendAsync(client, HttpMethod.Post, "/projects/vera/clips/1", new JsonObject { ["text"] = "Wrong.", ["dropped"] = true });

        await SendAsync(client, HttpMethod.Post, "/projects/vera/train",
            new JsonObject { ["model"] = "mini", ["method"] = "adapter", ["steps"] = 20 });
        var trained = await EndOfJobAsync(client, "vera");
        var folder = Path.Combine(studio.Folder!, "vera");
        Assert.Equal(["voice", Path.Combine(folder, "kept.jsonl"), "--name", "vera", "--model", Mini.Model, "--output",
            Path.Combine(folder, "voice"), "--skip-bad", "--lora", "16", "--steps", "20"], trainer.Calls[^1]);
        Assert.Equal("""{"audio":"clips/0001.wav","text":"Set white at B nine now."}""",
            Assert.Single(await File.ReadAllLinesAsync(Path.Combine(folder, "kept.jsonl"))));
        Assert.Equal(20, trained.GetProperty("losses").GetArrayLength());
        Assert.Equal(2.5 + 0.3 * 4.1, trained.GetProperty("losses")[4].GetProperty("held_out").GetDouble(), 6);
        Assert.Equal("step-000020/1-1", trained.GetProperty("takes")[0].GetProperty("name").GetString());

        Assert.False(trained.GetProperty("result").GetProperty("served").GetBoolean());
        var served = await SendAsync(client, HttpMethod.Post, "/projects/vera/serve", new JsonObject());
        Assert.True(served.GetProperty("result").GetProperty("served").GetBoolean());
        using var speech = await Served.SpeakAsync(Served.Request(("voice", "vera")), client);
        Assert.Equal(HttpStatusCode.OK, speech.StatusCode);
        Assert.True(File.Exists(Path.Combine(voices, "vera", "adapter_config.json"))); // it is there after a restart, too
        Assert.Contains("vera (trained here)", (await SendAsync(client, HttpMethod.Get, "")).GetProperty("checkpoints").EnumerateArray()
            .Select(c => c.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task RecordingsThatArriveAtOnceAllArrive()
    {
        var studio = Options(new TrainerDouble());
        await using var server = await Served.StartAsync(o => o with { Studio = studio });
        using var client = new HttpClient { BaseAddress = server.Address };
        await SendAsync(client, HttpMethod.Post, "/projects", new JsonObject { ["name"] = "vera" });
        var recordings = Path.Combine(studio.Folder!, "vera", "recordings");
        File.WriteAllText(Path.Combine(recordings, $"new.{int.MaxValue}-1.qwen3tts-tmp"), "of a server that was killed");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            using var sent = await client.PostAsync(new Uri($"{Root}/projects/vera/recordings", UriKind.Relative),
                new ByteArrayContent(Served.ClipBytes));
            Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
        }));
        Assert.Equal(Enumerable.Range(1, 8).Select(i => $"{i:D4}.wav"), Directory.GetFiles(recordings).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task AFolderOfSomebodyElseIsNotReplacedByAnAdapter()
    {
        var (studio, voices) = (Options(new TrainerDouble()), Scratch.New("voices"));
        Directory.CreateDirectory(Path.Combine(studio.Folder!, "vera", "recordings"));
        TrainerDouble.Train(Path.Combine(studio.Folder!, "vera", "voice"), "vera", lora: true);
        Directory.CreateDirectory(Path.Combine(voices, "vera"));
        File.WriteAllText(Path.Combine(voices, "vera", "notes.txt"), "somebody's");
        await using var server = await Served.StartAsync(o => o with { Studio = studio, VoicesFolder = voices });
        using var client = new HttpClient { BaseAddress = server.Address };
        Assert.Contains("a folder of that name", await RefusedAsync(client, "/projects/vera/serve", new JsonObject(), 507),
            StringComparison.Ordinal);
        Assert.Equal(["notes.txt"], Directory.GetFileSystemEntries(Path.Combine(voices, "vera")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task OneJobRunsAtATimeAndStopsWhenAsked()
    {
        var trainer = new TrainerDouble { Waits = true };
        await using var server = await Served.StartAsync(o => o with { Studio = Options(trainer) });
        using var client = new HttpClient { BaseAddress = server.Address };
        foreach (var name in new[] { "one", "two" })
        {
            await SendAsync(client, HttpMethod.Post, "/projects", new JsonObject { ["name"] = name });
            using var sent = await client.PostAsync(new Uri($"{Root}/projects/{name}/recordings", UriKind.Relative),
                new ByteArrayContent(Served.ClipBytes));
        }
        Assert.Contains("No clip has a text", await RefusedAsync(client, "/projects/one/train", new JsonObject { ["model"] = "mini" }, 400),
            StringComparison.Ordinal);
        await SendAsync(client, HttpMethod.Post, "/projects/one/slice", new JsonObject { ["model"] = "mini" });
        var refused = await RefusedAsync(client, "/projects/two/slice", new JsonObject { ["model"] = "mini" }, 409);
        Assert.Contains("'one' is being worked on", refused, StringComparison.Ordinal);
        using (var deleted = await client.DeleteAsync(new Uri($"{Root}/projects/one", UriKind.Relative)))
            await Served.ErrorAsync(deleted, 409);
        var stopped = await SendAsync(client, HttpMethod.Post, "/projects/one/stop", new JsonObject());
        Assert.Equal("stopped", stopped.GetProperty("job").GetProperty("state").GetString());
        using var gone = await client.DeleteAsync(new Uri($"{Root}/projects/one", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, gone.StatusCode);
    }

    [Theory]
    [InlineData("../outside"), InlineData("..%2foutside"), InlineData("%2e%2e"), InlineData("Upper"), InlineData("a b"), InlineData("con")]
    [InlineData("vera%0A")]
    public async Task ANameThatIsNoNameReachesNoFile(string name)
    {
        var studio = Options(new TrainerDouble());
        var outside = Directory.CreateDirectory(Path.Combine(studio.Folder!, "..", "outside")).FullName;
        await using var server = await Served.StartAsync(o => o with { Studio = studio });
        using var client = new HttpClient { BaseAddress = server.Address };
        using var deleted = await client.DeleteAsync(new Uri($"{Root}/projects/{name}", UriKind.Relative));
        Assert.InRange((int)deleted.StatusCode, 400, 499);
        var refused = await RefusedAsync(client, "/projects", new JsonObject { ["name"] = Uri.UnescapeDataString(name) }, 400);
        Assert.Contains("cannot be the name", refused, StringComparison.Ordinal);
        Assert.True(Directory.Exists(outside));
        Assert.Empty(Directory.GetFileSystemEntries(studio.Folder!));
    }
}
