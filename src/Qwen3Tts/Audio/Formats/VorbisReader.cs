// Reads Vorbis in Ogg. The decoder is NVorbis; it gets the packets of our own reader of Ogg, whose checksums were compared, and headers
// that were checked before: NVorbis reserves memory for what a header announces, and some values make it wait for ever. So does an end of
// the stream that lies before its last packet; therefore the end is cut off here.
using NVorbis;
using IPacket = NVorbis.Contracts.IPacket;

namespace Qwen3Tts.Audio;

/// <param name="packets">All packets of the stream.</param>
/// <param name="errors">Makes the messages.</param>
sealed class VorbisReader(List<OggPacket> packets, AudioErrors errors)
{
    /// <summary>The recording, mono, at its own rate.</summary>
    /// <exception cref="InvalidDataException">The stream is damaged.</exception>
    public Waveform Read()
    {
        var (channels, rate, longest) = VorbisHeaders.Check(packets, errors);
        var (mixer, excess) = (new MonoMixer(channels, errors), 0L);
        var values = new float[4096 * channels];
        try
        {
            using var decoder = new StreamDecoder(new Packets(packets)) { ClipSamples = false };
            while (decoder.Read(values, 0, values.Length) is > 0 and var count)
                mixer.Add(values.AsSpan(0, count));
            excess = decoder.SamplePosition - packets[^1].Granule ?? 0;
        }
        catch (Exception e) when (e is not (OutOfMemoryException or InvalidDataException { Data.Count: > 0 }))
        {
            // the decoder has errors of many types for a damaged packet; those of the mixer have a cause in their data
            throw errors.Bad($"its Vorbis packets cannot be decoded after {mixer.Count} samples", AudioErrors.Again,
                "its packets cannot be decoded", e);
        }
        // A packet adds half a block at most. An end that lies further back is not one.
        return mixer.Finish(rate, length: excess > 0 && excess <= longest / 2 ? mixer.Count - excess : null);
    }

    sealed class Packets(List<OggPacket> packets) : NVorbis.Contracts.IPacketProvider
    {
        int _next;

        public bool CanSeek => false;
        public int StreamSerial => 0;
        public IPacket GetNextPacket() => At(_next++)!;
        public IPacket PeekNextPacket() => At(_next)!;
        public long GetGranuleCount() => throw new NotSupportedException();
        public long SeekTo(long granulePos, int preRoll,
            NVorbis.Contracts.GetPacketGranuleCount getPacketGranuleCount) => throw new NotSupportedException();

        /// <summary>A packet, or null behind the last one.</summary>
        Packet? At(int index) => index >= packets.Count ? null
            : index == VorbisHeaders.Comments ? new(VorbisHeaders.NoComments)
            : new(packets[index].Bytes)
            {
                GranulePosition = index + 1 < packets.Count ? packets[index].Granule : null,
                IsEndOfStream = packets[index].IsLast,
            };
    }

    sealed class Packet(ReadOnlyMemory<byte> bytes) : DataPacket
    {
        int _at;

        protected override int TotalBits => 8 * bytes.Length;
        protected override int ReadNextByte() => _at < bytes.Length ? bytes.Span[_at++] : -1;

        public override void Reset()
        {
            _at = 0;
            base.Reset();
        }
    }
}
