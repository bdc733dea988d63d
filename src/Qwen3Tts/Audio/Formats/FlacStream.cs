// What the header of a FLAC file says about its samples (the block STREAMINFO, RFC 9639 section 8.2), and the checksum of all samples.
using System.Buffers.Binary;

namespace Qwen3Tts.Audio;

/// <param name="Rate">Samples per second.</param>
/// <param name="Channels">Number of channels, 1 to 8.</param>
/// <param name="Bits">Bits of a sample, 4 to 32.</param>
/// <param name="Samples">Number of samples of each channel; 0 if it was not known when the file was begun.</param>
/// <param name="Md5">MD5 of all samples, 16 bytes; zeros if it was not known.</param>
sealed record FlacStream(int Rate, int Channels, int Bits, long Samples, byte[] Md5)
{
    public const int Bytes = 34, Type = 0;

    /// <summary>The smallest and the largest number of samples of a frame; 0 if it is not known.</summary>
    public (int Least, int Most) Block { get; init; }
    /// <summary>The smallest and the largest number of bytes of a frame; 0 if it is not known.</summary>
    public (int Least, int Most) FrameBytes { get; init; }

    /// <exception cref="InvalidDataException">The sample rate or the number of bits is not one of a recording.</exception>
    public static FlacStream Read(byte[] file, int at, AudioErrors errors)
    {
        var bits = new BitReader(file, at);
        int Next(int count) => (int)bits.Bits(count);
        var (block, frame) = ((Next(16), Next(16)), (Next(24), Next(24)));
        var (rate, channels, sampleBits) = (errors.Rate(Next(20)), Next(3) + 1, Next(5) + 1);
        if (sampleBits < 4)
            throw errors.Bad($"its samples have {sampleBits} bits, and FLAC has 4 to 32", AudioErrors.Again);
        return new(rate, channels, sampleBits, (long)bits.Bits(36), file[(at + Bytes - 16)..(at + Bytes)])
        {
            Block = block,
            FrameBytes = frame,
        };
    }

    public void Write(BitWriter to)
    {
        to.Write((ulong)Block.Least, 16);
        to.Write((ulong)Block.Most, 16);
        to.Write((ulong)FrameBytes.Least, 24);
        to.Write((ulong)FrameBytes.Most, 24);
        to.Write((ulong)Rate, 20);
        to.Write((ulong)Channels - 1, 3);
        to.Write((ulong)Bits - 1, 5);
        to.Write((ulong)Samples, 36);
        foreach (var b in Md5)
            to.Write(b, 8);
    }

    /// <summary>Adds samples to the checksum of all samples, which has the fewest whole bytes that a sample needs.</summary>
    /// <param name="hash">The checksum.</param>
    /// <param name="samples">Samples [channel][n].</param>
    /// <param name="count">Number of samples of each channel to add.</param>
    /// <param name="bits">Bits of a sample.</param>
    public static void AddTo(Md5 hash, long[][] samples, int count, int bits)
    {
        var width = (bits + 7) / 8;
        var bytes = new byte[count * samples.Length * width];
        Span<byte> one = stackalloc byte[8];
        for (var (t, at) = (0, 0); t < count; t++)
            foreach (var channel in samples)
            {
                BinaryPrimitives.WriteInt64LittleEndian(one, channel[t]);
                one[..width].CopyTo(bytes.AsSpan(at));
                at += width;
            }
        hash.Add(bytes);
    }
}
