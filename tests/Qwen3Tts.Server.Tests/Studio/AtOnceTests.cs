using System.Collections;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Qwen3Tts.Server;
using Qwen3Tts.Server.Studio;

namespace Qwen3Tts.Tests.Server.Studio;

/// <summary>Requests of the page that meet: of two tabs, or of a button that was pressed twice.</summary>
public sealed class AtOnceTests
{
    const string Name = "vera", Project = $"{StudioApiTests.Root}/projects/{Name}";

    static Uri At(string path) => new(Project + path, UriKind.Relative);

    /// <summary>The checkpoints of a server. Who looks at them when they are armed waits: the request has passed its first checks, and has
    /// done nothing yet.</summary>
    sealed class Held : IReadOnlyList<StudioCheckpoint>, IDisposable
    {
        readonly ManualResetEventSlim _go = new();
        int _armed;

        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public int Count => 1;
        public StudioCheckpoint this[int index] => new("mini", Mini.Model);

        public void Arm() => _armed = 1;

        public void Go() => _go.Set();

        public IEnumerator<StudioCheckpoint> GetEnumerator()
        {
            if (Interlocked.Exchange(ref _armed, 0) == 1)
            {
                Reached.SetResult();
                _go.Wait();
            }
            yield return this[0];
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        public void Dispose() => _go.Dispose();
    }

    /// <summary>A project with a model that was trained, and a recording with its text.</summary>
    static StudioOptions Trained(Held checkpoints, TrainerDouble trainer)
    {
        var studio = TrainedModelTests.Trained(Name) with { Checkpoints = checkpoints, Trainer = trainer.Run };
        var recording = Path.Combine(studio.Folder!, Name, "recordings", "0001");
        File.WriteAllBytes(recording + ".wav", Served.ClipBytes);
        File.WriteAllText(recording + ".txt", "Set white at B four now.");
        return studio;
    }

    static Task<HttpResponseMessage> TrainAsync(HttpClient client, string? language = null) =>
        client.PostAsJsonAsync(At("/train"), new JsonObject { ["model"] = "mini", ["language"] = language, ["fresh"] = true });

    [Fact]
    public async Task ATrainingThatIsRefusedLeavesTheListOfTheOtherOne()
    {
        using var held = new Held();
        var studio = Trained(held, new TrainerDouble { Waits = true });
        await using var server = await Served.StartAsync(o => o with { Studio = studio });
        using var client = new HttpClient { BaseAddress = server.Address };
        held.Arm();
        var late = TrainAsync(client, Served.Model.Languages.First());
        await held.Reached.Task;
        await Served.OkAsync(TrainAsync(client));
        var list = Path.Combine(studio.Folder!, Name, "kept.jsonl");
        var trained = await File.ReadAllTextAsync(list);
        held.Go();
        await Served.RefusedAsync(late, 409, "is being worked on");
        Assert.Equal(trained, await File.ReadAllTextAsync(list)); // the trainer may be reading it
        await Served.OkAsync(client.PostAsync(At("/stop"), null));
    }

