using System.Buffers.Binary;
using CsCheck;
using Qwen3Tts.Audio;

namespace Qwen3Tts.Tests.Audio;

/// <summary>What is written is read back, and a file that cannot be written stays as it was.</summary>
public sealed class WavWritingTests
{
    [Fact]
    public void WrittenFilesAreReadBack()
    {
        var path = Path.Combine(Scratch.New(), "folder", "a.wav");
        Gen.Select(Gen.Float[-1.2f, 1.2f].Array[0, 10_000], Gen.Int[1000, 192_000]).Sample((samples, rate) =>
        {
            WavFile.Write(path, new(samples, rate), WavFormat.Float32);
            var exact = WavFile.Read(path);
            Assert.Equal(samples, exact.Samples);
            Assert.Equal(rate, exact.SampleRate);
            WavFile.Write(path, exact);
            var once = WavFile.Read(path);
            Assert.All(samples.Zip(once.Samples), p => Assert.Equal(Math.Clamp(p.First, -1, 32767f / 32768), p.Second, 0.5001 / 32768));
            WavFile.Write(path, once);
            Assert.Equal(once.Samples, WavFile.Read(path).Samples);
            Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
        }, iter: 30, threads: 1);
    }

    [Fact]
    public void AFailedWriteLeavesTheOldFile()
    {
        var path = Path.Combine(Scratch.New(), "a.wav");
        WavFile.Write(path, new([0.5f], 24000));
        Assert.Contains("Sample 1 is NaN", Assert.Throws<ArgumentException>(() => WavFile.Write(path, new([0, float.NaN], 24000))).Message);
        Assert.Equal([0.5f], WavFile.Read(path).Samples);
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void HeaderSizesAreTrue()
    {
        var header = WavFile.Header(24000, WavFormat.Pcm16, 10);
        Assert.Equal(44, header.Length);
        Assert.Equal(56u, BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)));
        Assert.Equal(20u, BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(40)));
    }

    [Fact]
    public void StreamedHeaderIsReadBack()
    {
        var stream = new MemoryStream();
        stream.Write(WavFile.Header(24000, WavFormat.Pcm16, samples: null));
        WavFile.WriteSamples(stream, [0.25f, -1], WavFormat.Pcm16);
        Assert.Equal([0.25f, -1], WavFile.Read(new MemoryStream(stream.ToArray()), "a.wav").Samples);
        Assert.Contains("4 GiB", Assert.Throws<ArgumentException>(() => WavFile.Header(24000, WavFormat.Float32, 1L << 30)).Message);
    }
}
