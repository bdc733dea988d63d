// The header of a FLAC frame (RFC 9639 section 9.1): how many samples follow, and how the channels are stored.
namespace Qwen3Tts.Audio;

/// <param name="Samples">Number of samples of each channel, 1 to 65536.</param>
/// <param name="Stereo">How the channels are stored.</param>
readonly record struct FlacFrame(int Samples, FlacStereo Stereo)
{
    /// <summary>Sample rates by their code; 0 means that another place has the rate.</summary>
    public static readonly int[] Rates = [0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000];

    static readonly int[] SampleBits = [0, 8, 12, -1, 16, 20, 24, 32];

    /// <summary>The first two bytes are those of a frame.</summary>
    public static bool BeginsAt(byte[] file, int at) => at + 1 < file.Length && file[at] == 0xFF && (file[at + 1] & 0xFE) == 0xF8;

    /// <summary>Reads a header and its checksum.</summary>
    /// <exception cref="EndOfStreamException">The file ends before.</exception>
    /// <exception cref="InvalidDataException">The header is damaged, or its format is not that of the file.</exception>
    public static FlacFrame Read(byte[] file, BitReader bits, FlacStream stream, Func<string, Exception> bad)
    {
        var begin = bits.Position;
        bits.Bits(16);
        var (sizeCode, rateCode) = ((int)bits.Bits(4), (int)bits.Bits(4));
        var (channelCode, depthCode, reserved) = ((int)bits.Bits(4), (int)bits.Bits(3), bits.Bits(1));
        SkipNumber(bits, bad);
        var samples = sizeCode switch
        {
            1 => 192,
            >= 2 and <= 5 => 144 << sizeCode, // 576, 1152, …
            6 => (int)bits.Bits(8) + 1,
            7 => (int)bits.Bits(16) + 1,
            _ => 1 << sizeCode, // 256, 512, …
        };
        var rate = rateCode switch
        {
            < 12 => Rates[rateCode],
            12 => 1000 * (int)bits.Bits(8),
            13 => (int)bits.Bits(16),
            14 => 10 * (int)bits.Bits(16),
            _ => -1,
        };
        var end = bits.Position;
        if (bits.Bits(8) != Checksum.Flac8.Of(file.AsSpan(begin, end - begin)))
            throw bad("the checksum of its header is wrong");
        var (channels, depth) = (channelCode < 8 ? channelCode + 1 : 2, SampleBits[depthCode]);
        if (sizeCode == 0 || channelCode > 10 || reserved != 0 || rate < 0 || depth < 0)
            throw bad("its header has a value that is reserved");
        (rate, depth) = (rate == 0 ? stream.Rate : rate, depth == 0 ? stream.Bits : depth);
        if (channels != stream.Channels || rate != stream.Rate || depth != stream.Bits)
            throw bad($"it has {channels} channels, {rate} Hz and {depth} bits, and the file began with {stream.Channels} channels, "
                + $"{stream.Rate} Hz and {stream.Bits} bits");
        return new(samples, channelCode < 8 ? FlacStereo.Separate : (FlacStereo)(channelCode - 7));
    }

    /// <summary>The number of the frame or of its first sample, in the manner of UTF-8. The order of the file is enough.</summary>
    static void SkipNumber(BitReader bits, Func<string, Exception> bad)
    {
        var first = (byte)bits.Bits(8);
        var more = first < 0x80 ? 0 : System.Numerics.BitOperations.LeadingZeroCount((uint)(byte)~first << 24) - 1;
        if (first >= 0x80 && more is < 1 or > 6)
            throw bad("its number is not valid");
        for (; more > 0; more--)
            if (bits.Bits(8) >> 6 != 2)
                throw bad("its number is not valid");
    }
}

/// <summary>How two channels are stored: one of them, or both, may be replaced by the difference or the mean.</summary>
enum FlacStereo
{
    Separate,
    LeftAndSide,
    SideAndRight,
    MidAndSide,
}
