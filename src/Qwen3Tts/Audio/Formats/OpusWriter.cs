// Writes Opus in Ogg (RFC 7845): mono, in packets of 20 ms. The codec is Concentus, which is made here by its own class, so that it never
// looks for a native library.
using System.Text;
using Concentus.Enums;
using Concentus.Structs;

namespace Qwen3Tts.Audio;

static class OpusWriter
{
    /// <summary>Bits per second, on average. Listeners do not tell speech at this rate from the original.</summary>
    const int BitRate = 64_000;
    const int PacketsPerSecond = 50, LongestPacket = 1275;
    const string Maker = "qwen3tts";

    /// <summary>Writes a whole file. The stream need not seek.</summary>
    /// <param name="stream">The stream, which is written from its current position and left open.</param>
    /// <param name="wave">What to write. A sample rate that Opus does not have becomes 48 kHz.</param>
    /// <exception cref="ArgumentException">A sample is not a finite number.</exception>
    public static void Write(Stream stream, Waveform wave)
    {
        PcmSamples.CheckFinite(wave.Samples);
        var sound = OpusHead.Has(wave.SampleRate) ? wave : wave.ToRate(OpusHead.ClockRate);
#pragma warning disable CS0618 // the maker that is recommended instead looks for a native library
        using var encoder = new OpusEncoder(sound.SampleRate, 1, OpusApplication.OPUS_APPLICATION_AUDIO)
#pragma warning restore CS0618
        {
            Bitrate = BitRate,
            SignalType = OpusSignal.OPUS_SIGNAL_VOICE,
            UseVBR = true,
            Complexity = 10,
        };
        var clock = OpusHead.ClockRate / sound.SampleRate; // positions count samples at 48 kHz
        var ogg = new OggWriter(stream);
        ogg.Add(new OpusHead(1, encoder.Lookahead * clock, wave.SampleRate, 0).ToBytes(), 0);
        ogg.EndPage();
        ogg.Add(Tags(), 0);
        ogg.EndPage();
        WriteSound(ogg, encoder, sound, clock);
    }

    static void WriteSound(OggWriter ogg, OpusEncoder encoder, Waveform sound, int clock)
    {
        var (frame, packet) = (sound.SampleRate / PacketsPerSecond, new byte[LongestPacket]);
        var end = (sound.Samples.Length + (long)encoder.Lookahead) * clock; // the decoder's output is late by the look-ahead
        var input = new float[frame];
        for (var begin = 0L; begin * clock < end; begin += frame)
        {
            var part = sound.Samples.AsSpan((int)Math.Min(begin, sound.Samples.Length));
            input.AsSpan().Clear();
            part[..Math.Min(frame, part.Length)].CopyTo(input);
            foreach (ref var sample in input.AsSpan())
                sample = Math.Clamp(sample, -1, 1);
            if (ogg.Collected == PacketsPerSecond)
                ogg.EndPage();
            ogg.Add(packet.AsSpan(0, encoder.Encode(input, frame, packet, packet.Length)), Math.Min(end, (begin + frame) * clock));
        }
        ogg.EndPage(isLast: true);
    }

    /// <summary>The second packet: the name of the program, and no comments.</summary>
    static byte[] Tags() =>
        [.. "OpusTags"u8, (byte)Maker.Length, 0, 0, 0, .. Encoding.ASCII.GetBytes(Maker), 0, 0, 0, 0];
}
