using System.Buffers.Binary;
using Qwen3Tts.Audio;

namespace Qwen3Tts.Tests.Audio;

public sealed class OggTests
{
    static byte[] Opus => File.ReadAllBytes(Golden.File("audio", "compressed", "speech_Opus.opus"));

    /// <summary>Packets of every length return, also those that end with a full segment.</summary>
    [Fact]
    public void PacketsReturn()
    {
        var (stream, expected) = (new MemoryStream(), new List<byte[]> { "OpusHead"u8.ToArray() });
        expected.AddRange(new[] { 0, 1, 254, 255, 256, 510, 511, 3000, 65_024 }.Select(n => new byte[n]));
        var writer = new OggWriter(stream);
        for (var i = 0; i < expected.Count; i++)
            writer.Add(expected[i], i);
        writer.EndPage(isLast: true);
        var packets = new OggPackets(stream.ToArray(), new("a")).Read();
        Assert.Equal(expected, packets.Select(p => p.Bytes.ToArray()));
        Assert.True(packets[^1].IsLast);
        Assert.Equal(expected.Count - 1, packets[^1].Granule);
    }

    /// <summary>A packet that goes on in the next page is put together again.</summary>
    [Fact]
    public void PacketsMaySpanPages()
    {
        byte[] first = Page(2, 0, 0, [255], [.. "OpusHead"u8, .. new byte[247]]), second = Page(5, 7, 1, [3], [1, 2, 3]);
        var packet = Assert.Single(new OggPackets([.. first, .. second], new("a")).Read());
        Assert.Equal((258, (long?)7, true), (packet.Bytes.Length, packet.Granule, packet.IsLast));
        Says("in the middle of a packet", first);
        Says("does not go on", [.. Page(2, 0, 0, [8], "OpusHead"u8.ToArray()), .. second]);
    }

    internal static byte[] Page(byte flags, long granule, uint number, byte[] sizes, byte[] body)
    {
        byte[] page = [.. "OggS"u8, 0, flags, .. BitConverter.GetBytes(granule), 9, 0, 0, 0, .. BitConverter.GetBytes(number), 0, 0, 0, 0,
            (byte)sizes.Length, .. sizes, .. body];
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(22), Checksum.Ogg.Of(page));
        return page;
    }

    [Fact]
    public void DamageIsNamed()
    {
        var file = Opus;
        Says("the checksum of the page at byte 0 is wrong", [.. file[..20], 7, .. file[21..]]);
        Says("in the middle of the page", file[..^5]);
        Says("there is no page at byte", [.. file, 1, 2]);
        Says("a second recording follows", [.. file, .. file]);
        Says("none of its streams", Page(2, 0, 0, [6], "Speex "u8.ToArray()));
        var second = file.AsSpan(4).IndexOf("OggS"u8) + 4;
        var third = file.AsSpan(second + 4).IndexOf("OggS"u8) + second + 4;
        Says("has the number 2, and 1 was expected", [.. file[..second], .. file[third..]]);
    }

    /// <summary>A stream of another kind between the pages, such as a picture, is left out.</summary>
    [Fact]
    public void OtherStreamsAreLeftOut()
    {
        var file = Opus;
        var second = file.AsSpan(4).IndexOf("OggS"u8) + 4;
        var other = Page(2, 0, 0, [7], [0x80, .. "theora"u8]);
        other[14] = 77;
        other.AsSpan(22, 4).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(other.AsSpan(22), Checksum.Ogg.Of(other));
        Assert.Equal(AudioFileTests.Read(file).Samples, AudioFileTests.Read([.. file[..second], .. other, .. file[second..]]).Samples);
    }

    /// <summary>FLAC in Ogg: the packets of a FLAC file, with a few bytes before the first.</summary>
    [Fact]
    public void FlacMayStandInOgg()
    {
        var flac = new MemoryStream();
        FlacWriter.Write(flac, new([0.5f, -0.25f, 0], 24000), 16);
        var (file, ogg) = (flac.ToArray(), new MemoryStream());
        var writer = new OggWriter(ogg);
        writer.Add([0x7F, .. "FLAC"u8, 1, 0, 0, 0, .. file[..42]], 0);
        writer.EndPage();
        writer.Add(file[42..], 3);
        writer.EndPage(isLast: true);
        Assert.Equal([0.5f, -0.25f, 0], AudioFileTests.Read(ogg.ToArray()).Samples);
    }

    static void Says(string what, byte[] file)
    {
        var message = Assert.Throws<InvalidDataException>(() => AudioFileTests.Read(file)).Message;
        Assert.StartsWith("a.audio: ", message, StringComparison.Ordinal);
        Assert.Contains(what, message, StringComparison.Ordinal);
    }
}
