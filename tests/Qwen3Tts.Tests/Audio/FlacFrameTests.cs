using Qwen3Tts.Audio;

namespace Qwen3Tts.Tests.Audio;

/// <summary>Frames that are made by hand, with what our writer never writes, and the examples of RFC 9639, appendix D.</summary>
public sealed class FlacFrameTests
{
    static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    static float[] Integers(Waveform wave, int bits) => Array.ConvertAll(wave.Samples, s => s * (1 << bits - 1));

    /// <summary>Example 1: one sample in two channels, stored as it is.</summary>
    [Fact]
    public void TheFirstExampleOfTheStandard() => Assert.Equal([(25588 + 10416) / 2f], Integers(AudioFileTests.Read(Bytes(
        "664c6143 80000022 10001000 00000f00 000f0ac4 42f00000 00013e84 b41807dc 69030758 6a3dad1a 2e0f"
        + "fff86918 0000bf03 58fd0312 8baa9a")), 16));

    /// <summary>Builds a file of one frame; the checksums are right.</summary>
    static byte[] File(int channels, int bits, int samples, int channelCode, Action<BitWriter> subframes)
    {
        var file = new BitWriter();
        foreach (var letter in "fLaC"u8)
            file.Write(letter, 8);
        file.Write(0x80_000022, 32);
        new FlacStream(44100, channels, bits, samples, new byte[16]).Write(file);
        var frame = new BitWriter();
        frame.Write(0xFFF8, 16);
        frame.Write(0x70, 8); // 16 bits for the number of samples, the rate of the file
        frame.Write((ulong)channelCode, 4);
        frame.Write(0, 4 + 8); // the bits of the file; frame 0
        frame.Write((ulong)samples - 1, 16);
        frame.Write(Checksum.Flac8.Of(frame.Bytes), 8);
        subframes(frame);
        frame.ToNextByte();
        frame.Write(Checksum.Flac16.Of(frame.Bytes), 16);
        return [.. file.Bytes, .. frame.Bytes];
    }

    static void Plain(BitWriter to, int depth, params long[] samples)
    {
        to.Write(0b0_000001_0, 8);
        foreach (var sample in samples)
            to.Write((ulong)sample, depth);
    }

    /// <summary>Left 10, 7, -3 and right 4, 9, -8, in the four ways to store two channels. The side has a bit more.</summary>
    [Theory]
    [InlineData(1, 16, 16, new long[] { 10, 7, -3 }, new long[] { 4, 9, -8 })]
    [InlineData(8, 16, 17, new long[] { 10, 7, -3 }, new long[] { 6, -2, 5 })]
    [InlineData(9, 17, 16, new long[] { 6, -2, 5 }, new long[] { 4, 9, -8 })]
    [InlineData(10, 16, 17, new long[] { 7, 8, -6 }, new long[] { 6, -2, 5 })] // the mid is rounded down: -5.5 to -6
    public void ChannelsAreSeparated(int code, int firstDepth, int secondDepth, long[] first, long[] second)
    {
        var file = File(2, 16, 3, code, to =>
        {
            Plain(to, firstDepth, first);
            Plain(to, secondDepth, second);
        });
        var read = AudioFileTests.Read(file);
        Assert.Equal([7f, 8f, -5.5f], Integers(read, 16));
        Assert.Equal(10 / 32768f, read.Channels.Peak);
    }

    /// <summary>32-bit samples, whose side has 33 bits, and samples of four bits.</summary>
    [Fact]
    public void TheLargestAndTheSmallestSamples()
    {
        var read = AudioFileTests.Read(File(2, 32, 1, 10, to =>
        {
            Plain(to, 32, -1);
            Plain(to, 33, uint.MaxValue); // the left is the largest number, the right is the smallest
        }));
        Assert.Equal((0f, (2, 1f)), (read.Samples[0], read.Channels));
        Assert.Equal([-1, 7 / 8f], AudioFileTests.Read(File(1, 4, 2, 0, to => Plain(to, 4, -8, 7))).Samples);
    }

