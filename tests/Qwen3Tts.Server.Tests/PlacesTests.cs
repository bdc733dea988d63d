using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Qwen3Tts.Server;

namespace Qwen3Tts.Tests.Server;

/// <summary>A place in the queue comes back, whatever its client does: it leaves, takes too long, sends half a request, or asks in
/// vain.</summary>
public sealed class PlacesTests
{
    const int Clients = 8, Each = 12;

    [Fact]
    public async Task PlacesComeBackFromClientsOfEveryKind()
    {
        await using var server = await Served.StartAsync(o => o with
        {
            VoicesFolder = Scratch.New("places"),
            MostTogether = 2,
            MostWaiting = 6,
            Deadline = TimeSpan.FromSeconds(2),
        });
        using var client = new HttpClient { BaseAddress = server.Address };
        var results = new List<string>();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async c =>
        {
            var requests = new Requests(client, server.Address, [Served.Speaker], new(c));
            for (var i = 0; i < Each; i++)
            {
                var result = await requests.SendAsync();
                lock (results)
                    results.Add(result);
            }
        }));
        Assert.All(results, r => Assert.Contains(r.Split(' ')[^1], new[] { "left", "200", "400", "429", "504" }));
        Assert.Contains(results, r => r.EndsWith("200", StringComparison.Ordinal));
        await Served.UntilAsync(async () => await client.GetStringAsync(new Uri("/metrics", UriKind.Relative)) is var metrics
            && metrics.Contains("qwen3tts_server_speaking 0\n", StringComparison.Ordinal)
            && metrics.Contains("qwen3tts_server_waiting 0\n", StringComparison.Ordinal));
        for (var i = 0; i < 2; i++) // as many as there are places
        {
            using var after = await Served.SpeakAsync(Served.Request(("voice", Served.Speaker), ("max_seconds", 0.08)), client);
            Assert.Contains((int)after.StatusCode, new[] { 200, 504 }); // of a machine that is very busy
        }
    }

    [Theory]
    [InlineData("/v1/audio/speech", "application/json")]
    [InlineData("/v1/audio/voices", "multipart/form-data; boundary=b")]
    [InlineData("/score", "application/json")]
    public async Task ABodyThatDoesNotEndIsLate(string path, string type)
    {
        await using var server = await Served.StartAsync(o => o with { Deadline = TimeSpan.FromMilliseconds(100) });
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(server.Address.Host, server.Address.Port);
        await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {server.Address.Authority}\r\n"
            + $"Content-Type: {type}\r\nContent-Length: 1000\r\n\r\n{{"));
        using var answer = new StreamReader(tcp.GetStream());
        Assert.Equal("HTTP/1.1 504 Gateway Timeout", await answer.ReadLineAsync());
    }
}

