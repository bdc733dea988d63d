// The cyclic redundancy checks of FLAC and Ogg. All of them shift the highest bit out first, start at 0 and invert nothing, so one table
// for each polynomial is enough.
namespace Qwen3Tts.Audio;

/// <summary>A cyclic redundancy check of up to 32 bits.</summary>
sealed class Checksum
{
    /// <summary>Of the header of a FLAC frame.</summary>
    public static readonly Checksum Flac8 = new(8, 0x07);
    /// <summary>Of a whole FLAC frame.</summary>
    public static readonly Checksum Flac16 = new(16, 0x8005);
    /// <summary>Of an Ogg page.</summary>
    public static readonly Checksum Ogg = new(32, 0x04C11DB7);

    readonly uint[] _table = new uint[256]; // the polynomial stands in the highest bits
    readonly int _unused; // bits below it

    Checksum(int bits, uint polynomial)
    {
        _unused = 32 - bits;
        for (var value = 0u; value < 256; value++)
        {
            var rest = value << 24;
            for (var bit = 0; bit < 8; bit++)
                rest = (rest & 0x8000_0000) != 0 ? rest << 1 ^ polynomial << _unused : rest << 1;
            _table[value] = rest;
        }
    }

    /// <param name="bytes">What to check.</param>
    /// <param name="before">The checksum of the bytes before them.</param>
    public uint Of(ReadOnlySpan<byte> bytes, uint before = 0)
    {
        var rest = before << _unused;
        foreach (var b in bytes)
            rest = rest << 8 ^ _table[rest >> 24 ^ b];
        return rest >> _unused;
    }
}
