// Turns a request into what the library is asked for. Everything that can be refused without computing is refused here, before the request
// waits in the queue. Nothing is ignored: a field that this model or this server cannot serve is an error.
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Server;

/// <summary>A speech that can be made.</summary>
sealed record SpeechPlan
{
    public const string TextFirst = "text-first", Interleaved = "interleaved";
    const string Cloned = "cloned";

    public required Tts Model { get; init; }
    public required string ModelName { get; init; }
    public required string VoiceName { get; init; }
    public required string Text { get; init; }
    public required ReplyFormat Format { get; init; }
    /// <summary>How to speak; the recording of the request is cloned later.</summary>
    public required SpeechOptions Speech { get; init; }
    public required LongTextOptions Parts { get; init; }
    /// <summary>The recording of the request; null if it has none.</summary>
    public required (byte[] Audio, string? Text)? Recording { get; init; }
    /// <summary>The least frames of the first piece.</summary>
    public required int FirstFrames { get; init; }

    public ulong Seed => Speech.Sampling!.Seed;

    /// <summary>Reads a request.</summary>
    /// <param name="body">The request.</param>
    /// <param name="state">What the server has.</param>
    /// <param name="text">The text, whatever the body says; null takes that of the body.</param>
    /// <param name="streams">True if the speech is sent as it is made.</param>
    /// <exception cref="ApiError">It cannot be served.</exception>
    public static SpeechPlan Of(SpeechBody body, ServerState state, bool streams, string? text = null)
    {
        var limits = state.Options;
        text ??= body.Input ?? throw ApiError.Of("input", "There is no text. Give it in the field 'input'.");
        CheckLengths(text, body, limits.MostCharacters);
        if (body.Speed is { } speed && speed != 1)
            throw ApiError.Of("speed", "Qwen3-TTS has no setting for the speed. Leave 'speed' out, change the audio afterwards, or say how "
                + "to speak in 'instructions', if the model takes them.");
        var (name, model, _) = state.Model(body.Model);
        var seconds = Math.Min(Positive(body.MaxSeconds, "max_seconds") ?? limits.MostSeconds, limits.MostSeconds);
        if (body.MaxNewTokens is { } tokens)
            seconds = Math.Min(seconds, tokens >= 2 ? (tokens - 1) / model.FramesPerSecond
                : throw ApiError.Of("max_new_tokens", $"max_new_tokens is {tokens}, and 2 make one frame. Give 2 or more."));
        var speech = Drawing(body, model, seconds) with
        {
            Language = string.IsNullOrEmpty(body.Language) ? "Auto" : body.Language,
            Instruct = string.IsNullOrWhiteSpace(body.Instructions) ? null : body.Instructions,
            Layout = LayoutOf(body),
        };
        var recording = RecordingOf(body, limits);
        var (voice, with) = recording is null ? state.Voices.Choose(VoiceOf(body), model, name, speech)
            : VoiceOf(body) is null ? (Cloned, speech)
            : throw ApiError.Of("voice", "Both 'voice' and 'ref_audio' are given. Give one of them.");
        CheckTask(body, model, with, recording is not null);
        return new()
        {
            Model = model,
            ModelName = name,
            VoiceName = voice,
            Text = text,
            Format = ReplyFormat.Of(body.ResponseFormat, streams),
            Speech = with,
            Parts = new() { MaxSeconds = seconds },
            Recording = recording,
            FirstFrames = body.InitialCodecChunkFrames is { } frames ? frames is >= 0 and <= 1000 ? frames
                : throw ApiError.Of("initial_codec_chunk_frames", $"initial_codec_chunk_frames is {frames}. Give 0 to 1000.") : 0,
        };
    }

    /// <summary>What is read beside the text has its limit, too: it takes as long to read.</summary>
    static void CheckLengths(string text, SpeechBody body, int most)
    {
        if (text.Length > most)
            throw ApiError.Of("input", $"The text has {text.Length} characters, and {most} are the most. Send it in parts.");
        foreach (var (field, other) in new[] { ("instructions", body.Instructions), ("ref_text", body.RefText) })
            if (other?.Length > most)
                throw ApiError.Of(field, $"'{field}' has {other.Length} characters, and {most} are the most. Shorten it.");
    }

    static SpeechOptions Drawing(SpeechBody body, Tts model, double seconds)
    {
        var sampling = model.Sampling with
        {
            Seed = body.Seed ?? (ulong)RandomNumberGenerator.GetInt32(int.MaxValue),
            Temperature = body.Temperature ?? model.Sampling.Temperature,
        };
        sampling = sampling with { MaxFrames = (int)Math.Clamp(Math.Ceiling(seconds * model.FramesPerSecond), 1, sampling.MaxFrames) };
        try
        {
            sampling.Check();
        }
        catch (ArgumentException e)
        {
            throw ApiError.Of("temperature", e.Message);
        }
        return new()
        {
            Sampling = sampling,
            MaxFramesPerToken = SpeechOptions.UsualMaxFramesPerToken,
            MaxRepeatedSeconds = SpeechOptions.UsualMaxRepeatedSeconds,
        };
    }

