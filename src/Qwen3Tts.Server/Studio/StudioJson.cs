// What the page asks for and gets, beside the requests that all clients have.
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Qwen3Tts.Files;

namespace Qwen3Tts.Server.Studio;

/// <param name="KeepsVoices">Whether voices can be made.</param>
/// <param name="MaxText">The most characters of a text.</param>
/// <param name="NoTraining">Why nothing can be trained here, and what to do; null if it can.</param>
/// <param name="Checkpoints">What can be examined.</param>
sealed record AboutStudio(bool KeepsVoices, int MaxText, string? NoTraining, IReadOnlyList<AboutCheckpoint> Checkpoints);
sealed record AboutCheckpoint(string Name, bool HasBase, bool HasData, IReadOnlyList<string> Speakers);

sealed record ProjectName(string? Name);
sealed record ProjectList(IReadOnlyList<ProjectEntry> Projects);
sealed record ProjectEntry(string Name, string State);

/// <summary>Everything about a project.</summary>
sealed record ProjectView(string Name, IReadOnlyList<RecordingView> Recordings, IReadOnlyList<ClipView> Clips, JobView? Job,
    IReadOnlyList<LossPoint> Losses, IReadOnlyList<TakeView> Takes, ResultView? Result);
sealed record RecordingView(int Id, string Kind, long Bytes, string Text);
sealed record ClipView(int Id, string Text, bool Dropped);

/// <param name="Kind">slice or train.</param>
/// <param name="State">running, done, failed or stopped.</param>
/// <param name="Lines">The last lines that it wrote.</param>
sealed record JobView(string Kind, string State, IReadOnlyList<string> Lines);

/// <param name="Step">Number of the step.</param>
/// <param name="Of">Steps of the run.</param>
/// <param name="Loss">Loss of the clips of this step.</param>
/// <param name="HeldOut">Loss of the held-out clips after it; null if it was not measured.</param>
sealed record LossPoint(int Step, int Of, double Loss, double? HeldOut);
sealed record TakeView(int Id, string Name);

/// <param name="Kind">adapter, which this server can speak with at once, or checkpoint.</param>
/// <param name="Folder">Where it lies.</param>
/// <param name="Served">True if requests can name it.</param>
sealed record ResultView(string Kind, string Folder, bool Served);

sealed record TextBody(string? Text, bool Dropped = false);
sealed record SliceBody(string? Model);

/// <param name="Model">Name of the served Base model to train.</param>
/// <param name="Method">adapter or checkpoint.</param>
/// <param name="Steps">The most steps; null leaves it to the trainer.</param>
/// <param name="Language">Language of the recordings; null for none.</param>
/// <param name="Fresh">True to replace an earlier run; false to go on with it.</param>
sealed record TrainBody(string? Model, string? Method, int? Steps, string? Language, bool Fresh = false);

/// <param name="Checkpoint">One of the names that the page was given.</param>
/// <param name="Takes">Sentences to speak.</param>
/// <param name="Speaker">Speaker to measure; null for the only one.</param>
sealed record DiagnoseBody(string? Checkpoint, int Takes = 0, string? Speaker = null);

/// <summary>What was decided about the clips of a project, by the names of their files.</summary>
sealed record ReviewedClips(Dictionary<string, TextBody> Clips);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(AboutStudio))]
[JsonSerializable(typeof(ProjectName))]
[JsonSerializable(typeof(ProjectList))]
[JsonSerializable(typeof(ProjectView))]
[JsonSerializable(typeof(TextBody))]
[JsonSerializable(typeof(SliceBody))]
[JsonSerializable(typeof(TrainBody))]
[JsonSerializable(typeof(DiagnoseBody))]
[JsonSerializable(typeof(ReviewedClips))]
sealed partial class StudioJson : JsonSerializerContext
{
    const int MostBytes = 64 << 10;

    /// <summary>Reads the body of a request.</summary>
    /// <exception cref="ApiError">It is not such a JSON.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> type)
    {
        var body = await SpeechApi.ReadAsync(http, MostBytes, http.RequestAborted).ConfigureAwait(false);
        try
        {
            return JsonFile.Parse(body, "The body", type, "Load the page again.");
        }
        catch (InvalidDataException e)
        {
            throw new ApiError(StatusCodes.Status400BadRequest, e.Message);
        }
    }

    public static Task SendAsync<T>(HttpContext http, T value, JsonTypeInfo<T> type)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(value, type);
        http.Response.Headers.CacheControl = "no-store";
        (http.Response.ContentType, http.Response.ContentLength) = ("application/json; charset=utf-8", bytes.Length);
        return http.Response.Body.WriteAsync(bytes, http.RequestAborted).AsTask();
    }
}