    [Fact]
    public async Task NoTrainingBeginsWhileItsModelIsLoaded()
    {
        using var held = new Held();
        using var go = new ManualResetEventSlim();
        var (trainer, loading) = (new TrainerDouble(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var studio = Trained(held, trainer) with
        {
            Load = folder =>
            {
                loading.SetResult();
                go.Wait();
                return Tts.Load(folder, new() { Threads = 1 });
            },
        };
        await using var server = await Served.StartAsync(o => o with { Studio = studio });
        using var client = new HttpClient { BaseAddress = server.Address };
        held.Arm();
        var late = TrainAsync(client);
        await held.Reached.Task;
        var serving = client.PostAsync(At("/serve"), null);
        await loading.Task;
        held.Go();
        await Served.RefusedAsync(late, 409, "is served");
        Assert.Empty(trainer.Calls); // it would have replaced what is loaded
        go.Set();
        await Served.OkAsync(serving);
    }

    [Fact]
    public async Task NoJobBeginsInAProjectThatWasDeleted()
    {
        using var held = new Held();
        var trainer = new TrainerDouble();
        var studio = Trained(held, trainer);
        await using var server = await Served.StartAsync(o => o with { Studio = studio });
        using var client = new HttpClient { BaseAddress = server.Address };
        held.Arm();
        var late = client.PostAsJsonAsync(At("/slice"), new JsonObject { ["model"] = "mini" });
        await held.Reached.Task;
        await Served.OkAsync(client.DeleteAsync(At("")));
        held.Go();
        await Served.RefusedAsync(late, 404, "no project");
        Assert.Empty(trainer.Calls);
        Assert.False(Directory.Exists(Path.Combine(studio.Folder!, Name)));
    }

    /// <summary>It would be a process that nobody can stop any more.</summary>
    [Fact]
    public async Task NoJobBeginsWhenTheServerHasStopped()
    {
        using var held = new Held();
        var (trainer, ended) = (new TrainerDouble(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var studio = Trained(held, trainer);
        var server = await Served.StartAsync(o => o with
        {
            Studio = studio,
            StopWithin = TimeSpan.FromMilliseconds(50),
            Log = line =>
            {
                if (line.Contains("/train", StringComparison.Ordinal))
                    ended.SetResult();
            },
        });
        using var client = new HttpClient { BaseAddress = server.Address };
        held.Arm();
        var late = TrainAsync(client);
        await held.Reached.Task;
        await server.DisposeAsync();
        held.Go();
        await ended.Task;
        Assert.Empty(trainer.Calls);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => late);
    }

    /// <summary>All change one file. Without an order, each would write what it has read, and undo what others wrote meanwhile.</summary>
    [Fact]
    public async Task CorrectionsThatArriveAtOnceAreAllKept()
    {
        const int Clips = 16;
        using var held = new Held();
        var studio = Trained(held, new TrainerDouble());
        var clips = Directory.CreateDirectory(Path.Combine(studio.Folder!, Name, "clips")).FullName;
        File.WriteAllLines(Path.Combine(clips, "metadata.jsonl"), Enumerable.Range(0, Clips).Select(i =>
            $$"""{"audio":"{{i}}.wav","text":"as it was"}"""));
        await using var server = await Served.StartAsync(o => o with { Studio = studio });
        using var client = new HttpClient { BaseAddress = server.Address };
        await Task.WhenAll(Enumerable.Range(0, Clips).Select(i =>
            Served.OkAsync(client.PostAsJsonAsync(At($"/clips/{i}"),
                new JsonObject { ["text"] = $"corrected {i}", ["dropped"] = false }))));
        var view = await client.GetFromJsonAsync<JsonObject>(At(""));
        Assert.Equal(Enumerable.Range(0, Clips).Select(i => $"corrected {i}"),
            view!["clips"]!.AsArray().Select(c => c!["text"]!.GetValue<string>()));
    }

    /// <summary>A page that is open elsewhere looks at recordings while they are removed.</summary>
    [Fact]
    public async Task WhatIsRemovedWhileItIsShownIsNoFault()
    {
        const int Recordings = 200;
        using var held = new Held();
        var studio = Trained(held, new TrainerDouble());
        for (var i = 2; i <= Recordings; i++)
            File.WriteAllBytes(Path.Combine(studio.Folder!, Name, "recordings", $"{i:D4}.wav"), Served.ClipBytes);
        await using var server = await Served.StartAsync(o => o with { Studio = studio });
        using var client = new HttpClient { BaseAddress = server.Address };
        var left = Recordings;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async worker =>
        {
            while (Volatile.Read(ref left) > 0)
                if (worker == 0)
                    await Served.OkAsync(client.DeleteAsync(At($"/recordings/{left--}")));
                else
                    await Served.OkAsync(client.GetAsync(At("")));
        }));
    }

    [Fact]
    public async Task OfProjectsOfOneNameThatAreMadeAtOnceOneIsMade()
    {
        using var held = new Held();
        var studio = Trained(held, new TrainerDouble());
        await using var server = await Served.StartAsync(o => o with { Studio = studio });
        using var client = new HttpClient { BaseAddress = server.Address };
        for (var i = 0; i < 10; i++)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.PostAsJsonAsync(
                new Uri($"{StudioApiTests.Root}/projects", UriKind.Relative), new JsonObject { ["name"] = $"same{i}" })));
            Assert.Single(answers, a => a.IsSuccessStatusCode);
            Array.ForEach(answers, a => a.Dispose());
        }
    }

    [Theory]
    [InlineData(true, "stopped"), InlineData(false, "failed")]
    public async Task AJobThatThrowsHasEndedAndItsServerStops(bool isAsked, string state)
    {
        var jobs = new JobRunner();
        jobs.Start(Name, "train", (_, _, stop) =>
        {
            if (!isAsked)
                throw new UnauthorizedAccessException("It may not be started.");
            stop.WaitHandle.WaitOne();
            throw new OperationCanceledException(stop);
        }, []);
        if (isAsked)
            await jobs.StopAsync(Name);
        await Task.WhenAny(jobs.Of(Name)!.Ended);
        var view = jobs.Of(Name)!.View();
        Assert.Equal((state, isAsked ? 0 : 1), (view.State, view.Lines.Count));
        Assert.All(view.Lines, l => Assert.Contains("may not be started", l, StringComparison.Ordinal));
        jobs.Dispose(); // throws nothing
    }
}
