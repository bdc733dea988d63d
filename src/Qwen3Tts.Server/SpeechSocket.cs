// The WebSocket /v1/audio/speech/stream takes text as a language model writes it, and sends audio as it is made. The messages are those of
// vllm-omni: session.config, input.text, input.done, session.close; audio.start, binary frames, audio.done, session.done, error. There, the
// text is spoken after input.done; here it is spoken while it arrives.
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Qwen3Tts.Files;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Server;

sealed partial class SpeechSocket(HttpContext http, ServerState state, WebSocket socket)
{
    SocketMessage _config = new();
    int _utterance;
    CancellationToken _sending = http.RequestAborted;

    public static async Task RunAsync(HttpContext http, ServerState state)
    {
        if (!http.WebSockets.IsWebSocketRequest)
            throw new ApiError(StatusCodes.Status426UpgradeRequired, "This address is a WebSocket. Open it with ws://.");
        using var socket = await http.WebSockets.AcceptWebSocketAsync().ConfigureAwait(false);
        try
        {
            await new SpeechSocket(http, state, socket).TalkAsync().ConfigureAwait(false);
            using var last = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
            last.CancelAfter(state.Options.LastWords);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, last.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ConnectionAbortedException)
        {
            socket.Abort(); // the client has left, or sends nothing
        }
    }

    async Task TalkAsync()
    {
        while (true)
            try
            {
                if (await NextAsync().ConfigureAwait(false) is not { } message)
                    return;
                switch (message.Type)
                {
                    case "session.config":
                        _ = Plan(message, ""); // what is wrong is said now
                        _config = message;
                        break;
                    case "input.text":
                        await SpeakAsync(message.Text ?? "").ConfigureAwait(false);
                        break;
                    case "input.done":
                        await SendAsync(Json.Bytes(new SessionDone("session.done", _utterance++, 0), ServerJson.Default.SessionDone))
                            .ConfigureAwait(false); // there was no text
                        break;
                    case "session.close":
                        return;
                    default:
                        throw ApiError.Of("type", $"There is no message '{Printable.Text(message.Type ?? "")}'. Send session.config, "
                            + "input.text, input.done or session.close.");
                }
            }
            catch (Exception e) when (ApiError.OfLibrary(e) is { } error)
            {
                await FailAsync(error).ConfigureAwait(false);
            }
    }

    /// <summary>The next message between two utterances; null if the client closes the connection, or the server stops.</summary>
    async Task<SocketMessage?> NextAsync()
    {
        var stopping = http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var receiving = ReceiveAsync();
        await ((Task)receiving).WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!stopping.IsCancellationRequested)
            return await receiving.ConfigureAwait(false);
        await socket.CloseOutputAsync(WebSocketCloseStatus.EndpointUnavailable, "The server stops.", _sending).ConfigureAwait(false);
        await ((Task)receiving).WaitAsync(state.Options.LastWords).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // its answer
        if (!receiving.IsCompleted)
            socket.Abort();
        await ((Task)receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return null;
    }

    SpeechPlan Plan(SocketMessage config, string text)
    {
        if (config.Input is not null || config.Stream is not null || config.StreamFormat is not null)
            throw ApiError.Of("input", "The settings of a session have no 'input', 'stream' or 'stream_format'. Send text with "
                + "input.text.");
        var plan = SpeechPlan.Of(config, state, streams: true, text);
        // Text can be spoken while it arrives in this layout only, so it is the default here for every voice.
        return plan with { Speech = plan.Speech with { Layout = plan.Speech.Layout ?? Layout.Interleaved } };
    }

    Task FailAsync(ApiError error) =>
        SendAsync(Json.Bytes(new SocketError("error", error.Message, error.Detail), ServerJson.Default.SocketError));

    Task SendAsync(byte[] json) => socket.SendAsync(json, WebSocketMessageType.Text, true, _sending);

    /// <summary>The next message; null if the client closes the connection.</summary>
    /// <exception cref="ApiError">It is no message.</exception>
    async Task<SocketMessage?> ReceiveAsync()
    {
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        idle.CancelAfter(state.Options.Deadline + state.Options.LastWords); // it breaks the connection off, so an error is said before
        var (bytes, buffer) = (new MemoryStream(), new byte[16 << 10]);
        while (true)
        {
            var got = await socket.ReceiveAsync(buffer.AsMemory(), idle.Token).ConfigureAwait(false);
            if (got.MessageType == WebSocketMessageType.Close)
                return null;
            bytes.Write(buffer, 0, got.Count);
            if (bytes.Length > state.Options.MostUploadBytes / 3 * 4L + 6 * state.Options.MostCharacters)
                throw new WebSocketException("The message is too long.");
            if (got.EndOfMessage)
                return JsonBody.Parse(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), ServerJson.Default.SocketMessage);
        }
    }
}
