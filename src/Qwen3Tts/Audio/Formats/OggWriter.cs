// Writes the container Ogg (RFC 3533): packets of a codec in pages of about a second.
using System.Buffers.Binary;

namespace Qwen3Tts.Audio;

/// <param name="stream">The stream, which need not seek.</param>
sealed class OggWriter(Stream stream)
{
    const int HeaderBytes = 27, MostSizes = 255;
    const uint StreamNumber = 1; // any number; a file holds one stream, and the same speech has the same bytes

    readonly List<byte> _sizes = [], _body = [];
    uint _pages;
    int _packets; // in the page that is collected
    long _granule;

    /// <summary>Adds a packet.</summary>
    /// <param name="packet">Bytes of the packet, at most 65,024 so that it fits into a page.</param>
    /// <param name="granule">Position of its end, in samples of the codec's clock.</param>
    public void Add(ReadOnlySpan<byte> packet, long granule)
    {
        if (_sizes.Count + packet.Length / 255 + 1 > MostSizes)
            EndPage();
        for (var left = packet.Length; ; left -= 255)
        {
            _sizes.Add((byte)Math.Min(left, 255));
            if (left < 255)
                break;
        }
        _body.AddRange(packet);
        (_granule, _packets) = (granule, _packets + 1);
    }

    /// <summary>Number of packets that are collected and not written yet.</summary>
    public int Collected => _packets;

    /// <summary>Writes the collected packets as a page.</summary>
    /// <param name="isLast">The stream ends with this page.</param>
    public void EndPage(bool isLast = false)
    {
        var page = new byte[HeaderBytes + _sizes.Count + _body.Count];
        "OggS"u8.CopyTo(page);
        page[5] = (byte)((_pages == 0 ? 2 : 0) | (isLast ? 4 : 0));
        BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(6), _granule);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(14), StreamNumber);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(18), _pages++);
        page[26] = (byte)_sizes.Count;
        _sizes.CopyTo(page, HeaderBytes);
        _body.CopyTo(page, HeaderBytes + _sizes.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(22), Checksum.Ogg.Of(page));
        stream.Write(page);
        _sizes.Clear();
        _body.Clear();
        _packets = 0;
    }
}
