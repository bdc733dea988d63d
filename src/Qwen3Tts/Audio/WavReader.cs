// Reads the chunks of one WAV stream one after the other. No size in a header is trusted: memory grows with the bytes that really arrive,
// never with the size that a header announces. Two defects of real files are handled: a program that was stopped leaves sizes of 0 in the
// header, and some programs omit the padding byte behind a chunk of odd length. Both are recognised by the bytes that follow.
using System.Buffers.Binary;
using System.Text;

namespace Qwen3Tts.Audio;

/// <param name="stream">The file, from the first byte that is not in <paramref name="begin"/>.</param>
/// <param name="errors">Makes the messages.</param>
/// <param name="begin">Bytes that were read from the stream already.</param>
sealed class WavReader(Stream stream, AudioErrors errors, byte[]? begin = null)
{
    const int Pcm = 1, Float = 3, ALaw = 6, MuLaw = 7, Extensible = 0xFFFE;
    const uint Unknown = uint.MaxValue; // the size that streamed files and RF64 files announce

    // Names of chunks in real files. The bytes behind a chunk of odd length or of length 0 are compared with them.
    static readonly HashSet<string> Names =
    [
        "fmt ", "data", "fact", "LIST", "ds64", "bext",
        "junk", "JUNK", "FLLR", "PAD ", "cue ", "smpl", "inst",
        "plst", "note", "labl", "id3 ", "ID3 ", "iXML", "axml",
        "chna", "cart", "PEAK", "_PMX",
        "umid", "levl", "acid", "strc", "DISP", "LGWV", "minf", "elm1", "regn",
    ];

    int _encoding, _channels, _rate, _sampleBytes;
    long _at; // bytes read or skipped so far
    byte[] _ahead = begin ?? []; // bytes that were read ahead and are to be read again

