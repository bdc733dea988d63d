namespace Qwen3Tts.Server.Studio;

/// <summary>What the requests of the page share.</summary>
sealed class StudioState(SpeechServerOptions options) : IDisposable
{
    public JobRunner Jobs { get; } = new();

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

    public Projects Projects { get; } = new(options);

    public void Dispose()
    {
        Jobs.Dispose();
        Examining.Dispose();
    }
}
