using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Qwen3Tts.Server;

namespace Qwen3Tts.Tests.Server.Studio;

/// <summary>Whole models that were trained on the page, served beside the first model.</summary>
public sealed class TrainedModelTests
{
    const string Name = "vera";

    static Uri At(string path) => new(path, UriKind.Relative);
    static Uri Serve(string name = Name) => At($"/v1/studio/projects/{name}/serve");
    static readonly Uri Model = At($"/v1/models/{Name}");

    /// <summary>A studio with projects whose models are trained.</summary>
    public static StudioOptions Trained(params string[] names)
    {
        var folder = Scratch.New("studio");
        foreach (var name in names)
        {
            Directory.CreateDirectory(Path.Combine(folder, name, "recordings"));
            TrainerDouble.Train(Path.Combine(folder, name, "voice"), name, lora: false);
        }
        return new() { Folder = folder, Trainer = new TrainerDouble().Run, Checkpoints = [new("mini", Mini.Model)] };
    }

    static JsonObject Request(params (string, JsonNode?)[] more) =>
        Served.Request([("model", Name), ("voice", Name), ("response_format", "pcm"), .. more]);

    static async Task<List<string>> NamesAsync(HttpClient client, string path) => [.. (await client.GetFromJsonAsync<JsonElement>(At(path)))
        .GetProperty("data").EnumerateArray().Select(m => m.GetProperty(path.EndsWith("models", StringComparison.Ordinal) ? "id" : "name")
            .GetString()!)];

    [Fact]
    public async Task AModelIsServedUntilItIsRemovedAlsoAfterARestart()
    {
        var (studio, voices, gone) = (Trained(Name), Scratch.New("voices"), new List<Tts>());
        Func<SpeechServerOptions, SpeechServerOptions> options = o => o with
        {
            VoicesFolder = voices,
            Studio = studio with
            {
                Load = folder =>
                {
                    gone.Add(Tts.Load(folder, new() { Threads = 1 }));
                    return gone[^1];
                },
            },
        };
        await using (var server = await Served.StartAsync(options))
        {
            using var client = new HttpClient { BaseAddress = server.Address };
            using var form = new MultipartFormDataContent { { new ByteArrayContent(Served.ClipBytes), "audio_sample", "a.wav" },
                { new StringContent("me"), "name" }, { new StringContent("x"), "consent" } };
            await Served.OkAsync(client.PostAsync(At("/v1/audio/voices"), form));
            await Served.OkAsync(client.PostAsync(Serve(), null));
            await Served.RefusedAsync(client.PostAsync(Serve(), null), 409, "already");
            Assert.Equal(["mini", Name], await NamesAsync(client, "/v1/models"));
            Assert.Equal([Served.Speaker, Name, "me"], await NamesAsync(client, "/v1/audio/voices"));
            await Served.OkAsync(Served.SpeakAsync(Request(("voice", "me")), client)); // a saved voice, with the new model
            await Served.RefusedAsync(client.DeleteAsync(At($"/v1/studio/projects/{Name}")), 409, "is served from this project");
            await Served.RefusedAsync(client.PostAsJsonAsync(At($"/v1/studio/projects/{Name}/train"), new { model = "mini" }), 409,
                "is served");
        }
        Assert.Throws<ObjectDisposedException>(() => gone[0].Say(Served.Text, new() { Speaker = Name })); // with its server
        await using (var again = await Served.StartAsync(options))
        {
            using var client = new HttpClient { BaseAddress = again.Address };
            using var speech = await Served.SpeakAsync(Request(("stream_format", "audio"), ("max_seconds", 2)), client);
            var body = await speech.Content.ReadAsStreamAsync();
            await body.ReadExactlyAsync(new byte[100]);
            await Served.OkAsync(client.DeleteAsync(Model)); // while it speaks
            await Served.RefusedAsync(Served.SpeakAsync(Request(), client), 404, "no model 'vera'");
            var rest = new MemoryStream();
            await body.CopyToAsync(rest);
            using var alone = Tts.Load(Path.Combine(studio.Folder!, Name, "voice", "run", "export"), new() { Threads = 1 });
            Assert.Equal(Served.Pcm(alone.Say(Served.Text, Limits(alone)).Samples)[100..], rest.ToArray());
            Assert.Equal(["mini"], await NamesAsync(client, "/v1/models"));
            await Served.UntilAsync(() => Task.FromResult(IsDisposed(gone[1]))); // when its last speech has ended
            await Served.OkAsync(client.DeleteAsync(At($"/v1/studio/projects/{Name}")));
        }
        await using var last = await Served.StartAsync(options);
        Assert.Equal(2, gone.Count);
    }

