using System.Net.Sockets;
using System.Text;

namespace Qwen3Tts.Tests.Server;

/// <summary>A client that asks for a long speech and does not read it holds its place until the deadline, and no longer.</summary>
public sealed class SlowReaderTests
{
    const int Tcp = 6, LargestSegment = 2; // of Linux; with small segments, its buffers for the connection stay small, too
    const string Ok = "HTTP/1.1 200", Late = "HTTP/1.1 504";

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
        using var tcp = new TcpClient { ReceiveBufferSize = 4096 };
        if (OperatingSystem.IsLinux())
            tcp.Client.SetRawSocketOption(Tcp, LargestSegment, BitConverter.GetBytes(536));
        await tcp.ConnectAsync(server.Address.Host, server.Address.Port);
        var body = Served.Request(("stream_format", format), ("max_seconds", 600),
            ("input", string.Concat(Enumerable.Repeat("Set white at B four now. ", 150)))).ToJsonString();
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
}
