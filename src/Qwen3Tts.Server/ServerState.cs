using Microsoft.AspNetCore.Http;
using Qwen3Tts.Files;
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
    public long Started { get; } = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    /// <summary>The model of a request.</summary>
    /// <param name="name">What the request names; null takes the first one.</param>
    /// <exception cref="ApiError">There is no such model.</exception>
    public (string Name, Tts Model) Model(string? name) => string.IsNullOrEmpty(name) ? options.Models[0]
        : options.Models.FirstOrDefault(m => m.Name == name) is { Model: not null } found ? found
        : throw new ApiError(StatusCodes.Status404NotFound, $"There is no model '{Printable.Text(name)}'. Name one of: "
            + $"{string.Join(", ", options.Models.Select(m => m.Name))}.", "model", "model_not_found");

    public void Dispose()
    {
        Studio.Dispose();
        Metrics.Dispose();
    }
}
