// RIFF WAVE in and out. Reading is strict about what a file claims to be and lenient about how it was cut off: files from pipes announce
// no length or a false one, so what is there is taken. Values are those of the official loader (libsndfile): 16-bit is divided by 32768.
using System.Buffers.Binary;
using Qwen3Tts.Files;

namespace Qwen3Tts.Audio;

/// <summary>How samples are stored in a file that is written.</summary>
public enum WavFormat
{
    /// <summary>16-bit integers; values beyond -1 to 1 are clipped.</summary>
    Pcm16,
    /// <summary>32-bit floating point, unchanged.</summary>
    Float32,
}

/// <summary>Reads and writes WAV files.</summary>
public static class WavFile
{
    const int HeaderBytes = 44;

    /// <summary>
    /// Reads PCM of 8, 16, 24 or 32 bits, float of 32 or 64, mu-law or A-law, with any number of channels, which are averaged.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <returns>Mono, at the file's own rate.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is no WAV file, or one of a kind that is not supported; the message names the
    /// remedy.</exception>
    public static Waveform Read(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"{Printable.Path(path)}: there is no such audio file. Check the path.", path)
                .WithCause("no such audio file");
        using var stream = File.OpenRead(path);
        return Read(stream, path);
    }

    /// <summary>Reads from a stream up to the end of the samples; seeking is not needed.</summary>
    /// <param name="stream">Stands at the first byte of the file.</param>
    /// <param name="name">What messages call it.</param>
    /// <returns>Mono, at the file's own rate.</returns>
    /// <exception cref="InvalidDataException">It is no WAV file, or one of a kind that is not supported; the message names the
    /// remedy.</exception>
    public static Waveform Read(Stream stream, string name) => new WavReader(stream, name).Read();

    /// <summary>Writes a file in one step: it appears whole or not at all.</summary>
    /// <param name="path">The file, replaced if there is one; its folder is made if missing. A device or a pipe is written to.</param>
    /// <param name="wave">What to write.</param>
    /// <param name="format">How samples are stored.</param>
    /// <exception cref="ArgumentException">A sample is not a finite number, or a WAV file cannot hold that many.</exception>
    /// <exception cref="IOException">The file cannot be written: the disk is full, or the folder is not to be written to.</exception>
    public static void Write(string path, Waveform wave, WavFormat format = WavFormat.Pcm16) =>
        OutputFile.Replace(path, stream => Write(stream, wave, format));

    /// <summary>
    /// The same for the commands: a file that this program did not write is not replaced, and what is written is put on record.
    /// </summary>
    internal static void WriteOutput(string path, Waveform wave, OutputRecord? record = null) =>
        OutputFile.Write(path, stream => Write(stream, wave), record);

    /// <summary>Writes header and samples to a stream.</summary>
    /// <param name="stream">Written from where it stands, and left open.</param>
    /// <param name="wave">What to write.</param>
    /// <param name="format">How samples are stored.</param>
    /// <exception cref="ArgumentException">A sample is not a finite number, or a WAV file cannot hold that many.</exception>
    public static void Write(Stream stream, Waveform wave, WavFormat format = WavFormat.Pcm16)
    {
        stream.Write(Header(wave.SampleRate, format, wave.Samples.Length));
        WriteSamples(stream, wave.Samples, format);
    }

    /// <summary>The header of a mono file, 44 bytes.</summary>
    /// <param name="sampleRate">Samples per second.</param>
    /// <param name="format">How samples are stored.</param>
    /// <param name="samples">How many will follow; null where that is not known, as when speech is streamed.</param>
    /// <exception cref="ArgumentException">A WAV file cannot hold that many samples.</exception>
    public static byte[] Header(int sampleRate, WavFormat format, long? samples)
    {
        var sampleBytes = BytesPerSample(format);
        if (samples * sampleBytes > uint.MaxValue - HeaderBytes)
            throw new ArgumentException($"{samples} samples are more than a WAV file holds, which is 4 GiB. Write several files.",
                nameof(samples));
        var dataBytes = samples is { } n ? (uint)(n * sampleBytes) : uint.MaxValue;
        var header = new byte[HeaderBytes];
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), samples is null ? uint.MaxValue : dataBytes + HeaderBytes - 8);
        "WAVEfmt "u8.CopyTo(header.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(20), (short)(format == WavFormat.Float32 ? 3 : 1));
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(22), 1); // channels
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(24), sampleRate);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(28), sampleRate * sampleBytes);
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(32), (short)sampleBytes);
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(34), (short)(8 * sampleBytes));
        "data"u8.CopyTo(header.AsSpan(36));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(40), dataBytes);
        return header;
    }

    /// <summary>Writes samples without a header: what follows <see cref="Header"/> in a stream.</summary>
    /// <param name="stream">Written from where it stands.</param>
    /// <param name="samples">Amplitudes [n].</param>
    /// <param name="format">How they are stored, little-endian.</param>
    /// <exception cref="ArgumentException">A sample is not a finite number.</exception>
    public static void WriteSamples(Stream stream, ReadOnlySpan<float> samples, WavFormat format)
    {
        const int Block = 4096;
        var sampleBytes = BytesPerSample(format);
        var buffer = new byte[Block * sampleBytes];
        for (var begin = 0; begin < samples.Length; begin += Block)
        {
            var block = samples[begin..Math.Min(begin + Block, samples.Length)];
            for (var i = 0; i < block.Length; i++)
            {
                if (!float.IsFinite(block[i]))
                    throw new ArgumentException(
                        $"Sample {begin + i} is {block[i]}, which is no sound. Look for the cause where the audio was made: damaged " +
                        $"weights, or a precision that overflows.", nameof(samples));
                var at = buffer.AsSpan(i * sampleBytes);
                if (format == WavFormat.Float32)
                    BinaryPrimitives.WriteSingleLittleEndian(at, block[i]);
                else
                    BinaryPrimitives.WriteInt16LittleEndian(at,
                        (short)Math.Clamp(MathF.Round(block[i] * 32768), short.MinValue, short.MaxValue));
            }
            stream.Write(buffer, 0, block.Length * sampleBytes);
        }
    }

    static int BytesPerSample(WavFormat format) => format == WavFormat.Float32 ? sizeof(float) : sizeof(short);
}
