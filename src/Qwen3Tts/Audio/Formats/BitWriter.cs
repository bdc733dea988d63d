// Writes numbers of any number of bits, the highest bit first, as FLAC stores them.
namespace Qwen3Tts.Audio;

sealed class BitWriter
{
    byte[] _bytes = new byte[1024];
    long _bits;

    /// <summary>The bytes so far. The last one may be incomplete.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, (int)(_bits + 7 >> 3));

    /// <summary>Writes the lowest <paramref name="count"/> bits of a number, 0 to 64. Higher bits are ignored.</summary>
    public void Write(ulong value, int count)
    {
        Reserve(count);
        for (var left = count; left > 0;)
        {
            var free = 8 - (int)(_bits & 7);
            var now = Math.Min(free, left);
            left -= now;
            _bytes[_bits >> 3] |= (byte)((value >> left & (1UL << now) - 1) << free - now);
            _bits += now;
        }
    }

    /// <summary>Writes zeros and then a one.</summary>
    public void WriteZeros(long zeros)
    {
        Reserve(zeros + 1);
        _bits += zeros;
        Write(1, 1);
    }

    /// <summary>Writes zeros up to the next byte.</summary>
    public void ToNextByte() => Write(0, (int)(-_bits & 7));

    void Reserve(long count)
    {
        if ((_bits + count + 7 >> 3) is var needed && needed > _bytes.Length)
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(2L * _bytes.Length, needed)));
    }
}
