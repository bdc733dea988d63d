using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Qwen3Tts.Extensions.AI;

/// <summary>Registers a model and its client with a container of services.</summary>
public static class Qwen3TtsServices
{
    /// <summary>
    /// Registers one <see cref="Tts"/>, which is loaded when it is used first and disposed with the container, and an
    /// <see cref="ITextToSpeechClient"/> over it. The client itself is there at once; its first request loads the model on another thread.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="model">A folder, or the id (owner/name) of a model of the hub.</param>
    /// <param name="loading">How the model is loaded; null for the usual way, which downloads nothing.</param>
    /// <param name="client">Voices and defaults of the client; null for none.</param>
    /// <param name="key">Key of both services, for programs with several models; null for none.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentException">No model is named.</exception>
    /// <exception cref="InvalidOperationException">A model is registered with this key already.</exception>
    public static IServiceCollection AddQwen3Tts(this IServiceCollection services, string model, TtsOptions? loading = null,
        Qwen3TtsClientOptions? client = null, object? key = null)
    {
        if (string.IsNullOrWhiteSpace(model))
            throw new ArgumentException("No model is named. Give a folder, or an id such as Qwen/Qwen3-TTS-12Hz-0.6B-Base; if it is read "
                + "from a configuration, check its key.", nameof(model));
        if (services.Any(s => s.ServiceType == typeof(Tts) && Equals(s.ServiceKey, key)))
            throw new InvalidOperationException($"A model is registered already with {(key is null ? "no key" : $"the key '{key}'")}, and "
                + $"'{model}' would replace it. Call AddQwen3Tts once for each key.");
        return services
            .AddKeyedSingleton(key, (_, _) => Tts.LoadAsync(model, loading).GetAwaiter().GetResult())
            .AddKeyedSingleton<ITextToSpeechClient>(key, (provider, _) =>
                new Qwen3TtsClient(() => provider.GetRequiredKeyedService<Tts>(key), Hub.ModelHub.NameOf(model), client));
    }
}
