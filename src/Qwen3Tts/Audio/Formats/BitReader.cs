// Reads numbers of any number of bits, the highest bit first, as FLAC stores them.
using System.Buffers.Binary;
using System.Numerics;

namespace Qwen3Tts.Audio;

/// <param name="bytes">The file.</param>
/// <param name="at">Position of the first byte to read.</param>
sealed class BitReader(byte[] bytes, int at)
{
    const int MostBits = 56; // a window of 64 bits begins at a byte, so up to 7 of its bits are read already

    readonly long _end = 8L * bytes.Length;
    long _bit = 8L * at;

    /// <summary>Position of the next byte. The reader must stand between two bytes.</summary>
    public int Position => (int)(_bit >> 3);

    /// <summary>A number of 0 to 56 bits.</summary>
    /// <exception cref="EndOfStreamException">The file ends before.</exception>
    public ulong Bits(int count)
    {
        if (_bit + count > _end)
            throw new EndOfStreamException();
        var result = count == 0 ? 0 : Window() >> 64 - count;
        _bit += count;
        return result;
    }

    /// <summary>A number of 0 to 56 bits whose highest bit is the sign.</summary>
    public long Signed(int count) => count == 0 ? 0 : (long)(Bits(count) << 64 - count) >> 64 - count;

    /// <summary>The number of zeros before the next one, which is read as well.</summary>
    /// <exception cref="EndOfStreamException">The file ends before.</exception>
    public long Zeros()
    {
        for (var zeros = 0L; ;)
        {
            var more = BitOperations.LeadingZeroCount(Window());
            if (more < MostBits)
            {
                Bits(more + 1);
                return zeros + more;
            }
            Bits(MostBits);
            zeros += MostBits;
        }
    }

    /// <summary>Skips the bits before the next byte, and returns their value.</summary>
    public ulong ToNextByte() => Bits((int)(-_bit & 7));

    /// <summary>The next bits, of which at least 57 are valid. Zeros follow the end of the file.</summary>
    ulong Window()
    {
        var index = Position;
        if (index + 8 <= bytes.Length)
            return BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(index)) << (int)(_bit & 7);
        Span<byte> last = stackalloc byte[8];
        last.Clear();
        bytes.AsSpan(Math.Min(index, bytes.Length)).CopyTo(last);
        return BinaryPrimitives.ReadUInt64BigEndian(last) << (int)(_bit & 7);
    }
}
