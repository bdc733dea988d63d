// The bodies of requests. For speech: the fields of OpenAI, those that clients of vllm-omni send, and ours. A field that is none of these
// is refused, because a misspelt seed or language would otherwise be ignored without a word.
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Qwen3Tts.Files;

namespace Qwen3Tts.Server;

/// <summary>A body in JSON, whose fields are all known.</summary>
abstract record JsonBody
{
    const string Remedy = "docs/serve.md lists the fields.";

    /// <summary>Fields that are none of these.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <summary>Reads a body.</summary>
    /// <exception cref="ApiError">It is not JSON, or a field is unknown or of another kind.</exception>
    public static T Parse<T>(ReadOnlySpan<byte> utf8, JsonTypeInfo<T> type) where T : JsonBody
    {
        T body;
        try
        {
            body = JsonFile.Parse(utf8, "The body", type, Remedy);
        }
        catch (InvalidDataException e)
        {
            throw new ApiError(StatusCodes.Status400BadRequest, e.Message);
        }
        return body.Unknown is not { Count: > 0 } unknown ? body
            : throw ApiError.Of(Printable.Text(unknown.Keys.First()), $"There is no field '{Printable.Text(unknown.Keys.First())}'. The "
                + $"fields are: {string.Join(", ", type.Properties.Where(p => !p.IsExtensionData).Select(p => p.Name))}.");
    }
}

/// <summary>A request for speech.</summary>
record SpeechBody : JsonBody
{
    /// <summary>The text.</summary>
    public string? Input { get; init; }
    /// <summary>Name of the model; the first one if it is not given.</summary>
    public string? Model { get; init; }
    /// <summary>Name of a speaker, a saved voice or an adapter; or an object with its id.</summary>
    public JsonElement? Voice { get; init; }
    /// <summary>wav, pcm, flac, opus, mp3 or aac.</summary>
    public string? ResponseFormat { get; init; }
    /// <summary>audio: samples are sent as they are made. sse: as events.</summary>
    public string? StreamFormat { get; init; }
    /// <summary>true is the stream_format sse.</summary>
    public bool? Stream { get; init; }
    /// <summary>How to speak, or which voice to design.</summary>
    public string? Instructions { get; init; }
    /// <summary>Only 1.</summary>
    public double? Speed { get; init; }

    /// <summary>One of the model's languages, or Auto.</summary>
    public string? Language { get; init; }
    /// <summary>The same seed gives the same samples. A new one each time if it is not given.</summary>
    public ulong? Seed { get; init; }
    /// <summary>text-first or interleaved.</summary>
    public string? Layout { get; init; }
    /// <summary>Divides the scores.</summary>
    public double? Temperature { get; init; }
    /// <summary>The most seconds of speech.</summary>
    public double? MaxSeconds { get; init; }

    /// <summary>CustomVoice, VoiceDesign or Base: what the request expects the model to do.</summary>
    public string? TaskType { get; init; }
    /// <summary>A recording to clone, in base64, also as a data URL.</summary>
    public string? RefAudio { get; init; }
    /// <summary>What is said in it.</summary>
    public string? RefText { get; init; }
    /// <summary>true: clone with the vector alone.</summary>
    public bool? XVectorOnlyMode { get; init; }
    /// <summary>The most frames of speech, and one more.</summary>
    public int? MaxNewTokens { get; init; }
    /// <summary>The least frames of the first piece of a stream.</summary>
    public int? InitialCodecChunkFrames { get; init; }
    /// <summary>true is the layout text-first, false is interleaved.</summary>
    public bool? NonStreamingMode { get; init; }
}

/// <summary>A message that a WebSocket receives: the settings of a session, or text.</summary>
sealed record SocketMessage : SpeechBody
{
    /// <summary>session.config, input.text, input.done or session.close.</summary>
    public string? Type { get; init; }
    /// <summary>More of the text.</summary>
    public string? Text { get; init; }
    /// <summary>false sends the speech as one frame at its end.</summary>
    public bool? StreamAudio { get; init; }
}

/// <summary>Speech to be scored, in the protocol of verl-omni's scorers.</summary>
sealed record ScoreBody : JsonBody
{
    /// <summary>1; may be left out.</summary>
    public string? ProtocolVersion { get; init; }
    /// <summary>The samples: 32-bit floats, little-endian, in base64.</summary>
    public string? WaveformF32Base64 { get; init; }
    /// <summary>Their number.</summary>
    public int? NumSamples { get; init; }
    /// <summary>Samples per second.</summary>
    public int? SampleRate { get; init; }
    /// <summary>The text that should be said.</summary>
    public string? Prompt { get; init; }
    /// <summary>What the caller knows about the sample. voice, model and language are read; everything else is the caller's
    /// own.</summary>
    public JsonElement? Metadata { get; init; }
}
