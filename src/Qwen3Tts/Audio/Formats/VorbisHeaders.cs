// Checks the headers of Vorbis before the decoder sees them: the sizes that they announce, up to the end of the codebooks.
using System.Buffers.Binary;
using System.Numerics;

namespace Qwen3Tts.Audio;

static class VorbisHeaders
{
    /// <summary>Number of the packet with the comments, which the decoder does not need.</summary>
    public const int Comments = 1;
    const int Format = 0, Setup = 2;

    /// <summary>Limits for all codebooks together. Those of real files have a hundredth of it.</summary>
    const long MostEntries = 1 << 20, MostValues = 1 << 23;

    /// <summary>A packet with the name of no program and no comments.</summary>
    public static readonly byte[] NoComments = [3, .. "vorbis"u8, 0, 0, 0, 0, 0, 0, 0, 0, 1];

    /// <summary>The number of channels, the sample rate, and the samples of the longest block.</summary>
    /// <exception cref="InvalidDataException">A header is damaged.</exception>
    public static (int Channels, int Rate, int LongestBlock) Check(List<OggPacket> packets, AudioErrors errors)
    {
        var format = packets[Format].Bytes.Span;
        if (format.Length < 30 || BinaryPrimitives.ReadUInt32LittleEndian(format[7..]) != 0 || format[11] == 0)
            throw errors.Bad("its first packet is not one of Vorbis", AudioErrors.Again);
        var (small, large) = (format[28] & 15, format[28] >> 4);
        if (small < 6 || large > 13 || small > large)
            throw errors.Bad($"its blocks have {1 << small} and {1 << large} samples, and Vorbis has 64 to 8192", AudioErrors.Again);
        if (packets.Count <= Setup || !packets[Setup].Bytes.Span.StartsWith("\u0005vorbis"u8))
            throw errors.Bad("its third packet is not one of Vorbis", AudioErrors.Again);
        if (!new Codebooks(packets[Setup].Bytes).AreSane())
            throw errors.Bad("its codebooks are damaged", AudioErrors.Again);
        return (format[11], errors.Rate(BinaryPrimitives.ReadUInt32LittleEndian(format[12..])), 1 << large);
    }

    /// <summary>Reads the codebooks of the third packet without keeping them. The lowest bit of a byte comes first.</summary>
    sealed class Codebooks(ReadOnlyMemory<byte> packet)
    {
        long _bit = 8 * 7;
        long _entries, _values;

        bool IsOver => _bit > 8L * packet.Length;

        public bool AreSane()
        {
            for (var left = Bits(8) + 1; left > 0; left--)
                if (!IsSane() || IsOver)
                    return false;
            return true;
        }

        bool IsSane()
        {
            const long Mark = 0x564342;
            if (Bits(24) != Mark)
                return false;
            var (dimensions, entries) = (Bits(16), Bits(24));
            (_entries, _values) = (_entries + entries, _values + entries * dimensions);
            return dimensions > 0 && entries > 0 && _entries <= MostEntries && _values <= MostValues
                && SkipLengths(entries) && SkipValues(dimensions, entries);
        }

        /// <summary>Skips the lengths of the codewords.</summary>
        bool SkipLengths(long entries)
        {
            if (Bits(1) != 0) // in order: how many words have each length
            {
                var length = Bits(5) + 1;
                for (var left = entries; left > 0; length++)
                {
                    left -= Bits(BitOperations.Log2((ulong)left) + 1);
                    if (left < 0 || IsOver || length > 32)
                        return false;
                }
                return true;
            }
            var isSparse = Bits(1) != 0;
            for (var left = entries; left > 0 && !IsOver; left--)
                if (!isSparse || Bits(1) != 0)
                    Bits(5);
            return !IsOver;
        }

        /// <summary>Skips the table of values that the words stand for.</summary>
        bool SkipValues(long dimensions, long entries)
        {
            var type = Bits(4);
            if (type == 0)
                return true;
            Bits(32);
            Bits(32);
            var (width, _) = (Bits(4) + 1, Bits(1));
            _bit += width * (type == 1 ? Root(entries, dimensions) : entries * dimensions);
            return type <= 2;
        }

        /// <summary>The largest number whose power is not above the number of entries.</summary>
        static long Root(long entries, long dimensions)
        {
            bool Fits(long root)
            {
                var power = 1L;
                for (var i = 0L; i < dimensions && power <= entries; i++)
                    power *= root;
                return power <= entries;
            }
            var result = 1L;
            while (Fits(result + 1))
                result++;
            return result;
        }

        long Bits(int count)
        {
            var result = 0L;
            for (var i = 0; i < count; i++, _bit++)
                if (!IsOver && _bit < 8L * packet.Length)
                    result |= (long)(packet.Span[(int)(_bit >> 3)] >> (int)(_bit & 7) & 1) << i;
            return result;
        }
    }
}