    /// <summary>Lowest bits that are 0 in all samples are not stored.</summary>
    [Fact]
    public void WastedBitsAreAdded() => Assert.Equal([8, -16], Integers(AudioFileTests.Read(File(1, 16, 2, 0, to =>
    {
        to.Write(0b0_000001_1, 8);
        to.WriteZeros(2); // three bits
        to.Write(1, 13);
        to.Write(unchecked((ulong)-2), 13);
    })), 16));

    /// <summary>Differences in plain numbers instead of Rice codes, with both widths of the parameter; no bits mean zeros.</summary>
    [Theory]
    [InlineData(0, 4), InlineData(1, 5)]
    public void DifferencesMayBePlain(int coding, int parameterBits) => Assert.Equal([100, 99, 101, 101], Integers(AudioFileTests.Read(
        File(1, 16, 4, 0, to =>
        {
            to.Write(0b0_001001_0, 8); // the difference from the sample before
            to.Write(100, 16);
            to.Write((ulong)coding, 2);
            to.Write(1, 4); // two parts
            to.Write((1UL << parameterBits) - 1, parameterBits);
            to.Write(4, 5);
            to.Write(unchecked((ulong)-1), 4);
            to.Write((1UL << parameterBits) - 1, parameterBits);
            to.Write(3, 5);
            to.Write(2, 3);
            to.Write(0, 3);
        })), 16));

    /// <summary>A predictor with coefficients 3 and -2 and a shift of 1: 5, 7, then (21 - 10) / 2 rounded down, and so on.</summary>
    [Fact]
    public void FittedPredictorsAreRead() => Assert.Equal([5, 7, 5, 1], Integers(AudioFileTests.Read(File(1, 16, 4, 0, to =>
    {
        to.Write(0b0_100001_0, 8); // order 2
        to.Write(5, 16);
        to.Write(7, 16);
        to.Write(3, 4); // coefficients of four bits
        to.Write(1, 5);
        to.Write(3, 4);
        to.Write(unchecked((ulong)-2), 4);
        to.Write(0, 2 + 4 + 4);
        to.WriteZeros(0); // 0: 11 >> 1 = 5
        to.WriteZeros(2); // 1: (15 - 14 >> 1) + 1 = 1
    })), 16));

    [Fact]
    public void DamageIsNamed()
    {
        byte[] good = File(1, 16, 2, 0, to => Plain(to, 16, 5, 6));
        Says("the checksum of its header is wrong", Changed(good, 42 + 5));
        Says("its checksum is wrong", Changed(good, good.Length - 4));
        Says("there is no frame", Changed(good, 42));
        Says("it ends in the middle of frame 1", good[..^3]);
        Says("it ends after 0 of 2 samples", good[..42]);
        Says("checksum (MD5) of its samples is wrong", Changed(good, 30));
        Says("reserved type 2", File(1, 16, 2, 0, to => to.Write(0b0_000010_0, 8)));
        Says("does not begin with a zero", File(1, 16, 2, 0, to => to.Write(0x80, 8)));
        Says("has 2 channels, 44100 Hz", File(1, 16, 2, 1, to => to.Write(0, 8)));
        Says("predicted from 4", File(1, 16, 2, 0, to => to.Write(0b0_001100_0, 8)));
        Says("leaves out 16 of 16 bits", File(1, 16, 2, 0, to => { to.Write(1, 8); to.WriteZeros(15); }));
        Says("a sample is 40000", File(1, 16, 2, 0, to =>
        {
            to.Write(0b0_001000_0, 8);
            to.Write(0x0F, 10); // one part, 15: plain numbers
            to.Write(17, 5);
            to.Write(40000, 17);
            to.Write(0, 17);
        }));
        static byte[] Changed(byte[] file, int at) => [.. file[..at], (byte)(file[at] ^ 4), .. file[(at + 1)..]];
        static void Says(string what, byte[] file)
        {
            var message = Assert.Throws<InvalidDataException>(() => AudioFileTests.Read(file)).Message;
            Assert.StartsWith("a.audio: ", message, StringComparison.Ordinal);
            Assert.Contains(what, message, StringComparison.Ordinal);
        }
    }
}
