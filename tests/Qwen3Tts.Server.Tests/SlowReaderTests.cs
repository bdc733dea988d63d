using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Text;
using Qwen3Tts.Server;

namespace Qwen3Tts.Tests.Server;

/// <summary>A client that asks for a long speech and does not read it holds its place until the deadline, and no longer.</summary>
public sealed class SlowReaderTests
{
    const int Tcp = 6, LargestSegment = 2; // of Linux; with small segments, its buffers for the connection stay small, too
    const string Ok = "HTTP/1.1 200", Late = "HTTP/1.1 504";

    static readonly string Text = string.Concat(Enumerable.Repeat("Set white at B four now. ", 150)); // minutes of speech

    static async Task<TcpClient> ConnectAsync(SpeechServer server)
    {
        var tcp = new TcpClient { ReceiveBufferSize = 4096 };
        if (OperatingSystem.IsLinux())
            tcp.Client.SetRawSocketOption(Tcp, LargestSegment, BitConverter.GetBytes(536));
        await tcp.ConnectAsync(server.Address.Host, server.Address.Port);
        return tcp;
    }

    [Theory]
    [InlineData("audio"), InlineData("sse")]
    public async Task WhoDoesNotReadLosesItsPlaceAtTheDeadline(string format)
    {
        using var model = Tts.Load(Mini.Model, new() { Threads = 1 });
        await using var server = await Served.StartAsync(o => o with
        {
            Models = [("mini", model)],
            MostTogether = 1,
            Deadline = TimeSpan.FromSeconds(2),
        });
        using var tcp = await ConnectAsync(server);
        var body = Served.Request(("stream_format", format), ("max_seconds", 600),
            ("input", Text)).ToJsonString();
        await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/audio/speech HTTP/1.1\r\nHost: {server.Address.Authority}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        var status = new byte[Ok.Length];
        await tcp.GetStream().ReadExactlyAsync(status); // it speaks, and nothing more is read
        Assert.Contains(Encoding.ASCII.GetString(status), new[] { Ok, Late }); // late on a machine that is very busy

        using var client = new HttpClient { BaseAddress = server.Address };
        for (var (i, served) = (0, false); !served; i++) // each waits for its own deadline
        {
            Assert.True(i < 20, "The place of the client that does not read was never free.");
            using var next = await Served.SpeakAsync(Served.Request(("max_seconds", 0.08)), client);
            served = next.IsSuccessStatusCode;
        }
        await Served.UntilAsync(() => Task.FromResult(model.StatesInUse == 0));
    }

    /// <summary>Its place is free while it may still take its last words: when it reads again, it learns that it was too late.</summary>
    [Fact]
    public async Task AWebSocketThatIsNotReadLosesItsPlaceAtTheDeadline()
    {
        await using var server = await Served.StartAsync(o => o with { MostTogether = 1, Deadline = TimeSpan.FromSeconds(2) });
        using var tcp = await SpeakOverWebSocketAsync(server);
        await tcp.GetStream().WriteAsync(Frame("""{"type": "input.done"}"""));
        using var client = new HttpClient { BaseAddress = server.Address };
        await SpeakingAsync(client, 1);
        await SpeakingAsync(client, 0);
        var (got, buffer) = (new StringBuilder(), new byte[1 << 16]);
        while (!got.ToString().Contains("session.done", StringComparison.Ordinal)
            && await tcp.GetStream().ReadAsync(buffer) is > 0 and var count)
            got.Append(Encoding.Latin1.GetString(buffer, 0, count));
        Assert.Contains("The request took longer than 2 s", got.ToString(), StringComparison.Ordinal);
        Assert.Contains("session.done", got.ToString(), StringComparison.Ordinal);
    }

    /// <summary>What listens for text would otherwise use what the utterance has disposed, and nobody would see the error.</summary>
    [Fact]
    public async Task AWebSocketThatIsNeverReadAgainEndsWithAllThatListensToIt()
    {
        var (ended, disposed) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        void Note(object? _, FirstChanceExceptionEventArgs e)
        {
            if (e.Exception is ObjectDisposedException && Environment.StackTrace.Contains(nameof(SpeechSocket), StringComparison.Ordinal))
                disposed.TrySetException(e.Exception);
        }
        await using var server = await Served.StartAsync(o => o with
        {
            Deadline = TimeSpan.FromSeconds(1),
            LastWords = TimeSpan.FromMilliseconds(100),
            Log = line =>
            {
                if (line.Contains("/stream", StringComparison.Ordinal))
                    ended.SetResult();
            },
        });
        AppDomain.CurrentDomain.FirstChanceException += Note;
        try
        {
            using var tcp = await SpeakOverWebSocketAsync(server);
            using var client = new HttpClient { BaseAddress = server.Address };
            await SpeakingAsync(client, 1);
            await tcp.GetStream().WriteAsync(Frame("""{"type": "input.text", "text": " "}""")); // so it listens for longer than it speaks
            await ended.Task;
            await Task.WhenAny(disposed.Task, Task.Delay(300));
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= Note;
        }
        Assert.False(disposed.Task.IsCompleted, $"{disposed.Task.Exception}");
    }

    /// <summary>A client that asks for minutes of speech, and reads nothing. Its text has not ended.</summary>
    static async Task<TcpClient> SpeakOverWebSocketAsync(SpeechServer server)
    {
        var tcp = await ConnectAsync(server);
        var stream = tcp.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /v1/audio/speech/stream HTTP/1.1\r\nHost: {server.Address.Authority}\r\n"
            + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"));
        await stream.WriteAsync(Frame("""{"type": "session.config", "voice": "sally", "seed": 7, "response_format": "wav"}"""));
        await stream.WriteAsync(Frame($$"""{"type": "input.text", "text": "{{Text}}"}"""));
        return tcp;
    }

    static async Task SpeakingAsync(HttpClient client, int places)
    {
        for (var i = 0; !(await client.GetStringAsync(new Uri("/metrics", UriKind.Relative))).Contains(
            $"qwen3tts_server_speaking {places}\n", StringComparison.Ordinal); i++)
        {
            Assert.True(i < 3000, $"There were never {places} places taken.");
            await Task.Delay(10);
        }
    }

    /// <summary>A message as a client sends it: masked, here with zeros.</summary>
    static byte[] Frame(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        byte[] length = bytes.Length < 126 ? [(byte)(0x80 | bytes.Length)] : [0x80 | 126, (byte)(bytes.Length >> 8), (byte)bytes.Length];
        return [0x81, .. length, 0, 0, 0, 0, .. bytes];
    }
}
