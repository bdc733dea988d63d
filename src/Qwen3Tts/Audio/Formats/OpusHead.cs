// The header of Opus in Ogg (RFC 7845 section 5.1).
using System.Buffers.Binary;

namespace Qwen3Tts.Audio;

/// <param name="Channels">Number of channels, 1 or 2.</param>
/// <param name="Skip">Number of samples at 48 kHz that the decoder needs to begin, and that do not belong to the recording.</param>
/// <param name="Rate">Sample rate before encoding, in samples per second. It says nothing about decoding.</param>
/// <param name="Gain">Decibel to add to the decoded sound, times 256.</param>
readonly record struct OpusHead(int Channels, int Skip, int Rate, short Gain)
{
    /// <summary>Rate of the clock of all positions, in samples per second.</summary>
    public const int ClockRate = 48000;
    const int Bytes = 19;

    /// <summary>The encoder takes sound of this sample rate.</summary>
    public static bool Has(int rate) => rate is 8000 or 12000 or 16000 or 24000 or ClockRate;

    /// <summary>The factor that the decoded sound is multiplied by.</summary>
    public float Factor => Gain == 0 ? 1 : (float)Math.Pow(10, Gain / (20.0 * 256));

    /// <exception cref="InvalidDataException">The header is damaged, or has more than two channels.</exception>
    public static OpusHead Read(ReadOnlySpan<byte> packet, AudioErrors errors)
    {
        if (packet.Length < Bytes || packet[8] >> 4 != 0)
            throw errors.Bad($"its header has {packet.Length} bytes, not one of Opus", AudioErrors.Again, "its header is damaged");
        var (channels, family) = (packet[9], packet[18]);
        return family == 0 && channels is 1 or 2
            ? new(channels, BinaryPrimitives.ReadUInt16LittleEndian(packet[10..]), BinaryPrimitives.ReadInt32LittleEndian(packet[12..]),
                BinaryPrimitives.ReadInt16LittleEndian(packet[16..]))
            : throw errors.Bad($"it has {channels} channels of mapping family {family}, and only one or two of family 0 are read",
                errors.Convert);
    }

    public byte[] ToBytes()
    {
        var packet = new byte[Bytes];
        "OpusHead"u8.CopyTo(packet);
        packet[8] = 1; // version
        packet[9] = (byte)Channels;
        BinaryPrimitives.WriteUInt16LittleEndian(packet.AsSpan(10), (ushort)Skip);
        BinaryPrimitives.WriteInt32LittleEndian(packet.AsSpan(12), Rate);
        BinaryPrimitives.WriteInt16LittleEndian(packet.AsSpan(16), Gain);
        return packet;
    }
}
