// The formats of answers, and the facts that their headers have.
using System.Globalization;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Server;

/// <param name="Name">Name in requests.</param>
/// <param name="MediaType">Its media type.</param>
/// <param name="Format">How it is written; null for samples without a header.</param>
sealed record ReplyFormat(string Name, string MediaType, AudioFormat? Format)
{
    static readonly ReplyFormat[] All =
    [
        new("wav", "audio/wav", AudioFormat.Wav),
        new("pcm", "audio/pcm", null),
        new("flac", "audio/flac", AudioFormat.Flac),
        new("opus", "audio/ogg", AudioFormat.Opus),
        new("mp3", "audio/mpeg", AudioFormat.Ffmpeg),
        new("aac", "audio/aac", AudioFormat.Ffmpeg),
    ];

    /// <summary>The format of a request.</summary>
    /// <param name="name">What the request names; null takes WAV.</param>
    /// <param name="streams">True if it is to be sent as it is made.</param>
    /// <exception cref="ApiError">It is unknown, or cannot be made here.</exception>
    public static ReplyFormat Of(string? name, bool streams)
    {
        const string Field = "response_format";
        var format = Array.Find(All, f => f.Name == (name ?? "wav")) ?? throw ApiError.Of(Field,
            $"There is no format '{Printable.Text(name!)}'. Give one of: {string.Join(", ", All.Select(f => f.Name))}.");
        if (format.Format == AudioFormat.Ffmpeg && streams)
            throw ApiError.Of(Field, $"{format.Name} is made at the end of the speech. Leave stream and stream_format out, or ask for "
                + "wav, pcm, flac or opus.");
        if (format.Format == AudioFormat.Ffmpeg && ExternalProgram.OnPath("ffmpeg") is null)
            throw ApiError.Of(Field, $"{format.Name} is written by the program ffmpeg, which is not on this server. Ask for wav, pcm, "
                + "flac or opus, or install ffmpeg there.");
        return format;
    }

    /// <summary>The media type, with the sample rate where no header has it.</summary>
    public string MediaTypeAt(int rate) =>
        Format is null ? string.Create(CultureInfo.InvariantCulture, $"{MediaType};rate={rate};channels=1") : MediaType;

    /// <summary>A whole speech in this format.</summary>
    public byte[] Encode(Waveform speech, AudioTags? tags)
    {
        var bytes = new MemoryStream();
        switch (Format)
        {
            case AudioFormat.Wav:
                bytes.Write(WavFile.HeaderWith(tags, speech.SampleRate, WavFormat.Pcm16, speech.Samples.Length));
                WavFile.WriteSamples(bytes, speech.Samples, WavFormat.Pcm16);
                break;
            case AudioFormat.Flac:
                FlacWriter.Write(bytes, speech, 16, tags);
                break;
            case AudioFormat.Opus:
                OpusWriter.Write(bytes, speech, tags);
                break;
            case AudioFormat.Ffmpeg:
                AudioFile.Write(bytes, "." + Name, speech);
                break;
            default:
                WavFile.WriteSamples(bytes, speech.Samples, WavFormat.Pcm16);
                break;
        }
        return bytes.ToArray();
    }

    /// <summary>What the header of a file says about its origin.</summary>
    public static AudioTags? Provenance(SpeechServerOptions options, SpeechPlan plan) => !options.Provenance ? null : new(
    [
        ("SYNTHETIC", "true"),
        ("MODEL", plan.ModelName),
        ("VOICE", plan.VoiceName),
        ("SEED", plan.Seed.ToString(CultureInfo.InvariantCulture)),
        ("DATE", DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
    ]);

    /// <summary>The reason why a speech ended, in one word.</summary>
    public static string Word(FinishReason reason) => reason.ToString().ToLowerInvariant();
}