/// <summary>Places of the queue, and the time that requests spend there.</summary>
public sealed class WaitingTests
{
    [Fact]
    public async Task TheTimeInTheQueueCounts()
    {
        await using var server = await Served.StartAsync(o => o with { MostTogether = 1, Deadline = TimeSpan.FromSeconds(1) });
        using var client = new HttpClient { BaseAddress = server.Address };
        var text = string.Concat(Enumerable.Repeat("Set white at B four now. ", 150)); // minutes of speech
        await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ =>
        {
            using var late = await Served.SpeakAsync(Served.Request(("input", text), ("max_seconds", 600)), client);
            Assert.Contains("took longer", await Served.ErrorAsync(late, 504), StringComparison.Ordinal);
        }));
        var metrics = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Contains("qwen3tts_server_speaking 0\n", metrics, StringComparison.Ordinal);
        Assert.Contains("qwen3tts_server_waiting 0\n", metrics, StringComparison.Ordinal);
    }

    /// <summary>Also for a WebSocket, whose client would otherwise only see that the connection is gone.</summary>
    [Fact]
    public async Task WhoWaitedTooLongIsToldSo()
    {
        var options = Served.Options with { MostTogether = 1 };
        using var state = new ServerState(options, new([new("mini", Served.Model, false)]));
        using var first = await state.Queue.EnterAsync("a", default);
        var late = await Assert.ThrowsAsync<ApiError>(() => state.EnterAsync(new DefaultHttpContext(), Served.Model, new(canceled: true)));
        Assert.Equal(504, late.Status);
        var left = new DefaultHttpContext { RequestAborted = new(canceled: true) };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => state.EnterAsync(left, Served.Model, new(canceled: true)));
        Assert.Equal(0, state.Queue.Waiting);
    }

    [Fact]
    public async Task WhoseTextDoesNotEndIsToldSoAndKeepsItsConnection()
    {
        await using var server = await Served.StartAsync(o => o with { Deadline = TimeSpan.FromMilliseconds(500) });
        using var socket = await SocketTests.OpenAsync(server.Address);
        await SocketTests.SendAsync(socket, """{"type": "session.config", "voice": "sally", "seed": 7, "response_format": "pcm"}""");
        await SocketTests.SendAsync(socket, """{"type": "input.text", "text": "Set white at B four now. Call Robert "}""");
        var (messages, _) = await SocketTests.ReadAsync(socket, "error");
        Assert.Contains("took longer", messages[^1].GetProperty("message").GetString(), StringComparison.Ordinal);
        await SocketTests.SendAsync(socket, """{"type": "input.done"}""");
        await SocketTests.ReadAsync(socket, "session.done");
    }

    [Fact]
    public async Task WhoWritesNoTextMakesWayForOthers()
    {
        await using var server = await Served.StartAsync(o => o with { MostTogether = 1, TextWait = TimeSpan.FromMilliseconds(200) });
        using var client = new HttpClient { BaseAddress = server.Address };
        using var socket = await SocketTests.OpenAsync(server.Address);
        await SocketTests.SendAsync(socket, """{"type": "session.config", "voice": "sally", "seed": 7, "response_format": "pcm"}""");
        await SocketTests.SendAsync(socket, """{"type": "input.text", "text": "Set white at B four now. Call Robert "}""");
        await SocketTests.ReadAsync(socket, "audio.start"); // it has the place, and sends neither text nor input.done
        using var other = await Served.SpeakAsync(Served.Request(("max_seconds", 0.08)), client);
        Assert.Equal(200, (int)other.StatusCode);
        var (messages, _) = await SocketTests.ReadAsync(socket, "error");
        Assert.Contains("No text came", messages[^1].GetProperty("message").GetString(), StringComparison.Ordinal);

        await SocketTests.SendAsync(socket, """{"type": "input.done"}"""); // the connection is as good as before
        await SocketTests.ReadAsync(socket, "session.done");
        await SocketTests.SendAsync(socket, """{"type": "input.text", "text": "Set white at B four now."}""");
        await SocketTests.SendAsync(socket, """{"type": "input.done"}""");
        Assert.NotEmpty((await SocketTests.ReadAsync(socket, "session.done")).Audio);
    }
}

/// <summary>The queue itself, with waits that are cancelled at the moment at which they end.</summary>
public sealed class QueueRaceTests
{
    [Fact]
    public async Task NoPlaceIsLostOrGivenTwice()
    {
        const int Together = 3;
        var (queue, inside) = (new FairQueue(Together, 1000), 0);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(c => Task.Run(async () =>
        {
            var random = new Random(c);
            for (var i = 0; i < 2000; i++)
            {
                using var stop = new CancellationTokenSource();
                try
                {
                    var entering = queue.EnterAsync($"{random.Next(4)}", stop.Token);
                    if (random.Next(2) == 0)
                        await Task.Yield();
                    if (random.Next(3) > 0)
                        stop.Cancel();
                    using var place = await entering;
                    Assert.InRange(Interlocked.Increment(ref inside), 1, Together);
                    if (random.Next(4) == 0)
                        await Task.Yield();
                    Interlocked.Decrement(ref inside);
                }
                catch (OperationCanceledException)
                {
                    // gave up
                }
            }
        })));
        Assert.Equal((0, 0), (queue.Speaking, queue.Waiting));
    }
}
