// The one place that chooses a format: by the content of a file that is read, and by the extension of a file that is written.
using Qwen3Tts.Files;

namespace Qwen3Tts.Audio;

/// <summary>Reads and writes recordings of every format.</summary>
public static class AudioFile
{
    const int HeadBytes = 12, TagBytes = 10;

    /// <summary>What is read, in words.</summary>
    internal const string Readable = "WAV, FLAC, MP3, Ogg Opus or Ogg Vorbis";

    /// <summary>
    /// The extensions of recordings that are read, for folders in which recordings are looked for. The format that loses least comes first.
    /// </summary>
    internal static IReadOnlyList<string> Extensions { get; } = [".wav", ".flac", ".opus", ".ogg", ".oga", ".mp3"];

    /// <summary>
    /// Reads WAV, FLAC, MP3 (MPEG audio of any layer), Ogg Opus, Ogg Vorbis or Ogg FLAC, whatever the file's name is. Several channels are
    /// averaged.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <returns>Mono, at the file's own rate; at 48 kHz for Opus.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or of a kind that is not read. The message says what to do.</exception>
    public static Waveform Read(string path)
    {
        using var stream = WavFile.Open(path);
        return Read(stream, path);
    }

    /// <summary>As <see cref="Read(string)"/>, from a stream, which need not support seeking.</summary>
    /// <param name="stream">A stream that is positioned at the first byte of the file.</param>
    /// <param name="name">Name of the file in messages.</param>
    /// <returns>Mono, at the file's own rate; at 48 kHz for Opus.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or of a kind that is not read. The message says what to do.</exception>
    public static Waveform Read(Stream stream, string name) => Read(stream, new AudioErrors(name));

