// The doctor's report about a checkpoint, as events: progress while it works, then the report. The page names the checkpoint by a name that
// the server gave it. A field for a path would let any page or user who reaches the port read the disk by its error messages, on a
// loopback address too; so folders are named on the command line alone.
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor;
using Qwen3Tts.Doctor.Report;
using Qwen3Tts.Files;

namespace Qwen3Tts.Server.Studio;

static class Diagnosis
{
    const int MostTakes = 20;

    /// <summary>What a reader of the page can give or choose.</summary>
    public static DoctorWords Words { get; } = new()
    {
        NoData = "what it was trained with can be found for voices that were trained on this page.",
        LeaveOut = "Correct these clips or drop them under Voices, and train again",
        GiveAll = "Start the server with the model that it was trained from, too, or train for more steps under Voices.",
        GiveBase = "Start the server with the model that it was made from, too.",
        NameLanguage = "Choose the language under Voices when you train.",
        NameSpeaker = "Choose under Speaker whose recordings the data are.",
        Rescue = "The page cannot speak with it as it was trained, and this command in a terminal can: qwen3tts ",
    };

    /// <summary>The speakers of a checkpoint; none if it cannot be read, which the examination reports.</summary>
    public static IReadOnlyList<string> SpeakersOf(StudioCheckpoint checkpoint)
    {
        try
        {
            return [.. ModelFolder.Open(checkpoint.Folder).Config.TalkerConfig.SpkId.Keys];
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    public static async Task RunAsync(HttpContext http, ServerState state)
    {
        var body = await StudioJson.ReadAsync(http, StudioJson.Default.DiagnoseBody).ConfigureAwait(false);
        if (body.Takes is < 0 or > MostTakes)
            throw ApiError.Of("takes", $"{body.Takes} takes are asked for. Give 0 to {MostTakes}.");
        var checkpoint = StudioApi.Checkpoints(state).FirstOrDefault(c => c.Name == body.Checkpoint) ?? throw ApiError.Of("checkpoint",
            $"There is no checkpoint '{Printable.Text(body.Checkpoint ?? "")}'. Load the page again.");
        if (!await state.Studio.Examining.WaitAsync(0).ConfigureAwait(false))
            throw new ApiError(StatusCodes.Status429TooManyRequests, "Another checkpoint is being examined. Try again when it is done.",
                null, "busy")
            { RetryAfter = 30 };
        try
        {
            http.Response.ContentType = "text/event-stream; charset=utf-8";
            http.Response.Headers.CacheControl = "no-store";
            await ExamineAsync(http, state, checkpoint, body).ConfigureAwait(false);
        }
        finally
        {
            state.Studio.Examining.Release();
        }
    }

    static async Task ExamineAsync(HttpContext http, ServerState state, StudioCheckpoint checkpoint, DiagnoseBody body)
    {
        var progress = Channel.CreateUnbounded<string>();
        var options = new DoctorOptions
        {
            Checkpoint = checkpoint.Folder,
            Base = checkpoint.Base,
            Data = checkpoint.Data,
            Takes = body.Takes,
            Words = Words,
            Speaker = string.IsNullOrEmpty(body.Speaker) ? null : body.Speaker,
        };
        var work = Task.Factory.StartNew(() => Examine(state, checkpoint, options, progress.Writer, http.RequestAborted),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            await foreach (var line in progress.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
                await SendAsync(http, "progress", new JsonObject { ["message"] = line }).ConfigureAwait(false);
        }
        finally
        {
            // Also if the client has left: another examination may begin when this one has ended.
            await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        JsonObject? report = null, error = null;
        try
        {
            report = await work.ConfigureAwait(false);
        }
        catch (Exception e) when (!http.RequestAborted.IsCancellationRequested)
        {
            error = new() { ["message"] = e is IOException ? e.Message : (ApiError.OfLibrary(e) ?? Guard.Fault(state, e)).Message };
        }
        await SendAsync(http, error is null ? "report" : "error", error ?? report!).ConfigureAwait(false);
    }

    static JsonObject Examine(ServerState state, StudioCheckpoint checkpoint, DoctorOptions options, ChannelWriter<string> progress,
        CancellationToken stop)
    {
        Tts? own = null;
        try
        {
            SpeechSource Open(string folder)
            {
                var model = state.Options.Models.FirstOrDefault(m => m.Name == checkpoint.Name).Model ?? (own = Tts.Load(folder));
                return new(model.Sampling, model.Stream);
            }
            var report = Examination.Run(options, options.Takes > 0 ? Open : null, line => progress.TryWrite(line), stop);
            return new()
            {
                ["report"] = JsonNode.Parse(report.ToJson()),
                ["sounds"] = new JsonArray([.. (report.Speech?.Takes ?? []).Select(t => (JsonNode?)Sound(t.Sound))]),
                ["page"] = HtmlReport.Write(report),
            };
        }
        finally
        {
            own?.Dispose();
            progress.Complete();
        }
    }

    /// <summary>A WAV file in base64; null if there is nothing to hear.</summary>
    static string? Sound(Waveform? sound)
    {
        if (sound is not { Samples.Length: > 0 } || !Array.TrueForAll(sound.Samples, float.IsFinite))
            return null;
        var bytes = new MemoryStream();
        WavFile.Write(bytes, sound);
        return Convert.ToBase64String(bytes.ToArray());
    }

    static async Task SendAsync(HttpContext http, string name, JsonObject data)
    {
        if (http.RequestAborted.IsCancellationRequested)
            return;
        await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes($"event: {name}\ndata: {data.ToJsonString()}\n\n"), http.RequestAborted)
            .ConfigureAwait(false);
        await http.Response.Body.FlushAsync(http.RequestAborted).ConfigureAwait(false);
    }
}
