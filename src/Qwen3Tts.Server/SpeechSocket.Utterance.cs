// One utterance of a WebSocket: its text is listened to and its speech is sent at the same time, and both end together.
using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Server;

sealed partial class SpeechSocket
{
    const int MostMessages = 64; // of text that waits for the speech

    long _moved; // when text or sound last went through
    ApiError? _wrong; // with the text of the utterance

    /// <summary>Speaks an utterance, from its first text to input.done.</summary>
    async Task SpeakAsync(string first)
    {
        var plan = Plan(_config, "");
        using var stop = state.Deadline(http);
        using var place = await state.EnterAsync(http, plan.Model, stop.Token).ConfigureAwait(false);
        // A client that does not read holds up its speech. At the deadline others may speak, and it may still take its last words.
        using var leaving = stop.Token.Register(place.LeavePlace);
        using var sending = state.Deadline(http, state.Options.LastWords);
        _sending = sending.Token;
        var text = Channel.CreateBounded<string>(MostMessages);
        (_moved, _wrong) = (Stopwatch.GetTimestamp(), null);
        var listening = ListenAsync(first, text.Writer, stop);
        var speaking = SpeakAsync(plan, text.Reader, stop.Token);
        await WatchAsync(speaking, listening, stop).ConfigureAwait(false);
        var error = await speaking.ConfigureAwait(false);
        place.Dispose(); // others may speak while the rest of the text is awaited
        text.Writer.TryComplete(); // what still arrives of this text is dropped
        error ??= _wrong ?? (stop.IsCancellationRequested ? ApiError.TooLate(state.Options.Deadline) : null);
        // An error is said at once, and not when the rest of the text has come.
        await Task.WhenAll(error is null ? Task.CompletedTask : FailAsync(error), listening).ConfigureAwait(false);
        if (error is null && (error = _wrong) is not null)
            await FailAsync(error).ConfigureAwait(false);
        await SendAsync(Json.Bytes(new SessionDone("session.done", _utterance++, error is null ? 1 : 0), ServerJson.Default.SessionDone))
            .ConfigureAwait(false);
        _sending = http.RequestAborted;
    }

    /// <summary>Speaks text that arrives. Returns what went wrong.</summary>
    async Task<ApiError?> SpeakAsync(SpeechPlan plan, ChannelReader<string> text, CancellationToken stop)
    {
        try
        {
            plan = plan.Ready();
            await SendSpeechAsync(plan, Speaking.Speak(plan, text.ReadAllAsync(stop), stop)).ConfigureAwait(false);
            return null;
        }
        catch (Exception e) when (e is not (OperationCanceledException or WebSocketException))
        {
            return ApiError.OfLibrary(e) ?? Guard.Fault(state, e);
        }
    }

    /// <summary>Waits for the end of an utterance, and ends it if its client sends neither text nor input.done while others wait.</summary>
    async Task WatchAsync(Task speaking, Task listening, CancellationTokenSource stop)
    {
        var wait = state.Options.TextWait;
        while (!speaking.IsCompleted)
        {
            var still = Stopwatch.GetElapsedTime(Interlocked.Read(ref _moved));
            if (still >= wait && state.Queue.Waiting > 0 && !listening.IsCompleted)
            {
                _wrong ??= new(StatusCodes.Status408RequestTimeout, string.Create(CultureInfo.InvariantCulture,
                    $"No text came for {wait.TotalSeconds:0.#} s, and others wait. Send input.done after the text, or send text sooner."),
                    "text", "text_late");
                await stop.CancelAsync().ConfigureAwait(false);
            }
            var next = still < wait ? wait - still : TimeSpan.FromSeconds(1); // somebody may wait by then
            await speaking.WaitAsync(next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        if (speaking.IsCompletedSuccessfully)
            return;
        socket.Abort(); // nothing can be sent any more; what listens ends before its token is disposed
        await stop.CancelAsync().ConfigureAwait(false);
        await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    void Move() => Interlocked.Exchange(ref _moved, Stopwatch.GetTimestamp());

    /// <summary>Passes text on until input.done, or notes what is wrong with it.</summary>
    async Task ListenAsync(string first, ChannelWriter<string> text, CancellationTokenSource stop)
    {
        try
        {
            var length = 0;
            for (SocketMessage? message = new() { Type = "input.text", Text = first }; message?.Type == "input.text";
                message = await ReceiveAsync().ConfigureAwait(false))
            {
                length += message.Text?.Length ?? 0;
                Move();
                if (length > state.Options.MostCharacters)
                    throw ApiError.Of("input", $"The text has more than {state.Options.MostCharacters} characters. Send input.done "
                        + "earlier.");
                if (await text.WaitToWriteAsync(stop.Token).ConfigureAwait(false))
                    text.TryWrite(message.Text ?? "");
                await Task.Yield();
            }
            text.TryComplete();
        }
        catch (ApiError e)
        {
            _wrong = e;
            await stop.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException)
        {
            await stop.CancelAsync().ConfigureAwait(false); // the client has left
        }
    }

    async Task SendSpeechAsync(SpeechPlan plan, IAsyncEnumerable<SpokenPiece> pieces)
    {
        var (sent, whole) = (0L, _config.StreamAudio == false ? new MemoryStream() : null);
        var begun = false;
        var end = await SpeechApi.EncodeAsync(plan, state, pieces, async bytes =>
        {
            if (!begun)
                await SendAsync(Json.Bytes(new AudioStart("audio.start", _utterance, 0, plan.Format.Name, plan.Model.SampleRate, plan.Seed),
                    ServerJson.Default.AudioStart)).ConfigureAwait(false);
            (begun, sent) = (true, sent + bytes.Length);
            if (whole is not null)
                whole.Write(bytes.Span);
            else
                await socket.SendAsync(bytes, WebSocketMessageType.Binary, true, _sending).ConfigureAwait(false);
            Move();
        }).ConfigureAwait(false);
        if (whole is not null)
            await socket.SendAsync(whole.ToArray(), WebSocketMessageType.Binary, true, _sending).ConfigureAwait(false);
        await SendAsync(Json.Bytes(new AudioDone("audio.done", _utterance, 0, sent, end.Reason == FinishReason.Cancelled,
            ReplyFormat.Word(end.Reason), plan.Seed, end.Seconds, end.FirstAudio.TotalSeconds, end.Total.TotalSeconds),
            ServerJson.Default.AudioDone)).ConfigureAwait(false);
    }
}
