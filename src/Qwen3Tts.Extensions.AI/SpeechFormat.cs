// The formats that a request may ask for, by media type or by name.
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Extensions.AI;

/// <summary>A format of audio in responses.</summary>
/// <param name="MediaType">Its media type; that of samples without a header has their rate.</param>
/// <param name="Extension">Extension of such files; null for samples without a header.</param>
/// <param name="Names">Other names in requests.</param>
sealed record SpeechFormat(string MediaType, string? Extension, params string[] Names)
{
    const string Raw = "audio/pcm";

    static readonly SpeechFormat
        Wav = new("audio/wav", ".wav", "wav", "audio/x-wav", "audio/wave"),
        Flac = new("audio/flac", ".flac", "flac", "audio/x-flac"),
        Opus = new("audio/ogg", ".opus", "opus", "audio/opus", "ogg", "audio/ogg;codecs=opus");

    /// <summary>16-bit integers, little-endian, mono, without a header.</summary>
    static SpeechFormat Pcm(Tts tts) => new($"{Raw};rate={tts.SampleRate}", null, "pcm", Raw);

    /// <summary>The format of a whole speech; WAV if none is named.</summary>
    /// <exception cref="NotSupportedException">The format is not written.</exception>
    public static SpeechFormat OfWhole(string? asked, Tts tts) => Find(asked, "", [Wav, Pcm(tts), Flac, Opus]);

    /// <summary>The format of a stream; samples without a header if none is named.</summary>
    /// <exception cref="NotSupportedException">The format cannot be streamed.</exception>
    public static SpeechFormat OfStream(string? asked, Tts tts) => Find(asked, " in a stream", [Pcm(tts), Wav]);

    static SpeechFormat Find(string? asked, string where, SpeechFormat[] known)
    {
        if (string.IsNullOrWhiteSpace(asked))
            return known[0];
        var name = asked.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant();
        return known.FirstOrDefault(f => f.MediaType == name || f.Names.Contains(name)) ?? throw new NotSupportedException(
            $"The audio format '{Printable.Text(asked)}' is not written{where}. Set AudioFormat to one of: " +
            $"{string.Join(", ", known.Select(f => $"{f.Names[0]} ({f.MediaType})"))}.");
    }

    /// <summary>A whole speech in this format.</summary>
    public byte[] Write(Waveform speech)
    {
        var bytes = new MemoryStream();
        if (Extension is null)
            WavFile.WriteSamples(bytes, speech.Samples, WavFormat.Pcm16);
        else
            AudioFile.Write(bytes, Extension, speech);
        return bytes.ToArray();
    }

    /// <summary>A piece of a stream; all pieces together are the stream.</summary>
    /// <param name="samples">The samples of the piece.</param>
    /// <param name="sampleRate">Samples per second.</param>
    /// <param name="first">True for the first piece, which has the header if there is one.</param>
    public byte[] Write(float[] samples, int sampleRate, bool first)
    {
        var bytes = new MemoryStream();
        if (first && Extension is not null)
            bytes.Write(WavFile.Header(sampleRate, WavFormat.Pcm16, samples: null)); // the length is not known yet
        WavFile.WriteSamples(bytes, samples, WavFormat.Pcm16);
        return bytes.ToArray();
    }
}
