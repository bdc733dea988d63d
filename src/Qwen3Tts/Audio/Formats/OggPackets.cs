// Reads the container Ogg (RFC 3533): pages, each with a checksum, that hold the packets of a codec. Of several streams in a file the first
// one with sound is read. A page that is damaged or missing is an error, because the recording would be shorter than its text.
using System.Buffers.Binary;

namespace Qwen3Tts.Audio;

/// <summary>A packet of a codec.</summary>
/// <param name="Bytes">The packet.</param>
/// <param name="Granule">Position of the end of the page's last packet, in samples, if this packet is that one; else null.</param>
/// <param name="IsLast">The stream ends with this packet.</param>
readonly record struct OggPacket(ReadOnlyMemory<byte> Bytes, long? Granule, bool IsLast);

/// <param name="file">The whole file.</param>
/// <param name="errors">Makes the messages.</param>
sealed class OggPackets(byte[] file, AudioErrors errors)
{
    const int HeaderBytes = 27, Continued = 1, First = 2, Last = 4;

    readonly List<OggPacket> _packets = [];
    readonly List<byte> _begun = []; // a packet that goes on in the next page
    bool _isBegun, _isEnded;
    uint? _stream; // number of the stream that is read
    uint _page; // number of its next page

    /// <summary>All packets of the first stream with sound.</summary>
    /// <exception cref="InvalidDataException">A page is damaged, missing or not complete, or no stream has sound.</exception>
    public List<OggPacket> Read()
    {
        for (var at = 0; at < file.Length;)
            at += ReadPage(at);
        if (_stream is null)
            throw errors.Bad("none of its streams is Vorbis, Opus or FLAC", errors.Convert);
        if (_isBegun)
            throw errors.Bad("it ends in the middle of a packet", AudioErrors.Again);
        return _packets;
    }

    /// <summary>Reads a page; returns its length.</summary>
    int ReadPage(int at)
    {
        var header = file.AsSpan(at);
        if (!"OggS"u8.StartsWith(header[..Math.Min(4, header.Length)]))
            throw errors.Bad($"there is no page at byte {at}", AudioErrors.Again, "there is no page");
        if (header.Length < HeaderBytes || header.Length < HeaderBytes + header[26])
            throw CutOff(at);
        var sizes = header.Slice(HeaderBytes, header[26]);
        var body = HeaderBytes + sizes.Length;
        var length = body;
        foreach (var size in sizes)
            length += size;
        if (length > header.Length)
            throw CutOff(at);
        var page = header[..length];
        var checksum = Checksum.Ogg.Of(page[26..], Checksum.Ogg.Of([0, 0, 0, 0], Checksum.Ogg.Of(page[..22])));
        if (header[4] != 0 || checksum != BinaryPrimitives.ReadUInt32LittleEndian(page[22..]))
            throw errors.Bad($"the checksum of the page at byte {at} is wrong", AudioErrors.Again, "the checksum of a page is wrong");
        if (IsOfStream(page, page[body..], at))
            AddPackets(at, sizes, at + body);
        return length;
    }

    InvalidDataException CutOff(int at) => errors.Bad($"it ends in the middle of the page at byte {at}", AudioErrors.Again,
        "it ends in the middle of a page");

    bool IsOfStream(ReadOnlySpan<byte> page, ReadOnlySpan<byte> body, int at)
    {
        var (stream, number) = (BinaryPrimitives.ReadUInt32LittleEndian(page[14..]), BinaryPrimitives.ReadUInt32LittleEndian(page[18..]));
        if ((page[5] & First) != 0 && OggCodecs.IsKnown(body))
        {
            if (_isEnded)
                throw errors.Bad($"a second recording follows at byte {at}", "Cut it into one file for each recording.",
                    "a second recording follows");
            if (_stream is null)
                (_stream, _page) = (stream, number);
        }
        if (stream != _stream || _isEnded)
            return false;
        if (number != _page++)
            throw errors.Bad($"the page at byte {at} has the number {number}, and {_page - 1} was expected", AudioErrors.Again,
                "a page is missing");
        return true;
    }

    void AddPackets(int at, ReadOnlySpan<byte> sizes, int body)
    {
        var flags = file[at + 5];
        if ((flags & Continued) != 0 != _isBegun)
            throw errors.Bad($"the page at byte {at} does not go on where the page before ended", AudioErrors.Again, "a page is missing");
        var granule = BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at + 6));
        var lastEnd = sizes.LastIndexOfAnyExcept((byte)255);
        for (var (i, begin, length) = (0, body, 0); i < sizes.Length; i++)
        {
            length += sizes[i];
            if (sizes[i] == 255 && i + 1 < sizes.Length)
                continue;
            var part = file.AsMemory(begin, length);
            (begin, length) = (begin + length, 0);
            if (_isBegun || sizes[i] == 255)
                _begun.AddRange(part.Span);
            if (sizes[i] == 255)
            {
                _isBegun = true;
                break;
            }
            _packets.Add(new(_isBegun ? _begun.ToArray() : part, i == lastEnd && granule >= 0 ? granule : null,
                i == lastEnd && (flags & Last) != 0));
            _isBegun = false;
            _begun.Clear();
        }
        _isEnded = (flags & Last) != 0;
        if (_isEnded && sizes.IsEmpty && _packets.Count > 0) // some programs end a stream with an empty page
            _packets[^1] = _packets[^1] with { Granule = granule >= 0 ? granule : null, IsLast = true };
    }
}

/// <summary>The codecs that Ogg holds, by the first bytes of the first packet.</summary>
static class OggCodecs
{
    public static bool IsOpus(ReadOnlySpan<byte> packet) => packet.StartsWith("OpusHead"u8);
    public static bool IsVorbis(ReadOnlySpan<byte> packet) => packet.StartsWith("\u0001vorbis"u8);
    public static bool IsFlac(ReadOnlySpan<byte> packet) => packet.StartsWith("\u007FFLAC"u8);
    public static bool IsKnown(ReadOnlySpan<byte> packet) => IsOpus(packet) || IsVorbis(packet) || IsFlac(packet);
}
