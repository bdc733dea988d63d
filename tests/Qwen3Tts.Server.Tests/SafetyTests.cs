using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Qwen3Tts.Server;

namespace Qwen3Tts.Tests.Server;

/// <summary>Who may send requests, and what is written down about them.</summary>
public sealed class SafetyTests
{
    const string Key = "0123456789abcdef0123";

    [Fact]
    public void OtherMachinesNeedAKey()
    {
        Assert.Contains("--api-key-file", Assert.Throws<ArgumentException>(
            (Served.Options with { Address = IPAddress.Any }).CheckAddress).Message, StringComparison.Ordinal);
        Assert.Contains("has no key", Assert.Throws<InvalidDataException>(() => ApiKey.Read(["# none", ""], "keys.txt")).Message,
            StringComparison.Ordinal);
        Assert.Contains("keys.txt(2)", Assert.Throws<InvalidDataException>(() => ApiKey.Read([Key, "short"], "keys.txt")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task AKeyIsNeededWhereThereIsOne()
    {
        var hash = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("another key of mine")));
        await using var server = await Served.StartAsync(o => o with { Keys = ApiKey.Read([Key, hash], "keys.txt") });
        async Task<int> Status(string path, string? key)
        {
            using var client = new HttpClient { BaseAddress = server.Address };
            if (key is not null)
                client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", key);
            using var response = await client.GetAsync(new Uri(path, UriKind.Relative));
            return (int)response.StatusCode;
        }
        foreach (var path in new[] { "/v1/models", "/metrics", "/openapi/v1.json", "/v1/audio/speech/stream" })
            Assert.Equal(401, await Status(path, null));
        Assert.Equal(200, await Status("/healthz", null));
        foreach (var wrong in new[] { "Bearer wrong", "Bearer " + Key[..^1], "Bearer ", "Basic " + Key, Key, hash })
            Assert.Equal(401, await Status("/v1/models", wrong));
        foreach (var right in new[] { "Bearer " + Key, "bearer " + Key, "Bearer another key of mine" })
            Assert.Equal(200, await Status("/v1/models", right));
    }

    [Theory]
    [InlineData("evil.example", null, 421)]
    [InlineData("localhost", null, 200)]
    [InlineData("127.0.0.1", null, 200)]
    [InlineData("voices.example", null, 200)]
    [InlineData(null, "https://evil.example", 403)]
    [InlineData(null, "null", 403)]
    [InlineData("localhost", "http://localhost", 200)]
    public async Task PagesOfOtherSitesMayNothing(string? host, string? origin, int status)
    {
        await using var server = await Served.StartAsync(o => o with { PublicHosts = ["voices.example"] });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Address, "/v1/models"));
        request.Headers.Host = host;
        if (origin is not null)
            request.Headers.Add("Origin", origin);
        using var client = new HttpClient();
        using var response = await client.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.DoesNotContain("Access-Control", response.Headers.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task NeitherTextsNorVoicesAreLogged()
    {
        var log = new List<string>();
        await using (var server = await Served.StartAsync(o => o with { Log = l => { lock (log) log.Add(l); } }))
        {
            using var client = new HttpClient { BaseAddress = server.Address };
            using var good = await Served.SpeakAsync(Served.Request(("input", "Call Robert on Wednesday at six")), client);
            await good.Content.ReadAsByteArrayAsync();
            using var bad = await Served.SpeakAsync(Served.Request(("voice", "Wednesday"), ("Robert", 1)), client);
            using var name = await client.DeleteAsync(new Uri("/v1/audio/voices/Robert", UriKind.Relative));
            await Served.UntilAsync(() => Task.FromResult(Count() == 4)); // and the broken voice of the folder
        }
        Assert.Equal(4, Count());
        Assert.All(log, line => Assert.DoesNotMatch("Robert|Wednesday|anna", line));
        Assert.Contains(log, line => line.Contains("POST /v1/audio/speech 200", StringComparison.Ordinal));

        int Count()
        {
            lock (log)
                return log.Count;
        }
    }

    [Theory]
    [InlineData("/v1/audio/speech", "application/json", "400"), InlineData("/score", "application/json", "400")]
    [InlineData("/v1/audio/voices", "multipart/form-data; boundary=b", "400")]
    [InlineData("/v1/studio/projects/vera/recordings", "application/octet-stream", "507")]
    public async Task ABodyThatCannotBeReadIsNoFault(string path, string type, string status)
    {
        var log = new List<string>();
        await using var server = await Served.StartAsync(o => o with
        {
            Studio = Studio.TrainedModelTests.Trained("vera"),
            Log = l => { lock (log) log.Add(l); },
        });
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(server.Address.Host, server.Address.Port);
        await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {server.Address.Authority}\r\n"
            + $"Content-Type: {type}\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nRIFF"));
        using var answer = new StreamReader(tcp.GetStream());
        Assert.StartsWith($"HTTP/1.1 {status}", await answer.ReadLineAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(log, l => l.StartsWith("fault", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ALargeBodyIsRefused()
    {
        await using var server = await Served.StartAsync(o => o with { MostCharacters = 100, MostUploadBytes = 1000 });
        using var client = new HttpClient { BaseAddress = server.Address };
        client.DefaultRequestHeaders.ExpectContinue = true; // a body that is refused is not sent, so the answer is always read
        using var text = await Served.SpeakAsync(Served.Request(("input", new string('a', 101))), client);
        Assert.Contains("100 are the most", await Served.ErrorAsync(text, 400), StringComparison.Ordinal);
        using var words = await Served.SpeakAsync(Served.Request(("instructions", new string('a', 101))), client);
        Assert.Contains("'instructions' has 101", await Served.ErrorAsync(words, 400), StringComparison.Ordinal);
        using var body = await Served.SpeakAsync(Served.Request(("input", new string('a', 100_000))), client);
        await Served.ErrorAsync(body, 413);
        using var audio = await Served.SpeakAsync(Served.Request(("voice", null), ("ref_audio", new string('A', 4000))), client);
        await Served.ErrorAsync(audio, 413);
    }
}

/// <summary>The WebSocket.</summary>
public sealed class SocketTests
{
    internal static async Task<ClientWebSocket> OpenAsync(Uri? server = null)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(server ?? Served.Address) { Scheme = "ws", Path = "/v1/audio/speech/stream" }.Uri,
            default);
        return socket;
    }

    internal static Task SendAsync(ClientWebSocket socket, string json) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(json), WebSocketMessageType.Text, true, default);

