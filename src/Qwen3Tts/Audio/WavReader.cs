// Walks the chunks of one WAV stream. Nothing is believed before it is read: memory grows with the bytes that really arrive, never with
// what a header announces.
using System.Buffers.Binary;
using System.Text;

namespace Qwen3Tts.Audio;

sealed class WavReader(Stream stream, string name)
{
    const int Pcm = 1, Float = 3, ALaw = 6, MuLaw = 7, Extensible = 0xFFFE;
    const uint Unknown = uint.MaxValue; // the size in files that were streamed, and in RF64

    int _encoding, _channels, _rate, _sampleBytes;

    public Waveform Read()
    {
        var head = new byte[12];
        var got = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        var riff = got == 12 && head.AsSpan(8, 4).SequenceEqual("WAVE"u8) && (head.AsSpan(0, 4).SequenceEqual("RIFF"u8) || head.AsSpan(0, 4).SequenceEqual("RF64"u8));
        if (!riff)
            throw new InvalidDataException(NotWav.Describe(head.AsSpan(0, got), name));
        var streamed = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(4)) is 0 or Unknown;
        var longSize = long.MaxValue; // RF64 says in ds64 what does not fit elsewhere
        var chunk = new byte[8];
        while (stream.ReadAtLeast(chunk, chunk.Length, throwOnEndOfStream: false) == chunk.Length)
        {
            var size = BinaryPrimitives.ReadUInt32LittleEndian(chunk.AsSpan(4));
            switch (Encoding.Latin1.GetString(chunk, 0, 4))
            {
                case "fmt ":
                    ReadFormat(size);
                    break;
                case "ds64":
                    longSize = (long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(ReadChunk(size, 16).AsSpan(8)), long.MaxValue);
                    break;
                case "data" when _channels == 0:
                    throw Bad("its samples come before their format", Convert);
                case "data":
                    return new(ReadSamples(size == Unknown ? longSize : size == 0 && streamed ? long.MaxValue : size), _rate);
                default:
                    Skip(size + (long)(size & 1));
                    break;
            }
        }
        throw Bad("it ends before any samples", Again);
    }

    void ReadFormat(uint size)
    {
        var format = ReadChunk(size, 16);
        _encoding = BinaryPrimitives.ReadUInt16LittleEndian(format);
        _channels = BinaryPrimitives.ReadUInt16LittleEndian(format.AsSpan(2));
        var rate = BinaryPrimitives.ReadUInt32LittleEndian(format.AsSpan(4));
        var frameBytes = BinaryPrimitives.ReadUInt16LittleEndian(format.AsSpan(12));
        var bits = BinaryPrimitives.ReadUInt16LittleEndian(format.AsSpan(14));
        if (_encoding == Extensible && format.Length >= 26)
            _encoding = BinaryPrimitives.ReadUInt16LittleEndian(format.AsSpan(24)); // the true one opens the sub-format's GUID
        _sampleBytes = (bits + 7) / 8;
        var known = (_encoding, _sampleBytes) is (Pcm, >= 1 and <= 4) or (Float, 4 or 8) or (ALaw or MuLaw, 1);
        if (!known)
            throw Bad($"it holds {Name(_encoding)} of {bits} bits", Convert);
        if (_channels == 0 || frameBytes != _channels * _sampleBytes)
            throw Bad($"its header contradicts itself ({_channels} channels of {bits} bits in {frameBytes} bytes)", Convert);
        if (rate is < 1000 or > 768_000)
            throw Bad($"its sample rate is {rate} Hz, which is outside 1000 to 768000", Convert);
        _rate = (int)rate;
    }

    static string Name(int encoding) => encoding switch
    {
        Pcm => "PCM",
        Float => "floating-point numbers",
        ALaw => "A-law",
        MuLaw => "mu-law",
        2 or 0x11 => "ADPCM",
        0x31 => "GSM 6.10",
        0x50 or 0x55 => "MPEG audio",
        _ => $"the unknown encoding 0x{encoding:x4}",
    };

    /// <summary>Reads up to <paramref name="bytes"/>, or to the end of the stream if that comes first, and averages the channels.</summary>
    float[] ReadSamples(long bytes)
    {
        var frameBytes = _channels * _sampleBytes;
        var decode = Decoder();
        var buffer = new byte[Math.Max(1, 65536 / frameBytes) * frameBytes];
        var samples = new float[stream.CanSeek ? Math.Clamp(Math.Min(bytes, stream.Length - stream.Position) / frameBytes, 0, Array.MaxLength) : 0];
        var count = 0;
        while (bytes > 0)
        {
            var got = stream.ReadAtLeast(buffer.AsSpan(0, (int)Math.Min(bytes, buffer.Length)), buffer.Length < bytes ? buffer.Length : (int)bytes, throwOnEndOfStream: false);
            var frames = got / frameBytes; // half a frame at the end is dropped
            if (frames == 0)
                break;
            bytes -= got;
            if (count > Array.MaxLength - frames)
                throw Bad($"it has more than {Array.MaxLength} samples", "Cut it into pieces.");
            if (count + frames > samples.Length)
                Array.Resize(ref samples, (int)Math.Min(Array.MaxLength, Math.Max(2L * samples.Length, count + frames)));
            for (var f = 0; f < frames; f++)
                samples[count++] = Average(buffer.AsSpan(f * frameBytes, frameBytes), decode, count);
        }
        Array.Resize(ref samples, count);
        return samples;
    }

    float Average(ReadOnlySpan<byte> frame, Func<ReadOnlySpan<byte>, float> decode, int at)
    {
        var sum = 0f; // float32 in the order of the channels, as the official loader's mean
        for (var c = 0; c < _channels; c++)
            sum += decode(frame.Slice(c * _sampleBytes, _sampleBytes));
        return float.IsFinite(sum) ? sum / _channels : throw Bad($"its sample {at} is not a finite number", Convert);
    }

    Func<ReadOnlySpan<byte>, float> Decoder() => (_encoding, _sampleBytes) switch
    {
        (Pcm, 1) => static b => (b[0] - 128) / 128f,
        (Pcm, 2) => static b => BinaryPrimitives.ReadInt16LittleEndian(b) / 32768f,
        (Pcm, 3) => static b => (b[0] | b[1] << 8 | (sbyte)b[2] << 16) / 8388608f,
        (Pcm, _) => static b => BinaryPrimitives.ReadInt32LittleEndian(b) / 2147483648f,
        (Float, 4) => BinaryPrimitives.ReadSingleLittleEndian,
        (Float, _) => static b => (float)BinaryPrimitives.ReadDoubleLittleEndian(b),
        (ALaw, _) => static b => FromALaw(b[0]) / 32768f,
        _ => static b => FromMuLaw(b[0]) / 32768f,
    };

    /// <summary>ITU-T G.711: sign, three bits of exponent, four of mantissa; every other bit is inverted.</summary>
    static int FromALaw(byte code)
    {
        var c = code ^ 0x55;
        var (exponent, mantissa) = (c >> 4 & 7, (c & 15) << 4);
        var value = exponent == 0 ? mantissa + 8 : mantissa + 0x108 << exponent - 1;
        return (c & 0x80) != 0 ? value : -value;
    }

    /// <summary>ITU-T G.711: as above with all bits inverted and a bias of 132.</summary>
    static int FromMuLaw(byte code)
    {
        var c = ~code;
        var value = (((c & 15) << 3) + 132 << (c >> 4 & 7)) - 132;
        return (c & 0x80) != 0 ? -value : value;
    }

    /// <summary>The first bytes of a chunk, at most 64; the rest is skipped.</summary>
    byte[] ReadChunk(uint size, int atLeast)
    {
        if (size < atLeast)
            throw Bad($"one of its headers has {size} bytes instead of {atLeast}", Convert);
        var bytes = new byte[Math.Min(size, 64)];
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            throw Bad("it ends in the middle of a header", Again);
        Skip(size - bytes.Length + (size & 1));
        return bytes;
    }

    void Skip(long bytes)
    {
        if (stream.CanSeek)
        {
            stream.Position = Math.Min(stream.Length, stream.Position + bytes);
            return;
        }
        var buffer = new byte[Math.Min(bytes, 65536)];
        while (bytes > 0 && stream.Read(buffer, 0, (int)Math.Min(bytes, buffer.Length)) is > 0 and var got)
            bytes -= got;
    }

    string Convert => $"Convert it with: ffmpeg -i \"{name}\" -c:a pcm_s16le out.wav";
    const string Again = "Copy or record it again.";

    InvalidDataException Bad(string what, string remedy) => new($"{name}: {what}. {remedy}");
}
