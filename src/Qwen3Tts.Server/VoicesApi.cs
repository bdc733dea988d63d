// GET, POST and DELETE /v1/audio/voices, and GET and DELETE /v1/models.
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Qwen3Tts.Files;
using Qwen3Tts.Server.Studio;

namespace Qwen3Tts.Server;

static class VoicesApi
{
    const string Path = "/v1/audio/voices";
    const int OtherBytes = 64 << 10; // of a form, beside its recording
    const int MostConsent = 1000, MostText = 4000;
    static readonly string[] Fields = ["name", "consent", "ref_text", "model"];

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/models", Models).Produces<ModelList>().WithName("models").WithSummary("The models.");
        app.MapGet(Path, Voices).Produces<VoiceList>().WithName("voices").WithSummary("The voices that requests may name.");
        app.MapPost(Path, MakeAsync).Accepts<VoiceForm>("multipart/form-data").Produces<VoiceMade>().Produces<ErrorBody>(400)
            .Produces<ErrorBody>(409).Produces<ErrorBody>(413).WithName("make_voice").WithSummary("Makes a voice from a recording.");
        app.MapDelete(Path + "/{name}", Delete).Produces<VoiceDeleted>().Produces<ErrorBody>(404).WithName("delete_voice")
            .WithSummary("Deletes a saved voice or an adapter.");
        app.MapDelete("/v1/models/{**name}", RemoveModel).Produces<ModelDeleted>().Produces<ErrorBody>(404).Produces<ErrorBody>(409)
            .WithName("remove_model").WithSummary("Ends a model that was trained on the page; its files stay.");
    }

    static Task Models(HttpContext http, ServerState state) => Json.WriteAsync(http.Response, new ModelList("list",
    [
        .. state.Models.All.Select(m => new ModelEntry(m.Name, "model", state.Started, "local", m.Model.Kind, m.Model.CanClone,
            m.Model.CanInstruct, [.. state.Voices.Names(m.Model)], [.. m.Model.Languages], m.Model.SampleRate, m.IsTrained)),
    ]), ServerJson.Default.ModelList);

    static Task Voices(HttpContext http, ServerState state)
    {
        var models = state.Models.All;
        var speakers = models.SelectMany(m => m.Model.Speakers.Select(s => (Speaker: s, m.Name))).GroupBy(s => s.Speaker, s => s.Name)
            .Select(g => new VoiceEntry(g.Key, "speaker", [.. g]));
        var kept = state.Voices.All.Values.ToList();
        List<VoiceEntry> all = [.. speakers, .. kept.Select(v => new VoiceEntry(v.Name, v.File is null ? "adapter" : "saved",
            [.. models.Where(m => v.ByModel.ContainsKey(m.Model)).Select(m => m.Name)],
            v.File is null ? System.IO.Path.GetFileName(v.Path) : null))];
        return Json.WriteAsync(http.Response, new VoiceList([.. all.Select(v => v.Name)],
            [.. kept.Where(v => v.File is not null).Select(Describe)], all), ServerJson.Default.VoiceList);
    }

    static UploadedVoice Describe(ShelvedVoice voice) => new(voice.Name, voice.File!.Consent, voice.File.Made,
        new FileInfo(voice.Path) is { Exists: true } file ? file.Length : 0, voice.File.Voice.Transcript, voice.File.Voice.Warnings);

    static async Task MakeAsync(HttpContext http, ServerState state)
    {
        var options = state.Options;
        using var stop = state.Deadline(http);
        var form = await ReadAsync(http, options.MostUploadBytes, stop.Token).ConfigureAwait(false);
        var name = state.Voices.CheckNew(Field(form, "name"));
        var consent = Field(form, "consent") is { Length: > 0 and <= MostConsent } given ? given
            : throw ApiError.Of("consent", $"'consent' is missing or longer than {MostConsent} characters. Say in it how the speaker "
                + "agreed to the voice, such as the number of a signed form.");
        var text = Field(form, "ref_text") is { Length: > 0 } said ? said : null;
        if (text?.Length > MostText)
            throw ApiError.Of("ref_text", $"'ref_text' has {text.Length} characters, and {MostText} are the most. Send a shorter "
                + "recording.");
        var file = form.Files is [{ Name: "audio_sample" } one] ? one
            : throw ApiError.Of("audio_sample", "The form has no recording, or several files. Send one file in the field 'audio_sample'.");
        if (file.Length > options.MostUploadBytes)
            throw TooLarge(options.MostUploadBytes);
        var model = Cloning(Field(form, "model"), state);
        using var place = await state.EnterAsync(http, model, stop.Token).ConfigureAwait(false);
        var bytes = new MemoryStream();
        await file.CopyToAsync(bytes, stop.Token).ConfigureAwait(false);
        var made = await Task.Run(() => model.CreateVoice(name, [("recording", UploadedAudio.Read(bytes.ToArray()))], text,
            UploadedAudio.Cloning) with
        { Consent = consent }, stop.Token).ConfigureAwait(false);
        await Json.WriteAsync(http.Response, new VoiceMade(true, Describe(state.Voices.Add(name, made))), ServerJson.Default.VoiceMade)
            .ConfigureAwait(false);
    }

    static Tts Cloning(string? name, ServerState state)
    {
        if (!string.IsNullOrEmpty(name))
            return state.Model(name).Model is { CanClone: true } named ? named
                : throw ApiError.Of("model", $"The model '{name}' has no speaker encoder. Name a Base model.");
        return state.Models.All.Find(m => m.Model.CanClone)?.Model
            ?? throw ApiError.Of("model", "No model of this server clones voices. Start it with a Base model.");
    }

    static ApiError TooLarge(int most) => new(StatusCodes.Status413PayloadTooLarge, $"The recording has more than {most} bytes. Send a "
        + "shorter one, or compress it as FLAC, MP3 or Opus.", "audio_sample");

    static async Task<IFormCollection> ReadAsync(HttpContext http, int most, CancellationToken stop)
    {
        if (!http.Request.HasFormContentType)
            throw new ApiError(StatusCodes.Status415UnsupportedMediaType, "The body is no form. Send multipart/form-data with the fields "
                + $"audio_sample, {string.Join(", ", Fields)}.");
        http.Features.Set<IFormFeature>(new FormFeature(http.Request, new()
        {
            BufferBody = false,
            MemoryBufferThreshold = most + OtherBytes, // in memory: recordings never reach the disk
            MultipartBodyLengthLimit = most + OtherBytes,
            ValueLengthLimit = OtherBytes,
            ValueCountLimit = 16,
        }));
        try
        {
            // ASP.NET's reader of forms breaks the connection off when it is cancelled, often before the client was told why.
            http.Request.Body = await SpeechApi.ReadAllAsync(http, most + OtherBytes, stop).ConfigureAwait(false);
            var form = await http.Request.ReadFormAsync(CancellationToken.None).ConfigureAwait(false);
            return form.Keys.FirstOrDefault(k => !Fields.Contains(k)) is not { } unknown ? form
                : throw ApiError.Of(Printable.Text(unknown), $"There is no field '{Printable.Text(unknown)}'. "
                    + $"The fields are: audio_sample, {string.Join(", ", Fields)}.");
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw TooLarge(most);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new ApiError(StatusCodes.Status400BadRequest, $"The form cannot be read: {e.Message} Send multipart/form-data.");
        }
    }

    static string? Field(IFormCollection form, string name) => form.TryGetValue(name, out var values) ? values.ToString().Trim() : null;

    static Task Delete(HttpContext http, ServerState state, string name)
    {
        var gone = state.Voices.Remove(name);
        return Json.WriteAsync(http.Response, new VoiceDeleted(true, gone.Count == 1 ? $"The voice '{gone[0]}' is deleted."
            : $"The voices {string.Join(", ", gone)} of one adapter are deleted."), ServerJson.Default.VoiceDeleted);
    }

    static Task RemoveModel(HttpContext http, ServerState state, string name)
    {
        TrainedModels.Remove(name, state);
        return Json.WriteAsync(http.Response, new ModelDeleted(name, "model", true), ServerJson.Default.ModelDeleted);
    }
}
