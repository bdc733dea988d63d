using Microsoft.AspNetCore.Http;
using Qwen3Tts.Listening;
using Qwen3Tts.Server.Studio;

namespace Qwen3Tts.Server;

/// <summary>What all requests share.</summary>
/// <param name="options">What the server serves.</param>
/// <param name="models">The models.</param>
sealed class ServerState(SpeechServerOptions options, ServedModels models) : IDisposable
{
    public SpeechServerOptions Options => options;
    public ServedModels Models => models;
    public VoiceShelf Voices { get; } = VoiceShelf.Open(options, models);
    public FairQueue Queue { get; } = new(options.MostTogether, options.MostWaiting);
    public StudioState Studio { get; } = new(options);
    /// <summary>The recogniser that hears speech to be scored; or null, and why there is none.</summary>
    public (SpeechRecogniser? Ears, string None) Ears { get; } = FindEars(options);
    public Metrics Metrics { get; } = new(); // after what may fail: it listens until it is disposed
    public long Started { get; } = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    /// <summary>The model of a request.</summary>
    /// <param name="name">What the request names; null takes the first one.</param>
    /// <exception cref="ApiError">There is no such model.</exception>
    public ServedModel Model(string? name) => string.IsNullOrEmpty(name) ? models.All[0] : models.Find(name);

    /// <summary>Waits until a request may compute. The result keeps its model, and lets the next request in when it is disposed.</summary>
    /// <exception cref="ApiError">Too many wait already, the wait took too long, or the model was removed meanwhile.</exception>
    /// <exception cref="OperationCanceledException">The client has left.</exception>
    public async Task<ServedModels.Lease> EnterAsync(HttpContext http, Tts model, CancellationToken stop)
    {
        IDisposable place;
        try
        {
            place = await Queue.EnterAsync(SpeechApi.ClientOf(http), stop).ConfigureAwait(false) ?? throw ApiError.TooMany(Queue);
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            throw ApiError.TooLate(options.Deadline);
        }
        try
        {
            return models.Use(model, place);
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

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
        models.Dispose();
        Metrics.Dispose();
    }
}
