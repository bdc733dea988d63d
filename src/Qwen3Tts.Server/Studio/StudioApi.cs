// The requests of the page at / that only the page makes. What it speaks, and the voices that it saves, go through the same requests as
// those of all other clients.
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Qwen3Tts.Files;
using Qwen3Tts.Listening;

namespace Qwen3Tts.Server.Studio;

static class StudioApi
{
    const string Root = "/v1/studio", One = Root + "/projects/{name}";
    const long MostRecordingBytes = 1L << 30; // an hour of talk is 100 to 600 MB as WAV
    const int Rank = 16; // of an adapter

    public static void Map(IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("").ExcludeFromDescription();
        group.MapGet(Root, About);
        group.MapPost(Root + "/diagnose", Diagnosis.RunAsync);
        group.MapGet(Root + "/projects", List);
        group.MapPost(Root + "/projects", CreateAsync);
        group.MapGet(One, View);
        group.MapDelete(One, Delete);
        group.MapPost(One + "/recordings", RecordAsync);
        group.MapPost(One + "/recordings/{id:int}", TextAsync);
        group.MapDelete(One + "/recordings/{id:int}", RemoveRecording);
        group.MapGet(One + "/clips/{id:int}", (HttpContext http, ServerState state, string name, int id) =>
            SoundAsync(http, Trainable(state).Find(name).ClipAt(id)));
        group.MapPost(One + "/clips/{id:int}", ReviewAsync);
        group.MapGet(One + "/takes/{id:int}", (HttpContext http, ServerState state, string name, int id) =>
            SoundAsync(http, RunView.TakeAt(Trainable(state).Find(name), id)));
        group.MapPost(One + "/slice", SliceAsync);
        group.MapPost(One + "/train", TrainAsync);
        group.MapPost(One + "/stop", StopAsync);
        group.MapPost(One + "/serve", ServeAsync);
    }

    /// <exception cref="ApiError">Nothing can be trained on this server.</exception>
    static Projects Trainable(ServerState state) => state.Studio.NoTraining is not { } reason ? state.Studio.Projects
        : throw new ApiError(StatusCodes.Status403Forbidden, reason);

    static Task About(HttpContext http, ServerState state) => StudioJson.SendAsync(http, new AboutStudio(
        state.Options.VoicesFolder is not null, state.Options.MostCharacters, state.Studio.NoTraining,
        [.. Checkpoints(state).Select(c => new AboutCheckpoint(c.Name, c.Base is not null, c.Data is not null, Diagnosis.SpeakersOf(c)))]),
        StudioJson.Default.AboutStudio);

    /// <summary>The folders that can be examined: those of the command line, and the results of projects.</summary>
    public static IEnumerable<StudioCheckpoint> Checkpoints(ServerState state)
    {
        var named = state.Options.Studio!.Checkpoints;
        if (state.Studio.NoTraining is not null)
            return named;
        return named.Concat(from project in state.Studio.Projects.All()
                            where RunView.Result(project, state) is not null
                            select new StudioCheckpoint($"{project.Name} (trained here)", project.Export, BaseOf(project, state),
                                File.Exists(project.Codes) ? project.Codes : null));
    }

    static string BaseFile(Project project) => Path.Combine(project.Folder, "base.txt");

    static string? BaseOf(Project project, ServerState state) => !File.Exists(BaseFile(project)) ? null
        : state.Options.Studio!.Checkpoints.FirstOrDefault(c => c.Name == TextFile.Read(BaseFile(project)))?.Folder;

    static Task List(HttpContext http, ServerState state) => StudioJson.SendAsync(http, new ProjectList(
        [.. Trainable(state).All().Select(p => new ProjectEntry(p.Name, state.Studio.Jobs.Of(p.Name)?.View().State ?? ""))]),
        StudioJson.Default.ProjectList);

    static async Task CreateAsync(HttpContext http, ServerState state)
    {
        var body = await StudioJson.ReadAsync(http, StudioJson.Default.ProjectName).ConfigureAwait(false);
        Project made;
        lock (state.Studio.Changing)
            made = Trainable(state).Create(body.Name);
        await ShowAsync(http, state, made).ConfigureAwait(false);
    }

    static Task View(HttpContext http, ServerState state, string name) => ShowAsync(http, state, Trainable(state).Find(name));

    static Task ShowAsync(HttpContext http, ServerState state, Project project)
    {
        ProjectView view;
        lock (state.Studio.Changing) // what is listed is still there when it is read
            view = new(project.Name, project.ListRecordings(), project.ListClips(), state.Studio.Jobs.Of(project.Name)?.View(),
                RunView.Losses(project), RunView.Takes(project), RunView.Result(project, state));
        return StudioJson.SendAsync(http, view, StudioJson.Default.ProjectView);
    }

    /// <summary>A project that no job works on.</summary>
    /// <exception cref="ApiError">One does, or there is no such project.</exception>
    public static Project Free(ServerState state, string name)
    {
        var project = Trainable(state).Find(name);
        return state.Studio.Jobs.Of(name) is not { IsRunning: true } ? project
            : throw new ApiError(StatusCodes.Status409Conflict, $"'{name}' is being worked on. Wait for it, or stop it.");
    }

    /// <summary>Whether the run of a project may be replaced or deleted.</summary>
    /// <exception cref="ApiError">Its model is served.</exception>
    static void CheckUnserved(ServerState state, string name)
    {
        if (state.Studio.Loading == name || state.Models.All.Exists(m => m.Name == name && m.IsTrained))
            throw new ApiError(StatusCodes.Status409Conflict, $"The model '{name}' is served from this project. Remove the model from the "
                + "list of voices first.");
    }

