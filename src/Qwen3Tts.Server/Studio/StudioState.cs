using Microsoft.AspNetCore.Http;

namespace Qwen3Tts.Server.Studio;

/// <summary>What the requests of the page share.</summary>
sealed class StudioState(SpeechServerOptions options) : IDisposable
{
    public JobRunner Jobs { get; } = new();

    /// <summary>Held while a project changes, a job or the loading of its model begins, or a trained model comes or goes: what was checked
    /// stays true until the change is made.</summary>
    public Lock Changing { get; } = new();

    string? _loading;

    /// <summary>The project whose model is being loaded; null if none is.</summary>
    public string? Loading => Volatile.Read(ref _loading);

    /// <summary>Begins to load the model of a project, until the result is disposed.</summary>
    /// <exception cref="ApiError">One is being loaded.</exception>
    public IDisposable BeginLoading(string project) => Interlocked.CompareExchange(ref _loading, project, null) is not { } busy
        ? new LoadingEnd(this) : throw new ApiError(StatusCodes.Status409Conflict, $"The model '{busy}' is being loaded. Wait for it.");

    sealed class LoadingEnd(StudioState state) : IDisposable
    {
        public void Dispose() => Volatile.Write(ref state._loading, null);
    }

    /// <summary>One examination at a time: it uses all cores for minutes.</summary>
    public SemaphoreSlim Examining { get; } = new(1);

    /// <summary>Why nothing can be trained here, and what to do; null if it can.</summary>
    public string? NoTraining => options.Studio switch
    {
        null => "This server has no studio.",
        { Folder: null } => "This server keeps no recordings. Start it with --studio DIR, a folder for recordings and training runs.",
        { Trainer: null } => "The trainer is not installed. Build qwen3tts-train in the repository (dotnet build -c Release "
            + "src/Qwen3Tts.Training), add its folder to the PATH, and start the server again.",
        // A page behind a proxy may be open to anybody, and a job takes hours of all cores.
        _ when options.PublicHosts.Count > 0 && options.Keys.Count == 0 => "This server is reached through a proxy, and has no key. Start "
            + "it with --api-key-file.",
        _ => null,
    };

    public Projects Projects { get; } = Projects.Open(options);

    public void Dispose()
    {
        Jobs.Dispose();
        Examining.Dispose();
    }
}
