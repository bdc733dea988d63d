using System.Security.Cryptography;
using CsCheck;
using Qwen3Tts.Audio;

namespace Qwen3Tts.Tests.Audio;

public sealed class FlacTests
{
    const int Rate = 24000;

    static byte[] Written(int[] samples, int bits, int rate = Rate)
    {
        var stream = new MemoryStream();
        FlacWriter.Write(stream, new(Array.ConvertAll(samples, s => s / (float)(1 << bits - 1)), rate), bits);
        return stream.ToArray();
    }

    static int[] Integers(Waveform wave, int bits) => Array.ConvertAll(wave.Samples, s => (int)(s * (1 << bits - 1)));

    static void Returns(int[] samples, int bits, int rate = Rate)
    {
        var read = AudioFileTests.Read(Written(samples, bits, rate));
        Assert.Equal(rate, read.SampleRate);
        Assert.Equal(samples, Integers(read, bits));
    }

    [Theory]
    [InlineData(16), InlineData(24)]
    public void EverySoundReturnsBitForBit(int bits)
    {
        var most = (1 << bits - 1) - 1;
        var random = new Random(7);
        foreach (var length in new[] { 0, 1, 2, 5, 15, 25, 255, 256, 257, 4095, 4096, 4097, 10_000 })
        {
            Func<int, int>[] sounds =
            [
                _ => 0, _ => most, _ => -most - 1, t => t / 37 % 2 == 0 ? most : -most - 1, t => t % 2 == 0 ? most : -most - 1,
                t => (int)(most * Math.Sin(t / 11.0)), t => (int)(most * Math.Sin(t / 3.0) * Math.Sin(t / 500.0)),
                _ => random.Next(-most - 1, most + 1), _ => random.Next(-3, 4), t => t == length / 2 ? most : 0, t => t << bits - 16,
                t => t < length / 2 ? 0 : random.Next(-most - 1, most + 1),
            ];
            foreach (var sound in sounds)
                Returns([.. Enumerable.Range(0, length).Select(sound)], bits);
        }
    }

    [Fact]
    public void RandomSoundsReturnBitForBit() =>
        Gen.Select(Gen.Int[1, 24], Gen.Int[0, 9000], Gen.Int[1000, 655_350], Gen.Int[0, int.MaxValue]).Sample((width, length, rate, seed) =>
        {
            var random = new Random(seed);
            var bits = width > 16 ? 24 : 16;
            Returns([.. Enumerable.Range(0, length).Select(_ => random.Next(-(1 << width - 1), 1 << width - 1))], bits, rate);
        }, iter: 100);

    [Fact]
    public void SpeechTakesLessThanTwoThirdsOfItsWavFile()
    {
        var speech = AudioFileTests.Speech();
        var file = Written(Array.ConvertAll(speech.Samples, s => PcmSamples.Of(s, 16)), 16);
        Assert.InRange(file.Length, 1, 2 * speech.Samples.Length * 2 / 3);
    }

    /// <summary>The header has the length, the sizes of the frames, and the checksum of the samples.</summary>
    [Fact]
    public void TheHeaderIsTrue()
    {
        int[] samples = [.. Enumerable.Range(0, 5000).Select(t => (int)(9000 * Math.Sin(t / 9.0)))];
        var file = Written(samples, 16);
        var stream = FlacStream.Read(file, 8, new("a"));
        Assert.Equal((Rate, 1, 16, 5000L, (4096, 4096)), (stream.Rate, stream.Channels, stream.Bits, stream.Samples, stream.Block));
        Assert.Equal(MD5.HashData([.. samples.SelectMany(s => BitConverter.GetBytes((short)s))]), stream.Md5);
        Assert.Equal(file.Length - 42, stream.FrameBytes.Least + stream.FrameBytes.Most);
    }

    /// <summary>A stream that is cut off between two frames is read to its end: its length was not known at its beginning.</summary>
    [Fact]
    public void AStreamOfUnknownLengthIsReadToItsEnd()
    {
        int[] samples = [.. Enumerable.Range(0, 2 * FlacWriter.Block).Select(t => (int)(9000 * Math.Sin(t / 9.0)))];
        var writer = new FlacWriter(Rate, 16);
        byte[] file = [.. writer.StreamedHeader(), .. writer.Frame(samples[..FlacWriter.Block]),
            .. writer.Frame(samples[FlacWriter.Block..])];
        Assert.Equal(samples, Integers(AudioFileTests.Read(file), 16));
        Assert.Empty(AudioFileTests.Read(file[..42]).Samples);
        Assert.Contains("in the middle of frame 2",
            Assert.Throws<InvalidDataException>(() => AudioFileTests.Read(file[..^1])).Message, StringComparison.Ordinal);
    }

    /// <summary>The writer's numbers of frames need up to six bytes; the reader checks only their form.</summary>
    [Fact]
    public void LateFramesAreRead()
    {
        var writer = new FlacWriter(Rate, 16);
        var stream = FlacStream.Read(Written([0], 16), 8, new("a"));
        for (var i = 0; i < 70_000; i++)
        {
            var frame = writer.Frame([i % 30_000, 5, 9]);
            if (i is 0 or 127 or 128 or 2047 or 2048 or 65_535 or 65_536 or 69_999)
                Assert.Equal(3, FlacFrame.Read(frame, new(frame, 0), stream, what => new InvalidDataException(what)).Samples);
        }
    }

    [Theory]
    [InlineData(1000), InlineData(8000), InlineData(24000), InlineData(44100), InlineData(192_000), InlineData(37_000), InlineData(11_025)]
    [InlineData(65_537), InlineData(655_350)]
    public void EverySampleRateReturns(int rate) => Returns([1, 2, 3, -4], 16, rate);

    [Fact]
    public void ARateThatFlacCannotStoreIsRefused() => Assert.Contains("Write a WAV file",
        Assert.Throws<ArgumentException>(() => Written([1], 16, 700_000)).Message, StringComparison.Ordinal);
}
