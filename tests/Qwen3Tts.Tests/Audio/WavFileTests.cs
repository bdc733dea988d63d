using System.Text;
using CsCheck;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;

namespace Qwen3Tts.Tests.Audio;

public sealed class WavFileTests
{
    [Fact]
    public void ReadsWhatTheOfficialLoaderReads()
    {
        using var expected = SafetensorsFile.Open(Golden.File("audio", "files.safetensors"));
        foreach (var kind in Golden.Json("audio", "files.json").GetProperty("kinds").EnumerateObject())
        {
            var wave = WavFile.Read(Golden.File("audio", "files", kind.Name + ".wav"));
            Assert.Equal(kind.Value.GetProperty("rate").GetInt32(), wave.SampleRate);
            Parity.Check("audio", "wav files", Parity.Difference(wave.Samples, expected.Float32(kind.Name + ".samples")), 1e-7, kind.Name);
            var (at24000, ours) = (expected.Float32(kind.Name + ".at_24000"), wave.ToRate(24000).Samples);
            Assert.Equal(at24000.Length, ours.Length);
            Parity.Check("audio", "wav files at 24 kHz", Parity.Difference(ours.AsSpan(100..^100), at24000.AsSpan(100..^100)), 2e-3,
                kind.Name);
        }
    }

    static byte[] Riff(params byte[][] chunks) =>
        [.. "RIFF"u8, .. Size(chunks.Sum(c => c.Length) + 4), .. "WAVE"u8, .. chunks.SelectMany(c => c)];
    static byte[] Chunk(string name, params byte[] data) =>
        [.. Encoding.ASCII.GetBytes(name), .. Size(data.Length), .. data, .. new byte[data.Length & 1]];
    static byte[] Format(int encoding, int channels, int rate, int bits, params byte[] more) =>
        Chunk("fmt ", [(byte)encoding, (byte)(encoding >> 8), (byte)channels, 0, .. Size(rate), .. Size(rate * channels * bits / 8),
            (byte)(channels * bits / 8), 0, (byte)bits, 0, .. more]);
    static byte[] Size(long bytes) => BitConverter.GetBytes((uint)bytes);
    static Waveform Read(byte[] file) => WavFile.Read(new MemoryStream(file), "a.wav");

    static readonly byte[] Format16 = Format(1, 1, 24000, 16);

    [Fact]
    public void OtherChunksAreSkipped() =>
        Assert.Equal([0.5f, -0.5f], Read(
            Riff(Chunk("LIST", 1, 2, 3), Format16, Chunk("fact", 0, 0, 0, 0), Chunk("data", 0, 0x40, 0, 0xC0), Chunk("id3 ", 9))).Samples);

    [Fact]
    public void ExtensibleNamesItsEncodingInTheSubFormat()
    {
        byte[] extension = [22, 0, 32, 0, 4, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];
        Assert.Equal([0.25f], Read(Riff(Format(0xFFFE, 1, 24000, 32, extension), Chunk("data", BitConverter.GetBytes(0.25f)))).Samples);
    }

    [Fact]
    public void ChannelsAreAveraged() =>
        Assert.Equal([0.25f, 0f], Read(Riff(Format(1, 2, 24000, 16), Chunk("data", 0, 0x40, 0, 0, 0, 0x40, 0, 0xC0))).Samples);