    /// <summary>Messages up to one of a type, and the audio before it.</summary>
    internal static async Task<(List<System.Text.Json.JsonElement> Messages, byte[] Audio)> ReadAsync(ClientWebSocket socket,
        string last)
    {
        var (messages, audio) = (new List<System.Text.Json.JsonElement>(), new List<byte>());
        while (messages.Count == 0 || messages[^1].GetProperty("type").GetString() != last)
        {
            var (bytes, buffer) = (new List<byte>(), new byte[4096]);
            ValueWebSocketReceiveResult got;
            do
            {
                got = await socket.ReceiveAsync(buffer.AsMemory(), default);
                bytes.AddRange(buffer[..got.Count]);
            }
            while (!got.EndOfMessage);
            if (got.MessageType == WebSocketMessageType.Binary)
                audio.AddRange(bytes);
            else
                messages.Add(System.Text.Json.JsonDocument.Parse(bytes.ToArray()).RootElement);
        }
        return (messages, [.. audio]);
    }

    [Fact]
    public async Task TextThatArrivesIsSpokenAsTheWholeText()
    {
        using var socket = await OpenAsync();
        await SendAsync(socket,
            """{"type": "session.config", "voice": "anna", "seed": 7, "max_seconds": 0.96, "response_format": "pcm"}""");
        for (var utterance = 0; utterance < 2; utterance++)
        {
            foreach (var piece in new[] { "Set whi", "te at B", " four now." })
                await SendAsync(socket, $$"""{"type": "input.text", "text": "{{piece}}"}""");
            await SendAsync(socket, """{"type": "input.done"}""");
            var (messages, audio) = await ReadAsync(socket, "session.done");
            Assert.Equal(["audio.start", "audio.done", "session.done"], messages.Select(m => m.GetProperty("type").GetString()));
            Assert.All(messages, m => Assert.Equal(utterance, m.GetProperty("utterance_index").GetInt32()));
            Assert.Equal(("length", audio.Length), (messages[1].GetProperty("finish_reason").GetString(),
                messages[1].GetProperty("total_bytes").GetInt32()));
            Assert.Equal(Served.Pcm(Served.Expected()), audio);
        }
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
    }

    [Fact]
    public async Task AudioComesBeforeTheTextIsComplete()
    {
        using var socket = await OpenAsync();
        await SendAsync(socket, """{"type": "session.config", "voice": "sally", "seed": 7, "max_seconds": 2, "response_format": "pcm"}""");
        await SendAsync(socket, """{"type": "input.text", "text": "Set white at B four now. Call Robert "}""");
        var (messages, _) = await ReadAsync(socket, "audio.start");
        Assert.Single(messages);
        await SendAsync(socket, """{"type": "input.text", "text": "on Wednesday at six."}""");
        await SendAsync(socket, """{"type": "input.done"}""");
        var (_, audio) = await ReadAsync(socket, "session.done");
        Assert.True(audio.Length > 0);
    }

    [Fact]
    public async Task MistakesAreAnsweredAndTheConnectionStays()
    {
        using var socket = await OpenAsync();
        foreach (var (message, reason) in new[]
        {
            ("no json", "not JSON"), ("""{"type": "x"}""", "no message 'x'"),
            ("""{"type": "session.config", "voice": "x"}""", "no voice 'x'"),
            ("""{"type": "session.config", "voice": "anna", "input": "a"}""", "no 'input'"),
        })
        {
            await SendAsync(socket, message);
            Assert.Contains(reason, (await ReadAsync(socket, "error")).Messages[^1].GetProperty("message").GetString(),
                StringComparison.Ordinal);
        }
        await SendAsync(socket, """{"type": "input.text", "text": "a"}"""); // without a voice
        await SendAsync(socket, """{"type": "session.close"}""");
        Assert.Contains("names no voice", (await ReadAsync(socket, "error")).Messages[^1].GetProperty("message").GetString(),
            StringComparison.Ordinal);
        var end = await socket.ReceiveAsync(new byte[10], default);
        Assert.Equal(WebSocketMessageType.Close, end.MessageType);
    }
}
