// Reads and writes RIFF WAVE. The reader is strict about the format that a file announces, and lenient about a file that was cut off:
// files that were written to a pipe announce no length or a wrong one, so the samples that are there are taken. The values of the samples
// are those of the official loader (libsndfile): 16-bit integers are divided by 32768.
using System.Buffers.Binary;
using Qwen3Tts.Files;

namespace Qwen3Tts.Audio;

/// <summary>How a file that is written stores samples.</summary>
public enum WavFormat
{
    /// <summary>16-bit integers; values beyond -1 to 1 are clipped.</summary>
    Pcm16,
    /// <summary>24-bit integers; values beyond -1 to 1 are clipped.</summary>
    Pcm24,
    /// <summary>32-bit floating point, unchanged.</summary>
    Float32,
}

/// <summary>Reads and writes WAV files.</summary>
public static class WavFile
{
    const int HeaderBytes = 44;

    /// <summary>
    /// Reads integer PCM of 8, 16, 24 or 32 bits, floating point of 32 or 64 bits, mu-law or A-law. Several channels are averaged.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <returns>Mono, at the file's own rate.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is not a WAV file, or one of a kind that is not supported. The message says what to
    /// do.</exception>
    public static Waveform Read(string path)
    {
        using var stream = Open(path);
        return Read(stream, path);
    }

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    internal static FileStream Open(string path) => File.Exists(path) ? File.OpenRead(path)
        : Directory.Exists(path) ? throw new IOException($"{Printable.Path(path)} is a folder. Name a recording in it.")
        : throw new FileNotFoundException($"{Printable.Path(path)}: there is no such audio file. Check the path.", path)
            .WithCause("no such audio file");

    /// <summary>Reads from a stream up to the end of the samples. The stream need not support seeking.</summary>
    /// <param name="stream">A stream that is positioned at the first byte of the file.</param>
    /// <param name="name">Name of the file in messages.</param>
    /// <returns>Mono, at the file's own rate.</returns>
    /// <exception cref="InvalidDataException">The stream is not a WAV file, or one of a kind that is not supported. The message says what
    /// to do.</exception>
    public static Waveform Read(Stream stream, string name) => new WavReader(stream, new(name)).Read();

    /// <summary>Writes a file in one step: the file appears complete or not at all.</summary>
    /// <param name="path">The file. An existing file is replaced, a missing folder is created. A device or a pipe is written to
    /// directly.</param>
    /// <param name="wave">What to write.</param>
    /// <param name="format">How samples are stored.</param>
    /// <exception cref="ArgumentException">A sample is not a finite number, or a WAV file cannot hold that many.</exception>
    /// <exception cref="IOException">The file cannot be written: the disk is full, or the folder is not writable.</exception>
    public static void Write(string path, Waveform wave, WavFormat format = WavFormat.Pcm16) =>
        OutputFile.Replace(path, stream => Write(stream, wave, format));

    /// <summary>
    /// As <see cref="Write(string, Waveform, WavFormat)"/>, for the commands: a file that this program did not write is not replaced, and
    /// the file that is written gets an entry in the record of its folder.
    /// </summary>
    internal static void WriteOutput(string path, Waveform wave, OutputRecord? record = null) =>
        OutputFile.Write(path, stream => Write(stream, wave), record);

    /// <summary>
    /// Writes samples while they arrive, for the commands: the memory does not grow. The file gets its name when it is complete; a device
    /// or a pipe gets the samples at once, behind a header that names no length.
    /// </summary>
    internal static void WriteOutput(string path, int sampleRate, IEnumerable<float[]> chunks, WavFormat format) =>
        OutputFile.WriteWithHead(path, stream => Write(stream, sampleRate, chunks, format));

    /// <summary>Writes samples while they arrive, behind a header that names no length.</summary>
    /// <returns>The header with the length, which may replace the first one.</returns>
    internal static byte[] Write(Stream stream, int sampleRate, IEnumerable<float[]> chunks, WavFormat format)
    {
        var written = 0L;
        stream.Write(Header(sampleRate, format, null));
        foreach (var chunk in chunks)
        {
            WriteSamples(stream, chunk, format);
            written += chunk.Length;
        }
        if (IsOdd(written, format))
            stream.WriteByte(0);
        return Header(sampleRate, format, Fits(written, format) ? written : null); // of a longer file, readers take what is there
    }

