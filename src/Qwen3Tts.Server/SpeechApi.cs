// POST /v1/audio/speech. The whole speech, with everything about it in the headers; or the samples as they are made; or events.
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Qwen3Tts.Audio;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Server;

static class SpeechApi
{
    const int OtherBytes = 64 << 10; // of a body, beside its text and its recording

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/audio/speech", SpeakAsync).Accepts<SpeechBody>("application/json").Produces(200, contentType: "audio/wav")
            .Produces<ErrorBody>(400).Produces<ErrorBody>(401).Produces<ErrorBody>(404).Produces<ErrorBody>(429)
            .WithName("speech").WithSummary("Speaks a text.");
        app.Map("/v1/audio/speech/stream", SpeechSocket.RunAsync).ExcludeFromDescription();
    }

    static async Task SpeakAsync(HttpContext http, ServerState state)
    {
        using var stop = state.Deadline(http);
        var body = JsonBody.Parse(await ReadAsync(http, MostBytes(state.Options), stop.Token).ConfigureAwait(false),
            ServerJson.Default.SpeechBody);
        var events = body.StreamFormat switch
        {
            null or "" => body.Stream == true,
            "sse" => true,
            "audio" when body.Stream != true => false,
            "audio" => throw ApiError.Of("stream", "stream true is the stream_format sse. Leave 'stream' out, or give that."),
            _ => throw ApiError.Of("stream_format", "'stream_format' is neither audio nor sse. Give one of them, or leave it out."),
        };
        var streams = events || body.StreamFormat == "audio";
        var plan = SpeechPlan.Of(body, state, streams);
        using var place = await state.EnterAsync(http, plan.Model, stop.Token).ConfigureAwait(false);
        plan = plan.Ready();
        var pieces = Speaking.Speak(plan, stop.Token);
        http.Response.Headers["X-Seed"] = plan.Seed.ToString(CultureInfo.InvariantCulture);
        http.Response.Headers["X-Model"] = Uri.EscapeDataString(plan.ModelName);
        http.Response.Headers["X-Voice"] = Uri.EscapeDataString(plan.VoiceName);
        http.Response.Headers["X-Sample-Rate"] = plan.Model.SampleRate.ToString(CultureInfo.InvariantCulture);
        http.Response.Headers.CacheControl = "no-store";
        await (events ? SendEventsAsync(http, state, plan, pieces, place, stop.Token)
            : streams ? SendAsync(http, state, plan, pieces, stop.Token)
            : SendWholeAsync(http, state, plan, pieces, place, stop.Token)).ConfigureAwait(false);
    }

    /// <summary>The most bytes of a body with a text and a recording in base64.</summary>
    public static int MostBytes(SpeechServerOptions limits) => limits.MostUploadBytes / 3 * 4 + 6 * limits.MostCharacters + OtherBytes;

    /// <summary>Whose request it is, for the turns in the queue: a key, or an address.</summary>
    public static string ClientOf(HttpContext http) =>
        http.Items["key"] as string ?? http.Connection.RemoteIpAddress?.ToString() ?? "";

    /// <summary>Reads a body of at most so many bytes.</summary>
    public static async Task<byte[]> ReadAsync(HttpContext http, int most, CancellationToken stop)
    {
        if (http.Request.ContentType is { } type && !type.StartsWith("application/json", StringComparison.OrdinalIgnoreCase))
            throw new ApiError(StatusCodes.Status415UnsupportedMediaType, "The body is no JSON. Send Content-Type: application/json.");
        try
        {
            return (await ReadAllAsync(http, most, stop).ConfigureAwait(false)).ToArray();
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            throw new ApiError(StatusCodes.Status400BadRequest, $"The body cannot be read: {e.Message} Send it again.");
        }
    }

    /// <summary>The body of any kind, into memory.</summary>
    public static async Task<MemoryStream> ReadAllAsync(HttpContext http, int most, CancellationToken stop)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = most;
        var bytes = new MemoryStream();
        await http.Request.Body.CopyToAsync(bytes, stop).ConfigureAwait(false);
        bytes.Position = 0;
        return bytes;
    }

    static async Task SendWholeAsync(HttpContext http, ServerState state, SpeechPlan plan, IAsyncEnumerable<SpokenPiece> pieces,
        IDisposable place, CancellationToken stop)
    {
        var samples = new List<float>();
        SpokenEnd? end = null;
        await foreach (var piece in pieces.ConfigureAwait(false))
        {
            samples.AddRange(piece.Samples);
            end = piece.End;
        }
        CheckEnd(end!);
        state.Metrics.Spoke(end!);
        var bytes = plan.Format.Encode(new([.. samples], plan.Model.SampleRate), ReplyFormat.Provenance(state.Options, plan));
        var response = http.Response;
        foreach (var (name, value) in Facts(end!))
            response.Headers[name] = value;
        (response.ContentType, response.ContentLength) = (plan.Format.MediaTypeAt(plan.Model.SampleRate), bytes.Length);
        place.Dispose(); // others may speak while the client takes its answer
        await response.Body.WriteAsync(bytes, stop).ConfigureAwait(false);
    }

    /// <summary>A speech that the deadline or the client stopped is no answer.</summary>
    static void CheckEnd(SpokenEnd end)
    {
        if (end.Reason == FinishReason.Cancelled)
            throw new OperationCanceledException();
    }

    static IEnumerable<(string Name, string Value)> Facts(SpokenEnd end)
    {
        static string Number(double seconds) => seconds.ToString("0.000", CultureInfo.InvariantCulture);
        return [("X-Finish-Reason", ReplyFormat.Word(end.Reason)), ("X-Frames", end.Frames.ToString(CultureInfo.InvariantCulture)),
            ("X-Audio-Seconds", Number(end.Seconds)), ("X-First-Audio-Seconds", Number(end.FirstAudio.TotalSeconds)),
            ("X-Total-Seconds", Number(end.Total.TotalSeconds))];
    }

    static async Task SendAsync(HttpContext http, ServerState state, SpeechPlan plan, IAsyncEnumerable<SpokenPiece> pieces,
        CancellationToken stop)
    {
        var response = http.Response;
        response.ContentType = plan.Format.MediaTypeAt(plan.Model.SampleRate);
        CheckEnd(await EncodeAsync(plan, state, pieces, async bytes =>
        {
            await response.Body.WriteAsync(bytes, stop).ConfigureAwait(false);
            await response.Body.FlushAsync(stop).ConfigureAwait(false);
        }).ConfigureAwait(false));
    }

    /// <summary>Encodes the pieces, and hands over what there is after each.</summary>
    public static async Task<SpokenEnd> EncodeAsync(SpeechPlan plan, ServerState state, IAsyncEnumerable<SpokenPiece> pieces,
        Func<ReadOnlyMemory<byte>, Task> send)
    {
        var ready = new MemoryStream();
        AudioEncoder? encoder = null; // after the first piece: until then, an error still has a status of its own
        SpokenEnd? end = null;
        await foreach (var piece in pieces.ConfigureAwait(false))
        {
            encoder ??= new(ready, plan.Format.Format, plan.Model.SampleRate, ReplyFormat.Provenance(state.Options, plan));
            encoder.Add(piece.Samples);
            if ((end = piece.End) is not null)
                encoder.End();
            if (ready.Length > 0)
                await send(ready.GetBuffer().AsMemory(0, (int)ready.Length)).ConfigureAwait(false);
            ready.SetLength(0);
        }
        state.Metrics.Spoke(end!);
        return end!;
    }

    static async Task SendEventsAsync(HttpContext http, ServerState state, SpeechPlan plan, IAsyncEnumerable<SpokenPiece> pieces,
        IDisposable place, CancellationToken stop)
    {
        http.Response.ContentType = "text/event-stream; charset=utf-8";
        try
        {
            var end = await EncodeAsync(plan, state, pieces, bytes => SendEventAsync(http, "speech.audio.delta", Json.Bytes(
                new SpeechDelta("speech.audio.delta", Convert.ToBase64String(bytes.Span), plan.Format.Name),
                ServerJson.Default.SpeechDelta), stop)).ConfigureAwait(false);
            CheckEnd(end);
            var (text, frames) = (plan.Model.CountTokens(plan.Text), plan.Speech.Voice?.Frames.Count ?? 0);
            await SendEventAsync(http, "speech.audio.done", Json.Bytes(new SpeechDone("speech.audio.done",
                new(text + frames, end.Frames, text + frames + end.Frames, new(text, frames)), ReplyFormat.Word(end.Reason), plan.Seed,
                end.Seconds, end.FirstAudio.TotalSeconds, end.Total.TotalSeconds), ServerJson.Default.SpeechDone), stop)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            var error = stop.IsCancellationRequested ? ApiError.TooLate(state.Options.Deadline)
                : ApiError.OfLibrary(e) ?? Guard.Fault(state, e);
            place.Dispose(); // others may speak while the client takes its last words
            using var last = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
            last.CancelAfter(state.Options.LastWords); // the client may be the one that takes too long
            await SendEventAsync(http, "speech.audio.error", Json.Bytes(new SpeechFailed("speech.audio.error", error.Detail),
                ServerJson.Default.SpeechFailed), last.Token).ConfigureAwait(false);
        }
    }

    static async Task SendEventAsync(HttpContext http, string name, byte[] data, CancellationToken stop)
    {
        var body = http.Response.Body;
        await body.WriteAsync(Encoding.ASCII.GetBytes($"event: {name}\ndata: "), stop).ConfigureAwait(false);
        await body.WriteAsync(data, stop).ConfigureAwait(false);
        await body.WriteAsync("\n\n"u8.ToArray(), stop).ConfigureAwait(false);
        await body.FlushAsync(stop).ConfigureAwait(false);
    }
}
