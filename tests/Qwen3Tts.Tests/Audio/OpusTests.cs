using Qwen3Tts.Audio;

namespace Qwen3Tts.Tests.Audio;

public sealed class OpusTests
{
    static byte[] Written(Waveform wave)
    {
        var stream = new MemoryStream();
        OpusWriter.Write(stream, wave.SampleRate, [wave.Samples]);
        return stream.ToArray();
    }

    internal static double Correlation(float[] a, float[] b)
    {
        var (ab, aa, bb) = (0.0, 0.0, 0.0);
        foreach (var (x, y) in a.Zip(b))
            (ab, aa, bb) = (ab + x * y, aa + x * x, bb + y * y);
        return ab / Math.Sqrt(aa * bb);
    }

    [Theory]
    [InlineData(8000), InlineData(12000), InlineData(16000), InlineData(24000), InlineData(48000)]
    public void SpeechReturnsWithItsLengthAndInItsPlace(int rate)
    {
        var speech = AudioFileTests.Speech(rate);
        foreach (var length in new[] { 2 * rate, rate + 1, rate / 50 * 10, rate / 50 * 10 + 1 })
        {
            var part = new Waveform(speech.Samples[..length], rate);
            var read = AudioFileTests.Read(Written(part));
            Assert.Equal((48000, length * (48000 / rate)), (read.SampleRate, read.Samples.Length));
            Assert.InRange(Correlation(part.ToRate(48000).Samples, read.Samples), 0.95, 1);
        }
    }

    [Fact]
    public void AnotherRateIsResampled()
    {
        var speech = AudioFileTests.Speech(22050);
        var read = AudioFileTests.Read(Written(speech));
        Assert.Equal(48000, read.SampleRate);
        Assert.InRange(Correlation(speech.ToRate(48000).Samples, read.Samples), 0.95, 1);
    }

    /// <summary>The file grows while the sound is made, and is the same as that of the whole sound.</summary>
    [Fact]
    public void AnotherRateIsWrittenWhileItIsMade()
    {
        var (speech, stream, lengths) = (AudioFileTests.Speech(22050), new MemoryStream(), new List<long>());
        IEnumerable<float[]> Made()
        {
            for (var round = 0; round < 2; round++)
                foreach (var piece in speech.Samples.Chunk(1764))
                {
                    lengths.Add(stream.Length);
                    yield return piece;
                }
        }
        OpusWriter.Write(stream, 22050, Made());
        Assert.Equal(Written(new([.. speech.Samples, .. speech.Samples], 22050)), stream.ToArray());
        Assert.InRange(lengths[^1], stream.Length / 2, stream.Length);
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(311), InlineData(480)]
    public void ShortSoundsReturnWithTheirLength(int length) =>
        Assert.Equal(2 * length, AudioFileTests.Read(Written(new(new float[length], 24000))).Samples.Length);

    [Fact]
    public void OneSoundIsOneFile() => Assert.Equal(Written(AudioFileTests.Speech()), Written(AudioFileTests.Speech()));

    /// <summary>Pages have at most a second, so that a player of a stream need not wait.</summary>
    [Fact]
    public void PagesAreShort()
    {
        var file = Written(AudioFileTests.Speech());
        var packets = new OggPackets(file, new("a")).Read();
        Assert.All(packets.Select((p, i) => (p, i)).Where(p => p.p.Granule is not null).Chunk(2), pair =>
            Assert.InRange(pair[^1].i - pair[0].i, 0, 50));
        Assert.Equal(packets.Count - 1, packets.FindIndex(p => p.IsLast));
    }

    /// <summary>The decoder's sound is made louder or softer as the header says.</summary>
    [Fact]
    public void TheGainOfTheHeaderIsApplied()
    {
        var packets = new OggPackets(Written(AudioFileTests.Speech()), new("a")).Read();
        var plain = new OpusReader(packets, new("a")).Read();
        packets[0] = packets[0] with { Bytes = (OpusHead.Read(packets[0].Bytes.Span, new("a")) with { Gain = -6 * 256 }).ToBytes() };
        var softer = new OpusReader(packets, new("a")).Read();
        Assert.Equal(plain.Samples.Max() * Math.Pow(10, -0.3), softer.Samples.Max(), 1e-6);
    }

    /// <summary>A stream that was recorded from a broadcast begins at any position, and its end is cut off all the same.</summary>
    [Fact]
    public void AStreamMayBeginLate()
    {
        var packets = new OggPackets(Written(AudioFileTests.Speech()), new("a")).Read();
        var whole = new OpusReader(packets, new("a")).Read();
        for (var i = 2; i < packets.Count; i++)
            packets[i] = packets[i] with { Granule = packets[i].Granule + 1_000_000 };
        Assert.Equal(whole.Samples, new OpusReader(packets, new("a")).Read().Samples);
    }

    [Fact]
    public void MoreThanTwoChannelsAreRefused()
    {
        var head = new OpusHead(1, 312, 48000, 0).ToBytes();
        (head[9], head[18]) = (6, 1);
        Assert.Contains("6 channels of mapping family 1",
            Assert.Throws<InvalidDataException>(() => OpusHead.Read(head, new("a"))).Message, StringComparison.Ordinal);
    }
}
