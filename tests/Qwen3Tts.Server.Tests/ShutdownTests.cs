using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Qwen3Tts.Tests.Server.Studio;

namespace Qwen3Tts.Tests.Server;

/// <summary>A server that stops, or cannot start, leaves nothing behind, and waits for nobody who wants nothing.</summary>
public sealed class ShutdownTests
{
    const string Name = "vera";

    static readonly Uri Serve = new($"/v1/studio/projects/{Name}/serve", UriKind.Relative);

    static Tts Load(string folder) => Tts.Load(folder, new() { Threads = 1 });

    static async Task IsFreedAsync(Tts model)
    {
        for (var i = 0; !TrainedModelTests.IsDisposed(model); i++)
        {
            Assert.True(i < 100, "The model was not freed.");
            await Task.Delay(100);
        }
    }

    /// <summary>The page asks to serve a model, and Ctrl-C comes while it is loaded.</summary>
    [Fact]
    public async Task AModelThatIsLoadedWhenTheServerHasStoppedIsFreed()
    {
        var studio = TrainedModelTests.Trained(Name);
        using var stopped = new ManualResetEventSlim();
        var (begun, loaded) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
            new TaskCompletionSource<Tts>(TaskCreationOptions.RunContinuationsAsynchronously));
        var server = await Served.StartAsync(o => o with
        {
            StopWithin = TimeSpan.FromMilliseconds(50),
            Studio = studio with
            {
                Load = folder =>
                {
                    begun.SetResult();
                    stopped.Wait();
                    var model = Load(folder);
                    loaded.SetResult(model);
                    return model;
                },
            },
        });
        using var client = new HttpClient { BaseAddress = server.Address };
        var asked = client.PostAsync(Serve, null);
        await begun.Task;
        await server.DisposeAsync();
        stopped.Set();
        await IsFreedAsync(await loaded.Task);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => asked);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task AServerThatCannotStartFreesWhatItLoaded(bool portIsTaken)
    {
        var (studio, loaded) = (TrainedModelTests.Trained(Name), new List<Tts>());
        File.WriteAllText(Path.Combine(studio.Folder!, Name, "served"), "");
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var file = Path.Combine(Scratch.New("file"), "file");
        File.WriteAllText(file, "no folder");
        await Assert.ThrowsAnyAsync<IOException>(() => Served.StartAsync(o => o with
        {
            Port = portIsTaken ? ((IPEndPoint)other.LocalEndpoint).Port : 0,
            VoicesFolder = portIsTaken ? o.VoicesFolder : file,
            Studio = studio with
            {
                Load = folder =>
                {
                    loaded.Add(Load(folder));
                    return loaded[^1];
                },
            },
        }));
        Assert.True(TrainedModelTests.IsDisposed(Assert.Single(loaded)));
    }

    [Fact]
    public async Task AWebSocketWithoutSpeechIsClosedWhenTheServerStops()
    {
        var server = await Served.StartAsync(o => o with { StopWithin = TimeSpan.FromMinutes(5) });
        using var socket = await SocketTests.OpenAsync(server.Address);
        await SocketTests.SendAsync(socket,
            """{"type": "session.config", "voice": "anna", "seed": 7, "max_seconds": 0.08, "response_format": "pcm"}""");
        await SocketTests.SendAsync(socket, """{"type": "input.text", "text": "Set white."}""");
        await SocketTests.SendAsync(socket, """{"type": "input.done"}""");
        await SocketTests.ReadAsync(socket, "session.done");
        var stopping = server.DisposeAsync().AsTask();
        var last = await socket.ReceiveAsync(new byte[1000], default).WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal((WebSocketMessageType.Close, WebSocketCloseStatus.EndpointUnavailable), (last.MessageType, last.CloseStatus));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
        await stopping.WaitAsync(TimeSpan.FromMinutes(1));
    }
}
