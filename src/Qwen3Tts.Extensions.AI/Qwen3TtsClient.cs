// The interface of Microsoft.Extensions.AI over a model. Requests of one model that come at the same time are computed together.
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Extensions.AI;

/// <summary>
/// Speaks with a Qwen3-TTS model. <c>VoiceId</c> is one of <see cref="Qwen3TtsClientOptions.Voices"/> or of the model's speakers;
/// <c>Language</c> is a name or a code such as en-US; <c>AudioFormat</c> is wav, pcm, flac or opus, and wav or pcm for a stream. The
/// additional properties of a request are <c>seed</c> and <c>instruct</c>. <c>RawRepresentationFactory</c> may return
/// <see cref="SpeechOptions"/>, with all settings of the library. Everything else is refused with <see cref="NotSupportedException"/> or
/// <see cref="ArgumentException"/>; the messages list what is possible.
/// </summary>
public sealed class Qwen3TtsClient : ITextToSpeechClient
{
    readonly Qwen3TtsClientOptions _options;
    readonly Func<Tts> _load;
    readonly TextToSpeechClientMetadata _metadata;
    readonly Lock _gate = new();
    Task<Tts>? _model;

    /// <summary>Speaks with a loaded model.</summary>
    /// <param name="tts">The model, which the caller disposes after the last request.</param>
    /// <param name="options">Voices and defaults; null for none.</param>
    public Qwen3TtsClient(Tts tts, Qwen3TtsClientOptions? options = null) : this(() => tts, tts.Name, options) =>
        _model = Task.FromResult(tts);

    /// <summary>Speaks with a model that is loaded by the first request.</summary>
    internal Qwen3TtsClient(Func<Tts> load, string name, Qwen3TtsClientOptions? options) =>
        (_load, _options, _metadata) = (load, options ?? new(), new("qwen3-tts", defaultModelId: name));

    /// <summary>Speaks a text.</summary>
    /// <param name="text">The text to be spoken; not empty.</param>
    /// <param name="options">See <see cref="Qwen3TtsClient"/>.</param>
    /// <param name="cancellationToken">Checked after each frame of 80 ms.</param>
    /// <returns>One <see cref="DataContent"/>. <c>RawRepresentation</c> is the <see cref="Speech"/>, or for a long text, which is spoken
    /// sentence by sentence, a list of <see cref="SpokenSentence"/>. <c>AdditionalProperties</c> has how it went: seed, finish_reason,
    /// frames, seconds, first_audio_seconds, total_seconds, real_time_factor. <c>Usage</c> counts the tokens of the text as input and the
    /// frames of 80 ms as output.</returns>
    /// <exception cref="ArgumentException">The text cannot be spoken, or an option does not fit.</exception>
    /// <exception cref="NotSupportedException">The model or the library cannot do what is asked for.</exception>
    /// <exception cref="OperationCanceledException">The request was cancelled.</exception>
    public async Task<TextToSpeechResponse> GetAudioAsync(string text, TextToSpeechOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        var tts = await Model().WaitAsync(cancellationToken).ConfigureAwait(false);
        var (format, how) = (SpeechFormat.OfWhole(options?.AudioFormat, tts), SpeechRequest.Read(options, this, tts, _options));
        var (sound, speech, raw) = await TextOfAnyLength.SayAsync(tts, text, how, cancellationToken).ConfigureAwait(false);
        return new([new DataContent(format.Write(sound), format.MediaType)])
        {
            ResponseId = NewId(),
            ModelId = tts.Name,
            RawRepresentation = raw,
            AdditionalProperties = Describe(speech),
            Usage = Count(tts, text, speech),
        };
    }