    static double? Positive(double? value, string field) => value is null or > 0 ? value
        : throw ApiError.Of(field, string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{field} is {value}. Give a number above 0."));

    static Layout? LayoutOf(SpeechBody body)
    {
        if (body.NonStreamingMode is not { } first)
            return body.Layout switch
            {
                null => null,
                TextFirst => Layout.TextFirst,
                Interleaved => Layout.Interleaved,
                var other => throw ApiError.Of("layout", $"There is no layout '{Printable.Text(other)}'. Give {TextFirst} or "
                    + $"{Interleaved}."),
            };
        return body.Layout is null ? first ? Layout.TextFirst : Layout.Interleaved
            : throw ApiError.Of("layout", "Both 'layout' and 'non_streaming_mode' are given. Give one of them.");
    }

    /// <summary>The name of the voice: a text, or an object with an id, as OpenAI has for voices of its users.</summary>
    static string? VoiceOf(SpeechBody body)
    {
        if (body.Voice is not { } voice || voice.ValueKind == JsonValueKind.Null)
            return null;
        if (voice.ValueKind == JsonValueKind.Object && voice.TryGetProperty("id", out var id))
            voice = id;
        return voice.ValueKind != JsonValueKind.String ? throw ApiError.Of("voice", "'voice' is no name. Give a text, or {\"id\": …}.")
            : voice.GetString() is { Length: > 0 } name ? name : null;
    }

    static (byte[] Audio, string? Text)? RecordingOf(SpeechBody body, SpeechServerOptions limits)
    {
        if (body.RefAudio is not { Length: > 0 } audio)
            return body.RefText is null && body.XVectorOnlyMode is null ? null
                : throw ApiError.Of("ref_audio", "'ref_text' and 'x_vector_only_mode' belong to 'ref_audio', which is missing. Give the "
                    + "recording, or leave them out.");
        if (body is { XVectorOnlyMode: false, RefText: null or "" })
            throw ApiError.Of("ref_text", "With x_vector_only_mode false, the words of 'ref_audio' are needed. Give them in 'ref_text'.");
        return (Decode(audio, limits.MostUploadBytes), body.XVectorOnlyMode == true || body.RefText is not { Length: > 0 } text ? null
            : text);
    }

    static byte[] Decode(string audio, int most)
    {
        const string Field = "ref_audio";
        var comma = audio.StartsWith("data:", StringComparison.OrdinalIgnoreCase) ? audio.IndexOf(',', StringComparison.Ordinal) : -1;
        if (comma < 0 && audio.Contains(':', StringComparison.Ordinal))
            throw ApiError.Of(Field, "'ref_audio' names a place, and this server opens no files and no addresses for a request. Send the "
                + "recording itself: data:audio/wav;base64,…");
        var base64 = audio.AsSpan(comma + 1);
        if (base64.Length / 4 * 3L > most + 3)
            throw new ApiError(StatusCodes.Status413PayloadTooLarge, $"The recording has more than {most} bytes. Send a shorter one.",
                Field);
        var bytes = new byte[base64.Length / 4 * 3 + 3];
        return Convert.TryFromBase64Chars(base64, bytes, out var length) ? bytes[..length]
            : throw ApiError.Of(Field, "'ref_audio' is not base64. Send it as data:audio/wav;base64,…");
    }

    static void CheckTask(SpeechBody body, Tts model, SpeechOptions speech, bool clones)
    {
        const string Field = "task_type";
        var is_saved = clones || speech.Voice is not null;
        switch (body.TaskType)
        {
            case null or "":
                break;
            case "CustomVoice" when is_saved || model.Kind == "voice_design":
                throw ApiError.Of(Field, "CustomVoice speaks with a speaker that the model knows by name, and the request has another "
                    + "voice. Leave 'task_type' out, or name a speaker.");
            case "Base" when !is_saved:
                throw ApiError.Of(Field, "Base speaks with a cloned voice, and the request names none. Give 'ref_audio' or a saved voice.");
            case "VoiceDesign" when model.Kind != "voice_design" || speech.Instruct is null:
                throw ApiError.Of(Field, "VoiceDesign needs a VoiceDesign model and 'instructions' that describe the voice. Name such a "
                    + "model, and give instructions.");
            case "CustomVoice" or "Base" or "VoiceDesign":
                break;
            default:
                throw ApiError.Of(Field, $"There is no task '{Printable.Text(body.TaskType)}'. Give CustomVoice, VoiceDesign or Base, or "
                    + "leave it out.");
        }
        if (clones && !model.CanClone)
            throw ApiError.Of("ref_audio", $"This is a {model.Kind} model without a speaker encoder. Name a Base model.");
    }

    /// <summary>The same, after the recording of the request was cloned, which takes computing.</summary>
    /// <exception cref="ArgumentException">The recording cannot be used.</exception>
    /// <exception cref="InvalidDataException">It cannot be read.</exception>
    public SpeechPlan Ready() => Recording is not { } recording ? this : this with
    {
        Speech = Speech with { Voice = Model.Clone(UploadedAudio.Read(recording.Audio), recording.Text, UploadedAudio.Cloning) },
        Recording = null,
    };
}

/// <summary>Recordings that requests bring. They are decoded in memory, and never kept.</summary>
static class UploadedAudio
{
    const int MostSamples = 60 * 192_000; // a minute at the highest usual rate: a small file can hold hours of silence

    /// <summary>As 'qwen3tts say' clones.</summary>
    public static CloneOptions Cloning { get; } = new() { SilenceAtEnd = CloneOptions.UsualSilenceAtEnd };

    /// <exception cref="InvalidDataException">It is damaged, too long, or of a kind that is not read.</exception>
    public static Waveform Read(byte[] audio) =>
        AudioFile.Read(new MemoryStream(audio), new AudioErrors("the recording") { MostSamples = MostSamples });
}
