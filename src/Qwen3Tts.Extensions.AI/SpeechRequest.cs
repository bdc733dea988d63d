// Turns the options of a request into those of the library. What the model cannot do is refused; nothing is ignored.
using System.Globalization;
using Microsoft.Extensions.AI;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Extensions.AI;

static class SpeechRequest
{
    public const string Seed = "seed", Instruct = "instruct";

    /// <summary>How to speak.</summary>
    /// <param name="request">The options of the request, if it has any.</param>
    /// <param name="client">The client that the request was sent to.</param>
    /// <param name="tts">The model.</param>
    /// <param name="settings">What the client knows before the request.</param>
    /// <exception cref="ArgumentException">The voice, the model or a property is unknown, or a value is wrong.</exception>
    /// <exception cref="NotSupportedException">The model cannot do what is asked for.</exception>
    public static SpeechOptions Read(TextToSpeechOptions? request, ITextToSpeechClient client, Tts tts, Qwen3TtsClientOptions settings)
    {
        request ??= new();
        Refuse(request, tts);
        var speech = WithVoice(Base(request, client) ?? settings.Speech, request.VoiceId, tts, settings);
        if (!string.IsNullOrWhiteSpace(request.Language))
            speech = speech with { Language = request.Language };
        foreach (var (name, value) in request.AdditionalProperties ?? [])
            speech = name switch
            {
                Seed => speech with { Sampling = (speech.Sampling ?? tts.Sampling) with { Seed = SeedOf(value) } },
                Instruct => speech with { Instruct = value?.ToString() },
                _ => throw new ArgumentException($"The additional property '{Printable.Text(name)}' is unknown. Remove it, or set one of: "
                    + $"{Seed}, {Instruct}. RawRepresentationFactory sets everything else, with {nameof(SpeechOptions)}."),
            };
        return speech;
    }

    static void Refuse(TextToSpeechOptions request, Tts tts)
    {
        if (request.ModelId is { Length: > 0 } model && !model.Equals(tts.Name, StringComparison.OrdinalIgnoreCase))
            throw new ArgumentException($"The request is for the model '{Printable.Text(model)}', and this client speaks with "
                + $"'{tts.Name}'. Leave ModelId out, or register one client for each model.");
        foreach (var (name, value) in new[] { ("Speed", request.Speed), ("Pitch", request.Pitch), ("Volume", request.Volume) })
            if (value is { } other && other != 1)
                throw new NotSupportedException(string.Create(CultureInfo.InvariantCulture,
                    $"{name} is {other}, and Qwen3-TTS has no such setting. Leave {name} out and change the audio afterwards, or say how "
                    + $"to speak in the additional property '{Instruct}', if the model takes instructions."));
    }

    static SpeechOptions? Base(TextToSpeechOptions request, ITextToSpeechClient client) =>
        request.RawRepresentationFactory?.Invoke(client) switch
        {
            null => null,
            SpeechOptions speech => speech,
            var other => throw new ArgumentException(
                $"RawRepresentationFactory returned {other.GetType()}. Return {typeof(SpeechOptions)}, or null."),
        };

    static SpeechOptions WithVoice(SpeechOptions speech, string? name, Tts tts, Qwen3TtsClientOptions settings)
    {
        if (string.IsNullOrWhiteSpace(name))
            return speech.Voice is not null || !string.IsNullOrEmpty(speech.Speaker) || tts.Kind == "voice_design" ? speech
                : throw new ArgumentException($"The request names no voice. {Known(tts, settings)}");
        if (settings.Voices.FirstOrDefault(v => v.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value is { } file)
            return speech with { Voice = tts.Use(file), Speaker = null };
        if (tts.Speakers.Contains(name, StringComparer.OrdinalIgnoreCase))
            return speech with { Speaker = name, Voice = null };
        throw new ArgumentException($"There is no voice '{Printable.Text(name)}'. {Known(tts, settings)}");
    }

    static string Known(Tts tts, Qwen3TtsClientOptions settings) => settings.Voices.Keys.Concat(tts.Speakers).ToList() is { Count: > 0 } all
        ? $"Set VoiceId to one of: {string.Join(", ", all)}."
        : $"This model knows no speaker by name. Register a voice in {nameof(Qwen3TtsClientOptions)}.{nameof(settings.Voices)}.";

    static ulong SeedOf(object? value) =>
        ulong.TryParse(Convert.ToString(value, CultureInfo.InvariantCulture), NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
            ? seed : throw new ArgumentException(
                $"The additional property '{Seed}' is '{Printable.Text($"{value}")}'. Give a whole number from 0 on.");
}