    /// <summary>As <see cref="Read(Stream, string)"/>, with the limits of <paramref name="errors"/>.</summary>
    internal static Waveform Read(Stream stream, AudioErrors errors)
    {
        var head = new byte[HeadBytes];
        head = head[..stream.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false)];
        if (AudioKind.IsWav(head))
            return new WavReader(stream, errors, head).Read();
        if (!AudioKind.IsCompressed(head))
            throw errors.NotRead(head, $"a recording in {Readable}");
        var file = Rest(stream, head, errors);
        var begin = BehindTag(file, errors);
        var sound = file.AsSpan(begin);
        return sound.StartsWith("fLaC"u8) ? new FlacReader(file, begin, errors).Read()
            : sound.StartsWith("OggS"u8) ? OggReader.Read(file[begin..], errors)
            : new Mp3Reader(file, begin, errors).Read();
    }

    /// <summary>The whole file. Memory grows with the bytes that really arrive.</summary>
    static byte[] Rest(Stream stream, byte[] head, AudioErrors errors)
    {
        try
        {
            var all = new MemoryStream();
            all.Write(head);
            stream.CopyTo(all);
            return all.ToArray();
        }
        catch (Exception e) when (e is IOException { Message: var m } && m.Contains("too long", StringComparison.Ordinal))
        {
            throw errors.Bad("it has more than 2 GB", "Cut it into pieces.", null, e);
        }
    }

    /// <summary>Where the sound begins: behind an ID3 tag, which programs put before MP3 and sometimes before FLAC.</summary>
    static int BehindTag(byte[] file, AudioErrors errors)
    {
        var at = 0;
        while (file.AsSpan(at).StartsWith("ID3"u8))
        {
            if (file.Length - at < TagBytes)
                throw errors.Bad("it ends in the middle of its tag", AudioErrors.Again);
            var size = (file[at + 6] & 127) << 21 | (file[at + 7] & 127) << 14 | (file[at + 8] & 127) << 7 | file[at + 9] & 127;
            if (size > file.Length - at - TagBytes)
                throw errors.Bad($"its tag announces {size} bytes, and {file.Length - at - TagBytes} follow", AudioErrors.Again,
                    "it ends in the middle of its tag");
            at += TagBytes + size;
        }
        return at;
    }

    /// <summary>
    /// Writes a file in the format of its extension: .wav, .flac, .opus or .ogg (Opus), or .mp3, .m4a or .aac, which need the program
    /// ffmpeg. The file appears complete or not at all.
    /// </summary>
    /// <param name="path">The file. An existing file is replaced, a missing folder is created. A device or a pipe is written to
    /// directly, as WAV if its name has none of the extensions.</param>
    /// <param name="wave">What to write.</param>
    /// <param name="samples">How samples are stored in WAV, or in FLAC, which stores integers only. Other formats have their own
    /// way.</param>
    /// <exception cref="ArgumentException">The extension is another one, a sample is not a finite number, or the format cannot store the
    /// recording.</exception>
    /// <exception cref="IOException">The file cannot be written, or ffmpeg is needed and not there, or failed.</exception>
    public static void Write(string path, Waveform wave, WavFormat samples = WavFormat.Pcm16) =>
        OutputFile.Replace(path, stream => Write(stream, path, wave, samples));

    /// <summary>As <see cref="Write(string, Waveform, WavFormat)"/>, into a stream, which need not support seeking.</summary>
    /// <param name="stream">The stream, which is written from its current position and left open.</param>
    /// <param name="name">Name of a file, whose extension chooses the format; no such file is opened.</param>
    /// <param name="wave">What to write.</param>
    /// <param name="samples">How samples are stored in WAV or FLAC.</param>
    /// <exception cref="ArgumentException">The extension is another one, a sample is not a finite number, or the format cannot store the
    /// recording.</exception>
    /// <exception cref="IOException">The stream cannot be written, or ffmpeg is needed and not there, or failed.</exception>
    public static void Write(Stream stream, string name, Waveform wave, WavFormat samples = WavFormat.Pcm16)
    {
        switch (AudioFormats.Of(name)) // a stream keeps the header that it gets first, so those of WAV and FLAC are complete here
        {
            case AudioFormat.Flac:
                FlacWriter.Write(stream, wave, AudioFormats.FlacBits(samples));
                break;
            case AudioFormat.Wav:
                WavFile.Write(stream, wave, samples);
                break;
            default:
                Write(stream, name, wave.SampleRate, [wave.Samples], samples);
                break;
        }
    }

    /// <summary>Writes samples while they arrive; the memory does not grow with them.</summary>
    /// <param name="stream">The stream, which need not seek.</param>
    /// <param name="name">Name of the file, whose extension chooses the format.</param>
    /// <param name="rate">Samples per second.</param>
    /// <param name="chunks">The samples, which are generated while they are enumerated.</param>
    /// <param name="samples">How samples are stored in WAV or FLAC.</param>
    /// <returns>The first bytes of the file, if they are known only at the end; null to leave them as they were written.</returns>
    internal static byte[]? Write(Stream stream, string name, int rate, IEnumerable<float[]> chunks, WavFormat samples)
    {
        switch (AudioFormats.Of(name))
        {
            case AudioFormat.Flac:
                return FlacWriter.Write(stream, rate, chunks, AudioFormats.FlacBits(samples));
            case AudioFormat.Opus:
                OpusWriter.Write(stream, rate, chunks);
                return null;
            case AudioFormat.Ffmpeg:
                Ffmpeg.Write(stream, rate, chunks, Path.GetExtension(name));
                return null;
            default:
                return WavFile.Write(stream, rate, chunks, samples);
        }
    }

    /// <summary>
    /// As <see cref="Write(string, Waveform, WavFormat)"/>, for the commands: a file that this program did not write is not replaced, and
    /// the file that is written gets an entry in the record of its folder.
    /// </summary>
    internal static void WriteOutput(string path, Waveform wave, WavFormat samples, OutputRecord? record = null) =>
        OutputFile.Write(path, stream => Write(stream, path, wave, samples), record);
}
