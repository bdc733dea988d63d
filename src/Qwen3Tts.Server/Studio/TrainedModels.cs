// Whole models that were trained on the page, served beside the others. A model has the name of its project. A file in the project says
// that it is served, so a server that starts again serves it again.
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Qwen3Tts.Server.Studio;

static class TrainedModels
{
    /// <summary>Loads what was served when the server ended. What cannot be loaded is left out with a line in the log.</summary>
    public static IEnumerable<ServedModel> Load(SpeechServerOptions options)
    {
        if (options.Studio?.Folder is null)
            yield break;
        foreach (var project in new Projects(options).All().Where(p => p.IsServed && !options.Models.Any(m => m.Name == p.Name)))
        {
            options.Log?.Invoke("A trained model is loaded."); // its name is that of a voice, which no log has
            ServedModel loaded;
            try
            {
                loaded = Load(project, options);
            }
            catch (ApiError e)
            {
                options.Log?.Invoke($"A trained model is left out: {e.Message}");
                continue;
            }
            yield return loaded;
        }
    }

    /// <exception cref="ApiError">There is not enough memory, or it cannot be read.</exception>
    static ServedModel Load(Project project, SpeechServerOptions options)
    {
        var (weights, free) = (!Directory.Exists(project.Export) ? 0
            : Directory.GetFiles(project.Export, "*.safetensors", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length),
            options.FreeMemory());
        ApiError TooLarge() => new(StatusCodes.Status409Conflict, string.Create(CultureInfo.InvariantCulture,
            $"The weights of '{project.Name}' have {weights / 1e9:0.0##} GB, and {Math.Max(free, 0) / 1e9:0.0##} GB of memory are free. ")
            + "Remove another trained model, or end other programs.");
        if (weights > free)
            throw TooLarge();
        try
        {
            return new(project.Name, options.Studio!.Load(project.Export), IsTrained: true);
        }
        catch (OutOfMemoryException)
        {
            throw TooLarge();
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new ApiError(StatusCodes.Status409Conflict, $"'{project.Name}' cannot be loaded: {e.Message}");
        }
    }

    /// <summary>Serves the model of a project from now on.</summary>
    /// <exception cref="ApiError">It cannot be loaded, its name or its speaker's is taken, another one is being loaded, or a job works on
    /// the project.</exception>
    public static async Task ServeAsync(Project project, ServerState state)
    {
        using var loading = Begin();
        if (state.Models.All.Exists(m => m.Name == project.Name))
            throw new ApiError(StatusCodes.Status409Conflict, $"There is a model '{project.Name}' already. Remove it first, or train under "
                + "another name.");
        state.Voices.CheckSpeaker(project.Name); // before it takes a minute to load
        // Not on the request's thread, and not ended with it: a page that is closed meanwhile finds the model served.
        var loaded = await Task.Factory.StartNew(() => Load(project, state.Options), CancellationToken.None,
            TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        try
        {
            lock (state.Studio.Changing)
            {
                project.IsServed = true; // before anybody sees the model: this may fail
                state.Voices.Admit(loaded);
            }
        }
        catch
        {
            loaded.Model.Dispose();
            project.IsServed = false;
            throw;
        }

        IDisposable Begin()
        {
            lock (state.Studio.Changing)
            {
                _ = StudioApi.Free(state, project.Name);
                return state.Studio.BeginLoading(project.Name);
            }
        }
    }

    /// <summary>Ends it. Speeches that go on are finished.</summary>
    /// <exception cref="ApiError">There is no such model, or it was not trained here.</exception>
    public static void Remove(string name, ServerState state)
    {
        lock (state.Studio.Changing)
        {
            if (state.Models.Find(name).IsTrained) // so it is the name of a project
                state.Studio.Projects.Find(name).IsServed = false;
            state.Voices.Dismiss(name);
        }
    }
}