    /// <summary>Changes a project that no job works on, or begins a job.</summary>
    /// <exception cref="ApiError">A job works on it, or there is no such project.</exception>
    static Project Change(ServerState state, string name, Action<Project> change)
    {
        lock (state.Studio.Changing)
        {
            var project = Free(state, name);
            change(project);
            return project;
        }
    }

    static Task Delete(HttpContext http, ServerState state, string name)
    {
        Change(state, name, project =>
        {
            CheckUnserved(state, name);
            Directory.Delete(project.Folder, recursive: true);
        });
        return List(http, state);
    }

    static async Task RecordAsync(HttpContext http, ServerState state, string name)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = MostRecordingBytes;
        var project = Free(state, name);
        await project.AddAsync(http.Request.Body, http.RequestAborted).ConfigureAwait(false);
        await ShowAsync(http, state, project).ConfigureAwait(false);
    }

    static async Task TextAsync(HttpContext http, ServerState state, string name, int id)
    {
        var body = await StudioJson.ReadAsync(http, StudioJson.Default.TextBody).ConfigureAwait(false);
        await ShowAsync(http, state, Change(state, name, p => p.SetText(id, body.Text))).ConfigureAwait(false);
    }

    static Task RemoveRecording(HttpContext http, ServerState state, string name, int id) =>
        ShowAsync(http, state, Change(state, name, p => p.RemoveRecording(id)));

    static async Task ReviewAsync(HttpContext http, ServerState state, string name, int id)
    {
        var body = await StudioJson.ReadAsync(http, StudioJson.Default.TextBody).ConfigureAwait(false);
        await ShowAsync(http, state, Change(state, name, p => p.Review(id, body))).ConfigureAwait(false);
    }

    static Task SoundAsync(HttpContext http, string path)
    {
        http.Response.ContentType = "audio/wav";
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.SendFileAsync(path, http.RequestAborted);
    }

    /// <summary>The folder of a served model that can be trained.</summary>
    static StudioCheckpoint BaseModel(ServerState state, string? name)
    {
        var (served, model, _) = state.Model(name);
        return !model.CanClone ? throw ApiError.Of("model", $"'{served}' has no speaker encoder, so it cannot learn a voice. Choose a Base "
                + "model.")
            : state.Options.Studio!.Checkpoints.FirstOrDefault(c => c.Name == served) ?? throw ApiError.Of("model",
                $"The folder of '{served}' is not known. Start the server with a model folder.");
    }

    static async Task SliceAsync(HttpContext http, ServerState state, string name)
    {
        var body = await StudioJson.ReadAsync(http, StudioJson.Default.SliceBody).ConfigureAwait(false);
        var from = BaseModel(state, body.Model);
        await ShowAsync(http, state, Change(state, name, project =>
        {
            if (project.ListRecordings().Count == 0)
                throw new ApiError(StatusCodes.Status400BadRequest, "There is no recording yet. Bring one first.");
            List<string> arguments = ["slice", project.Recordings, "--output", project.Clips, "--model", from.Folder];
            if (Environment.GetEnvironmentVariable(WhisperCli.ModelVariable) is not (null or ""))
                arguments.AddRange(["--transcribe", "whisper"]);
            state.Studio.Jobs.Start(name, "slice", state.Options.Studio!.Trainer!, arguments);
        })).ConfigureAwait(false);
    }

    static async Task TrainAsync(HttpContext http, ServerState state, string name)
    {
        var body = await StudioJson.ReadAsync(http, StudioJson.Default.TrainBody).ConfigureAwait(false);
        if (body.Steps is < 1 or > 1_000_000)
            throw ApiError.Of("steps", $"{body.Steps} steps are asked for. Give 1 to 1,000,000, or leave it open.");
        var from = BaseModel(state, body.Model);
        var language = state.Model(body.Model).Model.Languages.FirstOrDefault(l => l == body.Language);
        await ShowAsync(http, state, Change(state, name, project =>
        {
            CheckUnserved(state, name);
            List<string> arguments = ["voice", project.WriteKept(language), "--name", name, "--model", from.Folder, "--output",
                project.Voice, "--skip-bad"];
            if (body.Method != "checkpoint")
                arguments.AddRange(["--lora", Rank.ToString(CultureInfo.InvariantCulture)]);
            if (body.Steps is { } steps)
                arguments.AddRange(["--steps", steps.ToString(CultureInfo.InvariantCulture)]);
            if (language is not null)
                arguments.AddRange(["--language", language]);
            if (body.Fresh && Directory.Exists(project.Voice))
                arguments.Add("--overwrite");
            OutputFile.Replace(BaseFile(project), s => s.Write(System.Text.Encoding.UTF8.GetBytes(from.Name)));
            state.Studio.Jobs.Start(name, "train", state.Options.Studio!.Trainer!, arguments);
        })).ConfigureAwait(false);
    }

    static async Task StopAsync(HttpContext http, ServerState state, string name)
    {
        var project = Trainable(state).Find(name);
        await state.Studio.Jobs.StopAsync(name).ConfigureAwait(false);
        await ShowAsync(http, state, project).ConfigureAwait(false);
    }

    static async Task ServeAsync(HttpContext http, ServerState state, string name)
    {
        var project = Free(state, name);
        switch (RunView.Result(project, state))
        {
            case { Kind: "adapter" }:
                Change(state, name, p => state.Voices.Adopt(name, RunView.AdapterOf(p)));
                break;
            case { }:
                await TrainedModels.ServeAsync(project, state).ConfigureAwait(false);
                break;
            default:
                throw new ApiError(StatusCodes.Status409Conflict, $"'{name}' has no result that this server could speak with. Train it "
                    + "first.");
        }
        await ShowAsync(http, state, project).ConfigureAwait(false);
    }
}