    /// <summary>Speaks a text, and returns each chunk as soon as it is computed; the first one is a single frame of 80 ms.</summary>
    /// <param name="text">The text to be spoken; not empty.</param>
    /// <param name="options">See <see cref="Qwen3TtsClient"/>.</param>
    /// <param name="cancellationToken">Checked after each frame of 80 ms.</param>
    /// <returns>SessionOpen, then AudioUpdating for each chunk, then SessionClose with the usage and the additional properties of
    /// <see cref="GetAudioAsync"/>. The audio is 16-bit integers, little-endian, mono; with the format wav, the first chunk begins with a
    /// header that names no length.</returns>
    /// <exception cref="ArgumentNullException">The text is null. All other errors are thrown by the enumeration.</exception>
    public IAsyncEnumerable<TextToSpeechResponseUpdate> GetStreamingAudioAsync(string text, TextToSpeechOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Updates(text, options, cancellationToken);
    }

    async IAsyncEnumerable<TextToSpeechResponseUpdate> Updates(string text, TextToSpeechOptions? options,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var tts = await Model().WaitAsync(cancellation).ConfigureAwait(false);
        var (format, how) = (SpeechFormat.OfStream(options?.AudioFormat, tts), SpeechRequest.Read(options, this, tts, _options));
        var chunks = TextOfAnyLength.StreamAsync(tts, text, how, cancellation);
        var id = NewId();
        yield return Update(TextToSpeechResponseUpdateKind.SessionOpen);
        SpeechSummary? ended = null;
        var first = true;
        await foreach (var (samples, end) in chunks.ConfigureAwait(false))
        {
            cancellation.ThrowIfCancellationRequested(); // also drops the chunks that are ahead of the reader
            ended = end;
            if (samples.Length == 0)
                continue;
            yield return Update(TextToSpeechResponseUpdateKind.AudioUpdating,
                new DataContent(format.Write(samples, tts.SampleRate, first), format.MediaType));
            first = false;
        }
        if (ended!.FinishReason == FinishReason.Cancelled)
            throw new OperationCanceledException(cancellation);
        var close = Update(TextToSpeechResponseUpdateKind.SessionClose, new UsageContent(Count(tts, text, ended)));
        (close.RawRepresentation, close.AdditionalProperties) = (ended, Describe(ended));
        yield return close;

        TextToSpeechResponseUpdate Update(TextToSpeechResponseUpdateKind kind, params AIContent[] contents) =>
            new([.. contents]) { Kind = kind, ResponseId = id, ModelId = tts.Name };
    }

    /// <summary>The client itself, its metadata, or the model, which is loaded if no request has done so.</summary>
    /// <param name="serviceType">The type that is asked for.</param>
    /// <param name="serviceKey">A key; nothing is found under one.</param>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType == typeof(TextToSpeechClientMetadata) ? _metadata
            : serviceType == typeof(Tts) ? Model().GetAwaiter().GetResult()
            : null;
    }

    /// <summary>Does nothing: the model belongs to the caller, or to the container of services.</summary>
    public void Dispose()
    {
    }

    /// <summary>The model. Requests that come while it is loaded wait for it, and none of them stops the loading for the others. After an
    /// error, the next request tries again.</summary>
    Task<Tts> Model()
    {
        lock (_gate)
            return _model is null or { IsFaulted: true } ? _model = Task.Run(_load) : _model;
    }

    static UsageDetails Count(Tts tts, string text, SpeechSummary speech)
    {
        var tokens = tts.CountTokens(text);
        return new() { InputTokenCount = tokens, OutputTokenCount = speech.Frames, TotalTokenCount = tokens + speech.Frames };
    }

    static string NewId() => Guid.NewGuid().ToString("N");

    static AdditionalPropertiesDictionary Describe(SpeechSummary speech) => new()
    {
        ["seed"] = speech.Seed,
        ["finish_reason"] = speech.FinishReason.ToString().ToLowerInvariant(),
        ["frames"] = speech.Frames,
        ["seconds"] = speech.Seconds,
        ["first_audio_seconds"] = speech.Times.FirstAudio.TotalSeconds,
        ["total_seconds"] = speech.Times.Total.TotalSeconds,
        ["real_time_factor"] = speech.RealTimeFactor,
    };
}