    public Waveform Read()
    {
        var head = new byte[12];
        var got = Fill(head);
        if (!AudioKind.IsWav(head.AsSpan(0, got)))
            throw errors.NotRead(head.AsSpan(0, got), "a WAV file");
        var riffSize = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(4));
        var longSize = long.MaxValue; // RF64 and BW64 store sizes above 32 bits in the chunk ds64
        var chunk = new byte[8];
        while (Fill(chunk) == chunk.Length)
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
                    throw errors.Bad("its samples come before their format", errors.Convert);
                case "data":
                    return ReadSamples(DataBytes(size == Unknown ? longSize : size, riffSize));
                default:
                    Skip(size);
                    SkipPadding(size);
                    break;
            }
        }
        throw errors.Bad("it ends before any samples", AudioErrors.Again);
    }

    /// <summary>
    /// Number of bytes of samples. A size of 0 means that the header is unfinished, unless another chunk follows at the place that the size
    /// leads to.
    /// </summary>
    long DataBytes(long size, uint riffSize)
    {
        if (size != 0)
            return size;
        var next = new byte[4];
        next = next[..Fill(next)];
        _ahead = next;
        _at -= next.Length;
        var goesOn = riffSize is 0 or Unknown || riffSize + 8L > _at;
        return goesOn && riffSize != 0 && Names.Contains(Encoding.Latin1.GetString(next)) ? 0 : long.MaxValue;
    }

    /// <summary>Reads until <paramref name="into"/> is full or the stream ends, and returns the number of bytes read.</summary>
    int Fill(Span<byte> into)
    {
        var given = Math.Min(_ahead.Length, into.Length);
        _ahead.AsSpan(0, given).CopyTo(into);
        _ahead = _ahead[given..];
        var got = given + stream.ReadAtLeast(into[given..], into.Length - given, throwOnEndOfStream: false);
        _at += got;
        return got;
    }

    /// <summary>Skips the padding byte behind a chunk of odd length, if there is one. The first letter of a chunk is none.</summary>
    void SkipPadding(uint size)
    {
        if ((size & 1) == 0)
            return;
        var next = new byte[5];
        next = next[..Fill(next)];
        var text = Encoding.Latin1.GetString(next);
        var unpadded = text.Length >= 4 && next[0] != 0 && !Names.Contains(text[1..])
            && (Names.Contains(text[..4]) || text[..4].All(char.IsAscii) && !text[..4].Any(char.IsControl));
        _ahead = unpadded || next.Length == 0 ? next : next[1..];
        _at -= _ahead.Length;
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
            _encoding = BinaryPrimitives.ReadUInt16LittleEndian(format.AsSpan(24)); // the sub-format's GUID begins with the real encoding
        _sampleBytes = (bits + 7) / 8;
        var known = (_encoding, _sampleBytes) is (Pcm, >= 1 and <= 4) or (Float, 4 or 8) or (ALaw or MuLaw, 1);
        if (!known)
            throw errors.Bad($"it holds {Name(_encoding)} of {bits} bits", errors.Convert);
        if (_channels == 0 || frameBytes != _channels * _sampleBytes)
            throw errors.Bad($"its header contradicts itself ({_channels} channels of {bits} bits in {frameBytes} bytes)", errors.Convert);
        _rate = errors.Rate(rate);
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

    /// <summary>Reads samples of <paramref name="bytes"/> bytes, or up to the end of the stream, and averages the channels.</summary>
    Waveform ReadSamples(long bytes)
    {
        var frameBytes = _channels * _sampleBytes;
        var decode = Decoder();
        var buffer = new byte[Math.Max(1, 65536 / frameBytes) * frameBytes];
        var values = new float[buffer.Length / _sampleBytes];
        var mixer = new MonoMixer(_channels, errors,
            stream.CanSeek ? Math.Min(bytes, stream.Length - stream.Position + _ahead.Length) / frameBytes : 0);
        while (bytes > 0)
        {
            var got = Fill(buffer.AsSpan(0, (int)Math.Min(bytes, buffer.Length)));
            var count = got / frameBytes * _channels; // an incomplete frame at the end is dropped
            if (count == 0)
                break;
            bytes -= got;
            for (var i = 0; i < count; i++)
                values[i] = decode(buffer.AsSpan(i * _sampleBytes, _sampleBytes));
            mixer.Add(values.AsSpan(0, count));
        }
        return mixer.Finish(_rate);
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

    /// <summary>ITU-T G.711 A-law: sign, three bits of exponent, four of mantissa; every other bit is inverted.</summary>
    static int FromALaw(byte code)
    {
        var c = code ^ 0x55;
        var (exponent, mantissa) = (c >> 4 & 7, (c & 15) << 4);
        var value = exponent == 0 ? mantissa + 8 : mantissa + 0x108 << exponent - 1;
        return (c & 0x80) != 0 ? value : -value;
    }

    /// <summary>ITU-T G.711 mu-law: sign, exponent and mantissa as in A-law, with all bits inverted and a bias of 132.</summary>
    static int FromMuLaw(byte code)
    {
        var c = ~code;
        var value = (((c & 15) << 3) + 132 << (c >> 4 & 7)) - 132;
        return (c & 0x80) != 0 ? -value : value;
    }

    /// <summary>The first bytes of a chunk, at most 64. The rest of the chunk is skipped.</summary>
    byte[] ReadChunk(uint size, int atLeast)
    {
        if (size < atLeast)
            throw errors.Bad($"one of its headers has {size} bytes instead of {atLeast}", errors.Convert);
        var bytes = new byte[Math.Min(size, 64)];
        if (Fill(bytes) < bytes.Length)
            throw errors.Bad("it ends in the middle of a header", AudioErrors.Again);
        Skip(size - bytes.Length);
        SkipPadding(size);
        return bytes;
    }

    void Skip(long bytes)
    {
        var given = (int)Math.Min(bytes, _ahead.Length);
        (_ahead, bytes, _at) = (_ahead[given..], bytes - given, _at + bytes);
        if (stream.CanSeek)
        {
            stream.Position = Math.Max(stream.Position, Math.Min(stream.Length, stream.Position + bytes));
            return;
        }
        var buffer = new byte[Math.Min(bytes, 65536)];
        while (bytes > 0 && stream.Read(buffer, 0, (int)Math.Min(bytes, buffer.Length)) is > 0 and var got)
            bytes -= got;
    }
}