    /// <summary>Files from pipes announce 0 or the largest size, and copies may be cut off. The whole frames that exist are read.</summary>
    [Fact]
    public void FilesWithoutTrueLengthAreReadToTheirEnd()
    {
        byte[] samples = [0, 0x40, 0, 0xC0];
        foreach (var riff in new[] { 0L, uint.MaxValue })
            foreach (var data in new[] { 0L, uint.MaxValue })
                Assert.Equal([0.5f, -0.5f], Read(
                    [.. "RIFF"u8, .. Size(riff), .. "WAVE"u8, .. Format16, .. "data"u8, .. Size(data), .. samples]).Samples);
        Assert.Equal([0.5f], Read([.. "RIFF"u8, .. Size(1000), .. "WAVE"u8, .. Format16, .. "data"u8, .. Size(2_000_000_000),
            .. samples[..3]]).Samples);
        Assert.Empty(Read(Riff(Format16, Chunk("data"), Chunk("LIST", 1, 2, 3, 4))).Samples);
        byte[] sizes = [.. BitConverter.GetBytes(100L), .. BitConverter.GetBytes(2L), .. BitConverter.GetBytes(1L), 0, 0, 0, 0];
        Assert.Equal([0.5f], Read([.. "RF64"u8, .. Size(uint.MaxValue), .. "WAVE"u8, .. Chunk("ds64", sizes), .. Format16, .. "data"u8,
            .. Size(uint.MaxValue), .. samples]).Samples);
    }

    /// <summary>
    /// Whatever the outer size is, a size of 0 with bytes behind it was never filled in; if real chunks follow an empty chunk, it is really
    /// empty.
    /// </summary>
    [Theory]
    [InlineData(0, true), InlineData(36, true), InlineData(42, true), InlineData(4088, true), InlineData(uint.MaxValue, true)]
    [InlineData(0, false), InlineData(36, false), InlineData(42, false), InlineData(4088, false), InlineData(uint.MaxValue, false)]
    public void AnUnfinishedHeaderIsReadToTheEnd(long riff, bool seeks)
    {
        byte[] file = [.. "RIFF"u8, .. Size(riff), .. "WAVE"u8, .. Format16, .. "data"u8, .. Size(0), 0, 0x40, 0, 0xC0, 0, 0];
        Assert.Equal([0.5f, -0.5f, 0], (seeks ? Read(file) : WavFile.Read(new PartialReadStream(file), "a.wav")).Samples);
    }

    [Fact]
    public void BW64IsRF64ByAnotherName()
    {
        foreach (var size in new[] { 2L, 0, -1 }) // size in ds64: correct, or never filled in
        {
            byte[] sizes = [.. BitConverter.GetBytes(100L), .. BitConverter.GetBytes(size), .. BitConverter.GetBytes(1L), 0, 0, 0, 0];
            Assert.Equal(0.5f, Read([.. "BW64"u8, .. Size(uint.MaxValue), .. "WAVE"u8, .. Chunk("ds64", sizes), .. Format16, .. "data"u8,
                .. Size(uint.MaxValue), 0, 0x40]).Samples[0]);
        }
    }

    [Fact]
    public void OddChunksNeedNoPadding()
    {
        byte[] odd = [.. "LIST"u8, .. Size(3), 1, 2, 3], data = Chunk("data", 0, 0x40);
        Assert.Equal([0.5f], Read(Riff(Format16, odd, data)).Samples); // none
        Assert.Equal([0.5f], Read(Riff(Format16, [.. odd, 0], data)).Samples);
        Assert.Equal([0.5f], Read(Riff(Format16, [.. odd, (byte)'x'], data)).Samples); // not a zero, and yet padding
        Assert.Equal([0.5f], Read(Riff(odd, Format16, [.. "abcd"u8, .. Size(1), 7], data)).Samples); // several, of any name
        Assert.Equal([0.5f], WavFile.Read(new PartialReadStream(Riff(Format16, odd, odd, data)), "a.wav").Samples);
    }

    /// <summary>A stream that cannot seek and returns a few bytes at a time, like a socket.</summary>
    [Fact]
    public void StreamsNeedNotSeek()
    {
        var file = Riff(Chunk("LIST", new byte[1001]), Format16, Chunk("data", new byte[200_000]));
        Assert.Equal(100_000, WavFile.Read(new PartialReadStream(file), "a socket").Samples.Length);
    }

