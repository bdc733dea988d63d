using Microsoft.AspNetCore.Http;
using Qwen3Tts.Files;
using Qwen3Tts.Listening;
using Qwen3Tts.Server.Studio;

namespace Qwen3Tts.Server;

/// <summary>What all requests share.</summary>
sealed class ServerState(SpeechServerOptions options) : IDisposable
{
    public SpeechServerOptions Options => options;
    public VoiceShelf Voices { get; } = VoiceShelf.Open(options);
    public FairQueue Queue { get; } = new(options.MostTogether, options.MostWaiting);
    public Metrics Metrics { get; } = new();
    public StudioState Studio { get; } = new(options);
    /// <summary>The recogniser that hears speech to be scored; or null, and why there is none.</summary>
    public (SpeechRecogniser? Ears, string None) Ears { get; } = FindEars(options);
    public long Started { get; } = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    /// <summary>The model of a request.</summary>
    /// <param name="name">What the request names; null takes the first one.</param>
    /// <exception cref="ApiError">There is no such model.</exception>
    public (string Name, Tts Model) Model(string? name) => string.IsNullOrEmpty(name) ? options.Models[0]
        : options.Models.FirstOrDefault(m => m.Name == name) is { Model: not null } found ? found
        : throw new ApiError(StatusCodes.Status404NotFound, $"There is no model '{Printable.Text(name)}'. Name one of: "
            + $"{string.Join(", ", options.Models.Select(m => m.Name))}.", "model", "model_not_found");

    /// <summary>How long a client may take to receive that its request took too long.</summary>
    public static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);

    /// <summary>Cancelled when the client leaves, or its request takes too long. The caller disposes it.</summary>
    public CancellationTokenSource Deadline(HttpContext http, TimeSpan more = default)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        stop.CancelAfter(options.Deadline + more);
        return stop;
    }

    static (SpeechRecogniser?, string) FindEars(SpeechServerOptions options)
    {
        var found = SpeechRecogniser.Find(new(options.Grammar, options.Dictionaries), out var reason);
        return found is not null || options.Grammar is null ? (found, reason)
            : throw new ArgumentException($"There is a grammar, and {reason}. Install a recogniser, or leave the grammar out.");
    }

    public void Dispose()
    {
        Studio.Dispose();
        Metrics.Dispose();
    }
}