    /// <summary>Writes header and samples to a stream.</summary>
    /// <param name="stream">The stream, which is written from its current position and left open.</param>
    /// <param name="wave">What to write.</param>
    /// <param name="format">How samples are stored.</param>
    /// <exception cref="ArgumentException">A sample is not a finite number, or a WAV file cannot hold that many.</exception>
    public static void Write(Stream stream, Waveform wave, WavFormat format = WavFormat.Pcm16)
    {
        stream.Write(Header(wave.SampleRate, format, wave.Samples.Length));
        WriteSamples(stream, wave.Samples, format);
        if (IsOdd(wave.Samples.Length, format))
            stream.WriteByte(0); // chunks of odd length are padded
    }

    /// <summary>The header of a mono file, 44 bytes.</summary>
    /// <param name="sampleRate">Samples per second.</param>
    /// <param name="format">How samples are stored.</param>
    /// <param name="samples">Number of samples that will follow; null if it is not known, as when speech is streamed.</param>
    /// <exception cref="ArgumentException">A WAV file cannot hold that many samples.</exception>
    public static byte[] Header(int sampleRate, WavFormat format, long? samples)
    {
        var sampleBytes = BytesPerSample(format);
        if (samples is { } all && !Fits(all, format))
            throw new ArgumentException($"{samples} samples are more than a WAV file holds, which is 4 GiB. Write several files.",
                nameof(samples));
        var dataBytes = samples is { } n ? (uint)(n * sampleBytes) : uint.MaxValue;
        var header = new byte[HeaderBytes];
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4),
            samples is { } count ? dataBytes + HeaderBytes - 8 + (IsOdd(count, format) ? 1u : 0) : uint.MaxValue);
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

    /// <summary>A header that also has facts about the recording; it is longer by them.</summary>
    internal static byte[] HeaderWith(AudioTags? tags, int sampleRate, WavFormat format, long? samples)
    {
        const int Data = 36; // where the last chunk begins
        var header = Header(sampleRate, format, samples);
        if (tags is null)
            return header;
        var info = tags.RiffInfo();
        if (samples is not null)
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4),
                BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)) + (uint)info.Length);
        return [.. header[..Data], .. info, .. header[Data..]];
    }

    /// <summary>Writes samples without a header: the part of a stream that follows <see cref="Header"/>.</summary>
    /// <param name="stream">The stream, which is written from its current position.</param>
    /// <param name="samples">Amplitudes [n].</param>
    /// <param name="format">The format of the samples; the byte order is little-endian.</param>
    /// <exception cref="ArgumentException">A sample is not a finite number.</exception>
    public static void WriteSamples(Stream stream, ReadOnlySpan<float> samples, WavFormat format)
    {
        const int Block = 4096;
        PcmSamples.CheckFinite(samples);
        var sampleBytes = BytesPerSample(format);
        var buffer = new byte[Block * sampleBytes];
        for (var begin = 0; begin < samples.Length; begin += Block)
        {
            var block = samples[begin..Math.Min(begin + Block, samples.Length)];
            for (var i = 0; i < block.Length; i++)
                Put(block[i], buffer.AsSpan(i * sampleBytes, sampleBytes));
            stream.Write(buffer, 0, block.Length * sampleBytes);
        }
    }

    /// <summary>Writes one sample; the number of bytes is its format.</summary>
    static void Put(float sample, Span<byte> at)
    {
        if (at.Length == sizeof(float))
        {
            BinaryPrimitives.WriteSingleLittleEndian(at, sample);
            return;
        }
        var value = PcmSamples.Of(sample, 8 * at.Length);
        for (var i = 0; i < at.Length; i++)
            at[i] = (byte)(value >> 8 * i);
    }

    static bool Fits(long samples, WavFormat format) => samples * BytesPerSample(format) <= uint.MaxValue - HeaderBytes;

    static bool IsOdd(long samples, WavFormat format) => (samples * BytesPerSample(format) & 1) != 0;

    static int BytesPerSample(WavFormat format) => format switch { WavFormat.Float32 => 4, WavFormat.Pcm24 => 3, _ => 2 };
}
