// Reads Opus in Ogg (RFC 7845), always at 48 kHz, which every decoder has: at lower rates, Concentus 2.2.2 leaves out the low half of the
// sound in packets of the hybrid mode. The decoder is made here by its own class, so that it never looks for a native library.
using Concentus.Structs;

namespace Qwen3Tts.Audio;

/// <param name="packets">All packets of the stream.</param>
/// <param name="errors">Makes the messages.</param>
sealed class OpusReader(List<OggPacket> packets, AudioErrors errors)
{
    const int LongestPacket = 5760; // samples: 120 ms

    /// <summary>The recording, mono, at 48 kHz.</summary>
    /// <exception cref="InvalidDataException">The stream is damaged, or has more than two channels.</exception>
    public Waveform Read()
    {
        var head = OpusHead.Read(packets[0].Bytes.Span, errors);
        if (packets.Count < 2 || !packets[1].Bytes.Span.StartsWith("OpusTags"u8))
            throw errors.Bad("its second packet is not one of Opus", AudioErrors.Again);
        var mixer = new MonoMixer(head.Channels, errors);
#pragma warning disable CS0618 // the maker that is recommended instead looks for a native library
        using var decoder = new OpusDecoder(OpusHead.ClockRate, head.Channels);
#pragma warning restore CS0618
        var sound = new float[LongestPacket * head.Channels];
        var (begin, end) = ((long?)null, (long?)null);
        for (var i = 2; i < packets.Count; i++)
        {
            var values = sound.AsSpan(0, Decode(decoder, i, sound) * head.Channels);
            foreach (ref var value in values)
                value *= head.Factor;
            mixer.Add(values);
            if (packets[i].Granule is not { } granule)
                continue;
            // A stream that was recorded from a broadcast does not begin at 0. A stream may also end within its first page.
            begin ??= Math.Max(0, granule - mixer.Count);
            if (packets[i].IsLast)
                end = granule - begin;
        }
        return mixer.Finish(OpusHead.ClockRate, head.Skip, end - head.Skip);
    }

    /// <summary>Decodes a packet; returns the number of samples of each channel.</summary>
    int Decode(OpusDecoder decoder, int packet, float[] sound)
    {
        try
        {
            return packets[packet].Bytes.Length == 0 ? throw new InvalidDataException("it is empty")
                : decoder.Decode(packets[packet].Bytes.Span, sound, LongestPacket, false);
        }
        catch (Exception e) when (e is not OutOfMemoryException) // the decoder has errors of many types for a damaged packet
        {
            throw errors.Bad($"its Opus packet {packet - 1} cannot be decoded", AudioErrors.Again, "a packet cannot be decoded", e);
        }
    }
}
