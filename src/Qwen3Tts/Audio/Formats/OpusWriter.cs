// Writes Opus in Ogg (RFC 7845): mono, in packets of 20 ms. The codec is Concentus, which is made here by its own class, so that it never
// looks for a native library.
using Concentus.Enums;
using Concentus.Structs;

namespace Qwen3Tts.Audio;

sealed class OpusWriter
{
    /// <summary>Bits per second, on average. Listeners do not tell speech at this rate from the original.</summary>
    const int BitRate = 64_000;
    const int PacketsPerSecond = 50, LongestPacket = 1275;

    readonly OggWriter _ogg;
    readonly OpusEncoder _encoder;
    readonly float[] _input;
    readonly byte[] _packet = new byte[LongestPacket];
    readonly int _clock; // positions count samples at 48 kHz
    int _filled; // of the input
    long _encoded, _added;

    /// <summary>Writes the headers. The stream need not seek.</summary>
    /// <param name="stream">The stream, which is written from its current position and left open.</param>
    /// <param name="rate">Samples per second, one of those that Opus has.</param>
    /// <param name="original">Samples per second of the original, for the header.</param>
    /// <param name="tags">Facts for the comment; null for none.</param>
    public OpusWriter(Stream stream, int rate, int original, AudioTags? tags)
    {
#pragma warning disable CS0618 // the maker that is recommended instead looks for a native library
        _encoder = new(rate, 1, OpusApplication.OPUS_APPLICATION_AUDIO)
#pragma warning restore CS0618
        {
            Bitrate = BitRate,
            SignalType = OpusSignal.OPUS_SIGNAL_VOICE,
            UseVBR = true,
            Complexity = 10,
        };
        (_clock, _input) = (OpusHead.ClockRate / rate, new float[rate / PacketsPerSecond]);
        _ogg = new(stream);
        _ogg.Add(new OpusHead(1, _encoder.Lookahead * _clock, original, 0).ToBytes(), 0);
        _ogg.EndPage();
        _ogg.Add([.. "OpusTags"u8, .. AudioTags.VorbisComment(tags)], 0);
        _ogg.EndPage();
    }

    /// <summary>Writes samples while they arrive. The stream need not seek.</summary>
    /// <param name="stream">The stream, which is written from its current position and left open.</param>
    /// <param name="rate">Samples per second. A rate that Opus does not have becomes 48 kHz.</param>
    /// <param name="chunks">The samples, which are generated while they are enumerated.</param>
    /// <param name="tags">Facts for the comment; null for none.</param>
    /// <exception cref="ArgumentException">A sample is not a finite number.</exception>
    public static void Write(Stream stream, int rate, IEnumerable<float[]> chunks, AudioTags? tags = null)
    {
        var original = rate;
        if (!OpusHead.Has(rate))
            (rate, chunks) = (OpusHead.ClockRate, Resampler.ResampleInPieces(Finite(chunks), rate, OpusHead.ClockRate));
        var writer = new OpusWriter(stream, rate, original, tags);
        foreach (var chunk in Finite(chunks))
            writer.Add(chunk);
        writer.End();
    }

    static IEnumerable<float[]> Finite(IEnumerable<float[]> chunks)
    {
        foreach (var chunk in chunks)
        {
            PcmSamples.CheckFinite(chunk);
            yield return chunk;
        }
    }

    /// <summary>Encodes samples. Pages have a second of sound.</summary>
    public void Add(ReadOnlySpan<float> samples)
    {
        _added += samples.Length;
        while (samples.Length > 0)
        {
            var part = samples[..Math.Min(samples.Length, _input.Length - _filled)];
            foreach (var sample in part)
                _input[_filled++] = Math.Clamp(sample, -1, 1);
            samples = samples[part.Length..];
            if (_filled == _input.Length)
                EndPacket(long.MaxValue);
        }
    }

    /// <summary>Writes the packets that are complete as a page.</summary>
    public void EndPage()
    {
        if (_ogg.Collected > 0)
            _ogg.EndPage();
    }

    /// <summary>Writes the rest.</summary>
    public void End()
    {
        var end = (_added + _encoder.Lookahead) * _clock; // the decoder's output is late by the look-ahead
        while (_encoded * _clock < end)
            EndPacket(end);
        _ogg.EndPage(isLast: true);
    }

    void EndPacket(long end)
    {
        _input.AsSpan(_filled).Clear();
        _filled = 0;
        if (_ogg.Collected == PacketsPerSecond)
            _ogg.EndPage();
        _encoded += _input.Length;
        _ogg.Add(_packet.AsSpan(0, _encoder.Encode(_input, _input.Length, _packet, _packet.Length)), Math.Min(end, _encoded * _clock));
    }
}
