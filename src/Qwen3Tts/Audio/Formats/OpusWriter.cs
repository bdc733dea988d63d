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

    /// <summary>Writes samples while they arrive. The stream need not seek.</summary>
    /// <param name="stream">The stream, which is written from its current position and left open.</param>
    /// <param name="rate">Samples per second. A rate that Opus does not have becomes 48 kHz; then all samples are collected before.</param>
    /// <param name="chunks">The samples, which are generated while they are enumerated.</param>
    /// <exception cref="ArgumentException">A sample is not a finite number.</exception>
    public static void Write(Stream stream, int rate, IEnumerable<float[]> chunks)
    {
        var given = rate;
        if (!OpusHead.Has(rate))
            (rate, chunks) = (OpusHead.ClockRate, Resampled(rate, chunks));
#pragma warning disable CS0618 // the maker that is recommended instead looks for a native library
        using var encoder = new OpusEncoder(rate, 1, OpusApplication.OPUS_APPLICATION_AUDIO)
#pragma warning restore CS0618
        {
            Bitrate = BitRate,
            SignalType = OpusSignal.OPUS_SIGNAL_VOICE,
            UseVBR = true,
            Complexity = 10,
        };
        var ogg = new OggWriter(stream);
        ogg.Add(new OpusHead(1, encoder.Lookahead * (OpusHead.ClockRate / rate), given, 0).ToBytes(), 0);
        ogg.EndPage();
        ogg.Add(Tags(), 0);
        ogg.EndPage();
        WriteSound(ogg, encoder, rate, chunks);
    }

    static IEnumerable<float[]> Resampled(int rate, IEnumerable<float[]> chunks)
    {
        float[] all = [.. chunks.SelectMany(c => c)];
        PcmSamples.CheckFinite(all);
        yield return new Waveform(all, rate).ToRate(OpusHead.ClockRate).Samples;
    }

    static void WriteSound(OggWriter ogg, OpusEncoder encoder, int rate, IEnumerable<float[]> chunks)
    {
        var (frame, packet, clock) = (rate / PacketsPerSecond, new byte[LongestPacket], OpusHead.ClockRate / rate);
        var (begin, count) = (0L, 0L);
        foreach (var block in SampleBlocks.Of(chunks, frame))
        {
            count += block.Length;
            if (block.Length == frame)
                Add(block, count);
            else
                Add([.. block, .. new float[frame - block.Length]], count + encoder.Lookahead);
        }
        while (begin < count + encoder.Lookahead) // the decoder's output is late by the look-ahead
            Add(new float[frame], count + encoder.Lookahead);
        ogg.EndPage(isLast: true);

        // end: the samples so far, which are fewer than those of the last packet; positions count samples at 48 kHz
        void Add(float[] block, long end)
        {
            foreach (ref var sample in block.AsSpan())
                sample = Math.Clamp(sample, -1, 1);
            if (ogg.Collected == PacketsPerSecond)
                ogg.EndPage();
            begin += frame;
            ogg.Add(packet.AsSpan(0, encoder.Encode(block, frame, packet, packet.Length)), Math.Min(end, begin) * clock);
        }
    }

    /// <summary>The second packet: the name of the program, and no comments.</summary>
    static byte[] Tags() =>
        [.. "OpusTags"u8, (byte)Maker.Length, 0, 0, 0, .. Encoding.ASCII.GetBytes(Maker), 0, 0, 0, 0];
}
