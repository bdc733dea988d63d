// Reads recordings in Ogg: Opus, Vorbis, or FLAC. The first packet names the codec.
namespace Qwen3Tts.Audio;

static class OggReader
{
    const int FlacMapping = 9; // bytes that precede the letters fLaC in the first packet

    /// <summary>The recording, mono, at its codec's rate.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or its codec is not supported.</exception>
    public static Waveform Read(byte[] file, AudioErrors errors)
    {
        var packets = new OggPackets(file, errors).Read();
        var first = packets[0].Bytes.Span;
        return OggCodecs.IsOpus(first) ? new OpusReader(packets, errors).Read()
            : OggCodecs.IsVorbis(first) ? new VorbisReader(packets, errors).Read()
            : Flac(packets, errors);
    }

    /// <summary>Without the pages, and the bytes before the letters fLaC, the packets are a FLAC file.</summary>
    static Waveform Flac(List<OggPacket> packets, AudioErrors errors)
    {
        if (packets[0].Bytes.Length < FlacMapping + 4 || !packets[0].Bytes.Span[FlacMapping..].StartsWith("fLaC"u8))
            throw errors.Bad("its header is not one of FLAC", errors.Convert);
        var file = new MemoryStream();
        foreach (var packet in packets)
            file.Write(packet.Bytes.Span);
        return new FlacReader(file.ToArray(), FlacMapping, errors).Read();
    }
}