    sealed class PartialReadStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override long Length => throw new NotSupportedException();
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 777));
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("ID3\u0004abcdefgh", "MP3")]
    [InlineData("ÿûabcdefghij", "MP3")]
    [InlineData("ÿñabcdefghij", "AAC")]
    [InlineData("OggSabcdefgh", "Ogg")]
    [InlineData("fLaCabcdefgh", "FLAC")]
    [InlineData("\0\0\0 ftypM4A ", "M4A")]
    [InlineData("\u001aEß£abcdefgh", "WebM")]
    [InlineData("RIFXabcdWAVE", "RIFX")]
    [InlineData("RIFFabcdAVI ", "another kind")]
    [InlineData("nonsense", "6e6f6e73656e7365")]
    public void OtherFilesAreNamed(string head, string kind)
    {
        var message = Assert.Throws<InvalidDataException>(() => Read(Encoding.Latin1.GetBytes(head))).Message;
        Assert.StartsWith("a.wav: ", message);
        Assert.Contains(kind, message);
        Assert.Contains(head.Length == 0 ? "again" : "ffmpeg -i", message);
    }

    [Fact]
    public void UnusableFilesSayWhy()
    {
        Says("ADPCM of 4 bits", Riff(Format(2, 1, 24000, 4), Chunk("data")));
        Says("MPEG audio", Riff(Format(0x55, 1, 24000, 0), Chunk("data")));
        Says("0x1234", Riff(Format(0x1234, 1, 24000, 16), Chunk("data")));
        Says("PCM of 64 bits", Riff(Format(1, 1, 24000, 64), Chunk("data")));
        Says("contradicts itself (0 channels", Riff(Format(1, 0, 24000, 16), Chunk("data")));
        Says("rate is 0 Hz", Riff(Format(1, 1, 0, 16), Chunk("data")));
        Says("before their format", Riff(Chunk("data", 1, 2)));
        Says("before any samples", Riff(Format16));
        Says("instead of 16", Riff(Chunk("fmt ", 1, 2, 3, 4)));
        Says("in the middle of a header", Riff(Format16)[..30]);
        Says("before any samples", [.. Riff(Format16), .. "LIST"u8, .. Size(uint.MaxValue), 1, 2, 3]);
        Says("sample 2 is not a finite number",
            Riff(Format(3, 1, 24000, 32), Chunk("data", [.. BitConverter.GetBytes(0f), .. BitConverter.GetBytes(float.NaN)])));
        Assert.Contains("no such audio file",
            Assert.Throws<FileNotFoundException>(() => WavFile.Read(Path.Combine(Scratch.Folder, "none.wav"))).Message);

        static void Says(string what, byte[] file)
        {
            var message = Assert.Throws<InvalidDataException>(() => Read(file)).Message;
            Assert.StartsWith("a.wav: ", message);
            Assert.Contains(what, message);
        }
    }

    /// <summary>Damaged files are read or refused, without any other exception and without allocating what a header announces.</summary>
    [Fact]
    public void DamagedFilesAreReadOrRefused()
    {
        var files = Directory.GetFiles(Golden.File("audio", "files")).Select(File.ReadAllBytes).ToArray();
        Gen.Select(Gen.Int[0, files.Length - 1], Gen.Int[0, 60], Gen.Byte, Gen.Int[0, 200]).Sample((which, at, value, cut) =>
        {
            var file = files[which][..^Math.Min(cut, files[which].Length)];
            file[Math.Min(at, file.Length - 1)] = value;
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Read(file);
            }
            catch (InvalidDataException)
            {
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000_000);
        }, iter: 3000);
    }

    /// <summary>Compares with G.711's tables at their corners, and checks the sign symmetry of every code.</summary>
    [Fact]
    public void CompandedCodesAreSymmetric()
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        foreach (var (encoding, largest, smallest) in new[] { (6, 32256, 8), (7, 32124, 0) })
        {
            var samples = Read(Riff(Format(encoding, 1, 8000, 8), Chunk("data", all))).Samples;
            Assert.Equal(largest / 32768f, samples.Max());
            Assert.Equal(smallest / 32768f, samples.Select(Math.Abs).Min());
            for (var code = 0; code < 128; code++)
                Assert.Equal(-samples[code], samples[code + 128]);
        }
    }
}
