using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Qwen3Tts.Tests.Server;

/// <summary>Requests as a crowd of clients sends them: of all kinds, and many of them leave before the end.</summary>
/// <param name="client">Sends to the server.</param>
/// <param name="address">The server.</param>
/// <param name="voices">The voices that may be named.</param>
/// <param name="random">Decides everything.</param>
sealed class Requests(HttpClient client, Uri address, IReadOnlyList<string> voices, Random random)
{
    static readonly string[] Texts = [Served.Text, "Robert has nine yellow pencils.", "Meet Anna on Monday at seven thirty."];
    static readonly string[] Formats = ["wav", "pcm", "flac", "opus"];

    /// <summary>Sends one. Returns its kind and its status, or that it left.</summary>
    public async Task<string> SendAsync()
    {
        (string Name, Func<CancellationToken, Task<int?>> Send)[] kinds =
        [
            ("whole", _ => SpeakAsync(null, default)),
            ("audio", _ => SpeakAsync("audio", default)),
            ("events", _ => SpeakAsync("sse", default)),
            ("whole", soon => SpeakAsync(null, soon)),
            ("audio", soon => SpeakAsync("audio", soon)),
            ("events", soon => SpeakAsync("sse", soon)),
            ("part of a body", _ => SendPartAsync()),
            ("socket", soon => TalkAsync(ends: true, soon)),
            ("socket", soon => TalkAsync(ends: false, soon)),
            ("bad recording", _ => StatusAsync(Body(("voice", null), ("ref_audio", "data:audio/wav;base64,UklGRg==")), default)),
            ("long text", soon => StatusAsync(Body(("input", string.Concat(Enumerable.Repeat("Set white at B four now. ", 60))),
                ("max_seconds", 60)), soon)),
            ("voice", MakeVoiceAsync),
            ("score", ScoreAsync),
        ];
        var (name, send) = kinds[random.Next(kinds.Length)];
        using var soon = new CancellationTokenSource(random.Next(1, 150));
        try
        {
            return await send(soon.Token) is { } status ? $"{name} {status}" : $"{name} left";
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or HttpRequestException or WebSocketException
            or SocketException)
        {
            return $"{name} left";
        }
    }

    JsonObject Body(params (string Name, JsonNode? Value)[] fields) => Served.Request(
        [("voice", voices[random.Next(voices.Count)]), ("input", Texts[random.Next(Texts.Length)]), ("max_seconds", 0.4),
            ("seed", random.Next()), ("response_format", Formats[random.Next(Formats.Length)]), .. fields]);

    async Task<int?> SpeakAsync(string? stream, CancellationToken stop) => await StatusAsync(Body(("stream_format", stream)), stop);

    async Task<int?> StatusAsync(JsonObject body, CancellationToken stop)
    {
        using var response = await Served.SpeakAsync(body, client, stop);
        await response.Content.ReadAsByteArrayAsync(stop);
        return (int)response.StatusCode;
    }

    /// <summary>A part of a request, or all of it, and the connection closes.</summary>
    async Task<int?> SendPartAsync()
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(address.Host, address.Port);
        var body = Body().ToJsonString();
        var all = Encoding.UTF8.GetBytes($"POST /v1/audio/speech HTTP/1.1\r\nHost: {address.Authority}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        await tcp.GetStream().WriteAsync(all.AsMemory(0, random.Next(2) == 0 ? all.Length : random.Next(all.Length)));
        await Task.Delay(random.Next(50));
        return null;
    }

    /// <summary>Text over a WebSocket, which breaks off.</summary>
    async Task<int?> TalkAsync(bool ends, CancellationToken soon)
    {
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(address) { Scheme = "ws", Path = "/v1/audio/speech/stream" }.Uri, default);
        Task TellAsync(JsonObject message) =>
            socket.SendAsync(Encoding.UTF8.GetBytes(message.ToJsonString()), WebSocketMessageType.Text, true, default);
        await TellAsync(new() { ["type"] = "session.config", ["voice"] = voices[random.Next(voices.Count)], ["max_seconds"] = 0.4 });
        await TellAsync(new() { ["type"] = "input.text", ["text"] = Texts[random.Next(Texts.Length)] });
        if (ends)
            await TellAsync(new() { ["type"] = "input.done" });
        while (true)
            await socket.ReceiveAsync(new byte[1000].AsMemory(), soon); // cancelling it breaks the connection
    }

    /// <summary>Makes a voice and deletes it.</summary>
    async Task<int?> MakeVoiceAsync(CancellationToken soon)
    {
        var name = "v" + Guid.NewGuid().ToString("N");
        using var form = new MultipartFormDataContent { { new ByteArrayContent(Served.ClipBytes), "audio_sample", "a.wav" },
            { new StringContent(name), "name" }, { new StringContent("x"), "consent" } };
        try
        {
            using var made = await client.PostAsync(new Uri("/v1/audio/voices", UriKind.Relative), form,
                random.Next(2) == 0 ? soon : default);
            return (int)made.StatusCode;
        }
        finally
        {
            using var deleted = await client.DeleteAsync(new Uri($"/v1/audio/voices/{name}", UriKind.Relative));
        }
    }

    async Task<int?> ScoreAsync(CancellationToken soon)
    {
        using var scored = await client.PostAsJsonAsync(new Uri("/score", UriKind.Relative), ScoreTests.Request(Served.Clip),
            random.Next(2) == 0 ? soon : default);
        return (int)scored.StatusCode;
    }
}
