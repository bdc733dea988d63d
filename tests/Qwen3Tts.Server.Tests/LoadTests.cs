using Qwen3Tts.Server;

namespace Qwen3Tts.Tests.Server;

/// <summary>Many requests at once: each is what it is alone, too many are refused, and a client that has left is not spoken to.</summary>
public sealed class LoadTests
{
    [Fact]
    public async Task EachSpeechIsThatOfItsSeedAndVoiceAtAnyLoad()
    {
        string[] voices = [Served.Voice, Served.Speaker, .. Served.Adapted];
        var requests = Enumerable.Range(0, 16).Select(i => Served.Request(("voice", voices[i % 4]), ("seed", i / 4), ("response_format",
            "pcm"), ("stream_format", i % 3 == 0 ? "audio" : null), ("max_seconds", 0.4))).ToList();
        async Task<byte[]> Speak(int i)
        {
            using var response = await Served.SpeakAsync((System.Text.Json.Nodes.JsonObject)requests[i].DeepClone());
            Assert.Equal(200, (int)response.StatusCode);
            return await response.Content.ReadAsByteArrayAsync();
        }
        var together = await Task.WhenAll(Enumerable.Range(0, requests.Count).Select(Speak));
        foreach (var i in new[] { 0, 1, 2, 3, 6, 11 })
            Assert.Equal(await Speak(i), together[i]);
        Assert.Equal(16, together.Select(Convert.ToHexString).Distinct().Count()); // every voice and seed sounds different
    }

    [Fact]
    public async Task TooManyRequestsAreRefusedWithATime()
    {
        await using var server = await Served.StartAsync(o => o with { MostTogether = 1, MostWaiting = 2 });
        using var client = new HttpClient { BaseAddress = server.Address };
        var responses = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Served.SpeakAsync(Served.Request(), client)));
        Assert.All(responses.Where(r => (int)r.StatusCode != 200), r =>
        {
            Assert.Equal(429, (int)r.StatusCode);
            Assert.InRange(r.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 600);
        });
        Assert.InRange(responses.Count(r => (int)r.StatusCode == 200), 3, 7);
        Assert.Contains("Retry-After", await Served.ErrorAsync(responses.First(r => (int)r.StatusCode == 429), 429),
            StringComparison.Ordinal);
        using var after = await Served.SpeakAsync(Served.Request(), client);
        Assert.Equal(200, (int)after.StatusCode);
    }

    [Fact]
    public async Task WhoLeavesIsNotSpokenTo()
    {
        await using var server = await Served.StartAsync();
        using var client = new HttpClient { BaseAddress = server.Address };
        // Two minutes of speech, if it were not ended.
        var request = Served.Request(("voice", Served.Speaker), ("stream_format", "audio"), ("max_seconds", 120),
            ("input", string.Concat(Enumerable.Repeat("Set white at B four now. ", 60))));
        using var stop = new CancellationTokenSource();
        var response = await Served.SpeakAsync(request, client, stop.Token);
        var body = await response.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(new byte[44]);
        Assert.NotEqual(0, Served.Model.StatesInUse);
        var frames = Frames(await MetricsOf(client));
        response.Dispose();
        await Served.UntilAsync(async () => Number(await MetricsOf(client), "qwen3tts_server_speaking ") == 0);
        Assert.InRange(Frames(await MetricsOf(client)) - frames, 0, 1000); // of 1,500; others speak at the same time
    }

    static Task<string> MetricsOf(HttpClient client) => client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
    static double Frames(string metrics) => Number(metrics, "qwen3tts_frames_total{");

    static double Number(string metrics, string name) => metrics.Split('\n').Where(l => l.StartsWith(name, StringComparison.Ordinal))
        .Select(l => double.Parse(l.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture)).DefaultIfEmpty(0).Sum();

    [Fact]
    public async Task ALateRequestIsEnded()
    {
        await using var server = await Served.StartAsync(o => o with { Deadline = TimeSpan.FromMilliseconds(1) });
        using var client = new HttpClient { BaseAddress = server.Address };
        using var response = await Served.SpeakAsync(Served.Request(("max_seconds", 60)), client);
        Assert.Contains("took longer", await Served.ErrorAsync(response, 504), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AStoppingServerFinishesItsSpeeches()
    {
        var server = await Served.StartAsync();
        var address = server.Address;
        using var client = new HttpClient { BaseAddress = address };
        using var response = await Served.SpeakAsync(Served.Request(("response_format", "pcm"), ("stream_format", "audio")), client);
        await server.DisposeAsync();
        Assert.Equal(Served.Pcm(Served.Expected()), await response.Content.ReadAsByteArrayAsync());
        await Assert.ThrowsAsync<HttpRequestException>(() => Served.SpeakAsync(Served.Request(), new() { BaseAddress = address }));
    }

    [Fact]
    public async Task TheNumbersAreThoseOfTheRequests()
    {
        await using var server = await Served.StartAsync();
        using var client = new HttpClient { BaseAddress = server.Address };
        using var good = await Served.SpeakAsync(Served.Request(), client);
        await good.Content.ReadAsByteArrayAsync();
        using var bad = await Served.SpeakAsync(Served.Request(("voice", "x")), client);
        var metrics = "";
        await Served.UntilAsync(async () => Requests(metrics = await MetricsOf(client), 200) + Requests(metrics, 400) == 2);
        Assert.Equal((1, 1), (Requests(metrics, 200), Requests(metrics, 400)));
        Assert.Equal(1, Number(metrics, "qwen3tts_server_speeches_total{finish_reason=\"length\"}"));
        Assert.True(Number(metrics, "qwen3tts_time_to_first_audio_seconds_count") >= 1);
        Assert.True(Frames(metrics) >= 12);

        static double Requests(string metrics, int status) =>
            Number(metrics, $"qwen3tts_server_requests_total{{route=\"/v1/audio/speech\",status=\"{status}\"}}");
    }
}

/// <summary>The turns of the queue.</summary>
public sealed class FairQueueTests
{
    [Fact]
    public async Task ClientsTakeTurns()
    {
        var queue = new FairQueue(1, 10);
        var first = await queue.EnterAsync("a", default);
        var order = new List<string>();
        var waiting = new[] { "a1", "a2", "a3", "b1", "c1" }.Select(async name =>
        {
            using var place = await queue.EnterAsync(name[..1], default);
            lock (order)
                order.Add(name);
        }).ToList();
        Assert.Equal((1, 5), (queue.Speaking, queue.Waiting));
        first!.Dispose();
        await Task.WhenAll(waiting);
        Assert.Equal(["a1", "b1", "c1", "a2", "a3"], order);
        Assert.Equal((0, 0), (queue.Speaking, queue.Waiting));
    }

    [Fact]
    public async Task WhoGivesUpIsForgotten()
    {
        var queue = new FairQueue(1, 2);
        using var first = await queue.EnterAsync("a", default);
        using var stop = new CancellationTokenSource();
        var gone = queue.EnterAsync("b", stop.Token);
        var stays = queue.EnterAsync("b", default);
        Assert.Null(await queue.EnterAsync("c", default));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.Equal(1, queue.Waiting);
        first!.Dispose();
        (await stays)!.Dispose();
        Assert.Equal((0, 0), (queue.Speaking, queue.Waiting));
    }
}