    static Generation.SpeechOptions Limits(Tts model) => new()
    {
        Speaker = Name,
        Sampling = model.Sampling with { Seed = 7, MaxFrames = 25 },
        MaxFramesPerToken = Generation.SpeechOptions.UsualMaxFramesPerToken,
        MaxRepeatedSeconds = Generation.SpeechOptions.UsualMaxRepeatedSeconds,
    };

    internal static bool IsDisposed(Tts model)
    {
        try
        {
            model.Say(Served.Text, new() { Speaker = Name, Sampling = model.Sampling with { MaxFrames = 1 } });
            return false;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    [Fact]
    public async Task WhatCannotBeServedIsRefusedWithAReason()
    {
        var (studio, free) = (Trained(Name, "mini", Served.Voice, "broken", "none"), 1000L);
        File.WriteAllText(Path.Combine(studio.Folder!, "broken", "voice", "run", "export", "model.safetensors"), "no tensors");
        Directory.Delete(Path.Combine(studio.Folder!, "none", "voice"), recursive: true);
        await using var server = await Served.StartAsync(o => o with { Studio = studio, FreeMemory = () => free });
        using var client = new HttpClient { BaseAddress = server.Address };
        await Served.RefusedAsync(client.PostAsync(Serve(), null), 409, "GB of memory are free");
        free = long.MaxValue;
        await Served.RefusedAsync(client.PostAsync(Serve("mini"), null), 409, "a model 'mini' already");
        await Served.RefusedAsync(client.PostAsync(Serve(Served.Voice), null), 409, "a voice 'anna' already");
        await Served.RefusedAsync(client.PostAsync(Serve("broken"), null), 409, "cannot be loaded");
        await Served.RefusedAsync(client.PostAsync(Serve("none"), null), 409, "no result");
        await Served.RefusedAsync(client.PostAsync(Serve("..%2Fvera"), null), 404, "no project");
        await Served.RefusedAsync(client.DeleteAsync(At("/v1/models/mini")), 409, "was started with");
        foreach (var name in new[] { Name, "..%2F..%2Fvera", "%2e%2e/vera", "VERA", "con", "a/b" })
            await Served.RefusedAsync(client.DeleteAsync(At($"/v1/models/{name}")), 404, "There is no");
        Assert.All(new[] { Name, "mini" }, n => Assert.True(Directory.Exists(Path.Combine(studio.Folder!, n, "voice", "run", "export"))));
        Assert.Equal(["mini"], await NamesAsync(client, "/v1/models"));
    }

    /// <summary>Clicks of several people at once: whatever the order, the list and the project say the same at the end.</summary>
    [Fact]
    public async Task ManyServeRemoveAndSpeakAtOnce()
    {
        var studio = Trained(Name);
        await using var server = await Served.StartAsync(o => o with { Studio = studio });
        using var client = new HttpClient { BaseAddress = server.Address };
        Func<Task<HttpResponseMessage>>[] kinds = [() => client.PostAsync(Serve(), null), () => client.DeleteAsync(Model),
            () => Served.SpeakAsync(Request(("max_seconds", 0.08)), client)];
        var statuses = new System.Collections.Concurrent.ConcurrentBag<int>();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async worker =>
        {
            for (var i = 0; i < 10; i++)
                using (var answer = await kinds[worker % 3]())
                    statuses.Add((int)answer.StatusCode);
        }));
        Assert.All(statuses, s => Assert.Contains(s, new[] { 200, 404, 409 }));
        Assert.Equal(File.Exists(Path.Combine(studio.Folder!, Name, "served")),
            (await NamesAsync(client, "/v1/models")).Contains(Name));
    }

    [Fact]
    public void AModelThatWasRemovedIsFreedAfterItsLastUse()
    {
        Tts Load() => Tts.Load(Path.Combine(Trained(Name).Folder!, Name, "voice", "run", "export"), new() { Threads = 1 });
        var (kept, used) = (Load(), Load());
        using var models = new ServedModels([new("first", kept, false), new(Name, used, true)]);
        var (one, other) = (models.Use(used), models.Use(used));
        models.Remove(Name);
        Assert.Throws<ApiError>(() => models.Use(used)); // a request that waited meanwhile
        one.Dispose();
        one.Dispose();
        Assert.False(IsDisposed(used));
        other.Dispose();
        Assert.True(IsDisposed(used));
        Assert.Throws<ApiError>(() => models.Remove("first"));
        kept.Dispose();
    }
}
