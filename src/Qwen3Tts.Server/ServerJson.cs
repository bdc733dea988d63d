// Everything that is sent as JSON.
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Qwen3Tts.Server;

sealed record ErrorBody(ErrorDetail Error);
sealed record ErrorDetail(string Message, string Type, string? Param, string? Code);

sealed record ModelList(string Object, IReadOnlyList<ModelEntry> Data);
sealed record ModelEntry(string Id, string Object, long Created, string OwnedBy, string Type, bool CanClone, bool CanInstruct,
    IReadOnlyList<string> Voices, IReadOnlyList<string> Languages, int SampleRate, bool TrainedHere);
sealed record ModelDeleted(string Id, string Object, bool Deleted);

sealed record VoiceList(IReadOnlyList<string> Voices, IReadOnlyList<UploadedVoice> UploadedVoices, IReadOnlyList<VoiceEntry> Data);

/// <param name="Name">Name in requests.</param>
/// <param name="Kind">speaker, saved or adapter.</param>
/// <param name="Models">The models that can speak with it.</param>
/// <param name="Adapter">The adapter that it is a voice of; null if it is none.</param>
sealed record VoiceEntry(string Name, string Kind, IReadOnlyList<string> Models, string? Adapter = null);

/// <summary>The form that makes a voice, for the document of the API alone.</summary>
/// <param name="AudioSample">The recording.</param>
/// <param name="Name">Name of the voice.</param>
/// <param name="Consent">How the speaker agreed.</param>
/// <param name="RefText">The words of the recording.</param>
/// <param name="Model">The model that makes it.</param>
sealed record VoiceForm(byte[] AudioSample, string Name, string Consent, string? RefText, string? Model);

sealed record UploadedVoice(string Name, string? Consent, string Made, long FileSize, string? RefText, IReadOnlyList<string> Warnings);
sealed record VoiceMade(bool Success, UploadedVoice Voice);
sealed record VoiceDeleted(bool Success, string Message);

/// <summary>Part of a speech in a stream of events.</summary>
sealed record SpeechDelta(string Type, string Audio, string ResponseFormat);

/// <summary>The last event.</summary>
sealed record SpeechDone(string Type, Usage Usage, string FinishReason, ulong Seed, double Seconds, double FirstAudioSeconds,
    double TotalSeconds);
sealed record Usage(int InputTokens, int OutputTokens, int TotalTokens, TokenDetails InputTokenDetails);
sealed record TokenDetails(int TextTokens, int AudioTokens);

/// <summary>The last event of a speech that failed.</summary>
sealed record SpeechFailed(string Type, ErrorDetail Error);

/// <summary>What was measured of speech, beside its score; docs/serve.md says what each number is. Null where it cannot be measured.
/// Clients of verl-omni read flat numbers and texts alone.</summary>
/// <param name="Score">0 to 1: the product of the parts that <paramref name="ScoreOf"/> names.</param>
/// <param name="ScoreOf">The parts of the score.</param>
/// <param name="WordErrorRate">Wrong words by words of the prompt, as the recogniser hears them.</param>
/// <param name="Words">Words of the prompt; null without a recogniser.</param>
/// <param name="WrongWords">Words that are missing, too many, or heard as others.</param>
/// <param name="Heard">What the recogniser hears.</param>
/// <param name="Recogniser">Its name, or why there is none.</param>
/// <param name="Seconds">Length.</param>
/// <param name="FramesPerToken">Frames of the codec by tokens of the prompt.</param>
/// <param name="LettersPerSecond">Letters and digits of the prompt by seconds of sound.</param>
/// <param name="Silence">Share of the time that is silent.</param>
/// <param name="Repeated">Share of any twelve seconds that repeats itself.</param>
/// <param name="PitchMedian">In hertz.</param>
/// <param name="PitchRange">In semitones.</param>
/// <param name="Likeness">Cosine of the speaker vectors of the speech and of the voice that the metadata names.</param>
sealed record SpeechScore(double Score, string ScoreOf, double? WordErrorRate, int? Words, int? WrongWords, string? Heard,
    string Recogniser, double Seconds, double FramesPerToken, double? LettersPerSecond, double Silence, double Repeated,
    double? PitchMedian, double? PitchRange, double? Likeness);

// What a WebSocket sends.
sealed record AudioStart(string Type, int UtteranceIndex, int SentenceIndex, string Format, int SampleRate, ulong Seed);
sealed record AudioDone(string Type, int UtteranceIndex, int SentenceIndex, long TotalBytes, bool Error, string FinishReason, ulong Seed,
    double Seconds, double FirstAudioSeconds, double TotalSeconds);
sealed record SessionDone(string Type, int UtteranceIndex, int TotalSentences);
sealed record SocketError(string Type, string Message, ErrorDetail Error);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelDeleted))]
[JsonSerializable(typeof(VoiceList))]
[JsonSerializable(typeof(VoiceForm))]
[JsonSerializable(typeof(VoiceMade))]
[JsonSerializable(typeof(VoiceDeleted))]
[JsonSerializable(typeof(SpeechDelta))]
[JsonSerializable(typeof(SpeechDone))]
[JsonSerializable(typeof(SpeechFailed))]
[JsonSerializable(typeof(AudioStart))]
[JsonSerializable(typeof(AudioDone))]
[JsonSerializable(typeof(SessionDone))]
[JsonSerializable(typeof(SocketError))]
[JsonSerializable(typeof(SpeechBody))]
[JsonSerializable(typeof(SocketMessage))]
[JsonSerializable(typeof(ScoreBody))]
[JsonSerializable(typeof(SpeechScore))]
sealed partial class ServerJson : JsonSerializerContext;

static class Json
{
    /// <summary>Letters beyond ASCII stay letters: answers are never part of a page.</summary>
    static readonly JsonSerializerOptions Plain = new(ServerJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static byte[] Bytes<T>(T value, JsonTypeInfo<T> type) =>
        JsonSerializer.SerializeToUtf8Bytes(value, (JsonTypeInfo<T>)Plain.GetTypeInfo(type.Type));

    public static Task WriteAsync<T>(HttpResponse response, T value, JsonTypeInfo<T> type)
    {
        var bytes = Bytes(value, type);
        (response.ContentType, response.ContentLength) = ("application/json; charset=utf-8", bytes.Length);
        return response.Body.WriteAsync(bytes).AsTask();
    }
}
