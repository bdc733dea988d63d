// Where the hub and its cache are. The environment variables are those of the Python package huggingface_hub, so both programs share one
// cache. The internal options let tests run without waiting and without filling a disk.
using Qwen3Tts.Files;

namespace Qwen3Tts.Hub;

/// <summary>Where models come from and where they are kept. It is no record, because a record would print its token.</summary>
public sealed class HubOptions
{
    /// <summary>Folder of the cache, which holds <c>models--owner--name</c>.</summary>
    public required string Cache { get; init; }

    /// <summary>Address of the hub, without a slash at the end.</summary>
    public string Endpoint { get; init; } = "https://huggingface.co";

    /// <summary>Access token for private and gated models; it is sent only to <see cref="Endpoint"/>.</summary>
    public string? Token { get; init; }

    /// <summary>True to never use the network.</summary>
    public bool Offline { get; init; }

    /// <summary>How long an answer, or more bytes of a file, may take until the connection counts as lost.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a request is repeated after lost connections and passing errors, if no byte comes in between.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>False to put files into snapshots without symbolic links.</summary>
    internal bool MayLink { get; init; } = true;

    internal Func<TimeSpan, CancellationToken, Task> Pause { get; init; } = Task.Delay;

    internal Func<string, long> FreeBytes { get; init; } = folder =>
        new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(Path.GetFullPath(folder))! : folder).AvailableFreeSpace;

    /// <summary>
    /// The options from HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_TOKEN_PATH, HF_ENDPOINT, HF_HUB_OFFLINE and HF_HUB_DISABLE_SYMLINKS.
    /// </summary>
    public static HubOptions FromEnvironment() => From(Environment.GetEnvironmentVariable);

    /// <param name="variable">The value of an environment variable.</param>
    internal static HubOptions From(Func<string, string?> variable)
    {
        string? Set(string name) => variable(name)?.Trim() is { Length: > 0 } value ? value : null;
        bool IsTrue(string name) => Set(name)?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";
        var user = UserFolder.Path;
        string Full(string path) =>
            Path.GetFullPath(path == "~" || path.StartsWith("~/", StringComparison.Ordinal) ? user + path[1..] : path);
        var home = Full(Set("HF_HOME") ?? Path.Combine(Set("XDG_CACHE_HOME") ?? Path.Combine(user, ".cache"), "huggingface"));
        var tokenFile = Full(Set("HF_TOKEN_PATH") ?? Path.Combine(home, "token"));
        return new()
        {
            Cache = Full(Set("HF_HUB_CACHE") ?? Set("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub")),
            Endpoint = (Set("HF_ENDPOINT") ?? "https://huggingface.co").TrimEnd('/'),
            Token = Set("HF_TOKEN") ?? (File.Exists(tokenFile) && TextFile.Read(tokenFile).Trim() is { Length: > 0 } token ? token : null),
            Offline = IsTrue("HF_HUB_OFFLINE"),
            MayLink = !IsTrue("HF_HUB_DISABLE_SYMLINKS"),
        };
    }
}
