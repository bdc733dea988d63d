using System.Text;
using Qwen3Tts.Audio;

namespace Qwen3Tts.Tests.Audio;

/// <summary>The choice of a format, and the formats against the official loader (libsndfile).</summary>
public sealed class AudioFileTests
{
    static readonly string Folder = Golden.File("audio", "compressed");

    internal static IEnumerable<string> Compressed => Directory.GetFiles(Folder).Where(f => Path.GetExtension(f) != ".wav").Order();

    internal static Waveform Read(byte[] file) => AudioFile.Read(new MemoryStream(file), "a.audio");

    internal static Waveform Speech(int rate = 24000) =>
        WavFile.Read(Path.Combine(Mini.Folder, "clips", "rms_1.wav")).ToRate(rate);

    [Theory]
    [InlineData("speech_16.flac", 1e-7), InlineData("stereo_24.flac", 1e-7)]
    [InlineData("speech_Vorbis.ogg", 5e-7), InlineData("stereo_Vorbis.ogg", 5e-7)]
    [InlineData("speech_Opus.opus", 5e-4), InlineData("stereo_Opus.opus", 5e-4)] // Concentus computes with integers
    [InlineData("speech_MP3.mp3", 6e-4), InlineData("stereo_MP3.mp3", 5e-3)] // see the top of Mp3Reader.cs
    public void CompressedFilesAreReadAsTheOfficialLoaderReadsThem(string file, double tolerance)
    {
        var (ours, expected) = (AudioFile.Read(Path.Combine(Folder, file)),
            WavFile.Read(Path.Combine(Folder, Path.ChangeExtension(file, ".wav"))));
        if (ours.SampleRate == 2 * expected.SampleRate) // the file has Opus of 24 kHz, which has no sounds above 12 kHz
            ours = new([.. ours.Samples.Where((_, i) => i % 2 == 0)], expected.SampleRate) { Channels = ours.Channels };
        Assert.Equal((expected.SampleRate, expected.Samples.Length), (ours.SampleRate, ours.Samples.Length));
        var codec = Path.GetFileNameWithoutExtension(file).Split('_')[1];
        Parity.Check("audio", codec is "16" or "24" ? "FLAC files" : $"{codec} files", Parity.Difference(ours.Samples, expected.Samples),
            tolerance, file);
        Assert.Equal(file.StartsWith("stereo", StringComparison.Ordinal) ? 2 : 1, ours.Channels.Count);
    }

    [Fact]
    public void TheContentDecidesAndNotTheName()
    {
        var folder = Scratch.New();
        foreach (var file in Compressed.Append(Golden.File("audio", "files", "mono_16.wav")))
        {
            var misnamed = Path.Combine(folder, "recording.txt");
            File.Copy(file, misnamed, overwrite: true);
            Assert.Equal(AudioFile.Read(file).Samples, AudioFile.Read(misnamed).Samples);
        }
    }

    /// <summary>Programs put an ID3 tag before MP3, and sometimes before FLAC, and other tags behind MP3.</summary>
    [Fact]
    public void TagsAreSkipped()
    {
        foreach (var name in new[] { "speech_MP3.mp3", "speech_16.flac" })
        {
            var file = File.ReadAllBytes(Path.Combine(Folder, name));
            byte[] tagged = [.. "ID3"u8, 4, 0, 0, 0, 0, 1, 2, .. new byte[130], .. file, .. "TAG"u8, .. new byte[125]];
            Assert.Equal(Read(file).Samples, Read(tagged).Samples);
        }
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("\0\0\0 ftypM4A ", "M4A")]
    [InlineData("ÿñabcdefghij", "AAC")]
    [InlineData("nonsense", "6e6f6e73656e7365")]
    [InlineData("ID3", "in the middle of its tag")]
    [InlineData("ID3\u0004\0\0\u007F\u007F\u007F\u007Fabc", "announces 268435455 bytes, and 3 follow")]
    [InlineData("ÿûabcdefghij", "no frame of MPEG audio")]
    [InlineData("fLaC", "in the middle of its header")]
    [InlineData("fLaC\u0003\0\0\u0001a", "block of type 3")]
    [InlineData("OggS", "in the middle of the page at byte 0")]
    public void OtherFilesAreNamed(string content, string what)
    {
        var message = Assert.Throws<InvalidDataException>(() => Read(Encoding.Latin1.GetBytes(content))).Message;
        Assert.StartsWith("a.audio: ", message, StringComparison.Ordinal);
        Assert.Contains(what, message, StringComparison.Ordinal);
        Assert.Matches(@"\. [A-Z].*(again\.|out\.wav)$", message);
    }

    [Fact]
    public void AMissingFileIsNamed() => Assert.Contains("no such audio file",
        Assert.Throws<FileNotFoundException>(() => AudioFile.Read(Path.Combine(Scratch.Folder, "none.flac"))).Message);

    [Theory]
    [InlineData("a.wav", WavFormat.Pcm16), InlineData("a.wav", WavFormat.Pcm24), InlineData("a.WAV", WavFormat.Float32)]
    [InlineData("a.flac", WavFormat.Pcm16), InlineData("a.flac", WavFormat.Pcm24)]
    public void ALosslessFileHasTheNearestNumbers(string name, WavFormat format)
    {
        var path = Path.Combine(Scratch.New(), name);
        foreach (var length in new[] { 0, 1, 4999 })
        {
            var samples = Enumerable.Range(0, length).Select(i => MathF.Sin(i / 7f) * (i % 1000) / 900).ToArray();
            AudioFile.Write(path, new(samples, 24000), format);
            var read = AudioFile.Read(path);
            Assert.Equal((24000, length), (read.SampleRate, read.Samples.Length));
            var step = format switch { WavFormat.Pcm16 => 1 / 32768f, WavFormat.Pcm24 => 1 / 8388608f, _ => 0 };
            Assert.All(samples.Zip(read.Samples), p => Assert.Equal(step == 0 ? p.First : Math.Clamp(p.First, -1, 1 - step), p.Second,
                step / 2));
        }
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Theory]
    [InlineData("a.opus"), InlineData("a.OGG")]
    public void AnOpusFileSoundsLikeItsOriginal(string name)
    {
        var path = Path.Combine(Scratch.New(), name);
        AudioFile.Write(path, Speech());
        Assert.InRange(OpusTests.Correlation(Speech(48000).Samples, AudioFile.Read(path).Samples), 0.95, 1);
    }

    [Fact]
    public void AnotherExtensionIsRefused()
    {
        Says("Name 'a.wav'", () => AudioFile.Write("a.wma", Speech()));
        Says("does not end in a known format", () => AudioFile.Write("speech", Speech()));
        Says("16 or 24 bits", () => AudioFile.Write(Path.Combine(Scratch.New(), "a.flac"), Speech(), WavFormat.Float32));
        Says("has no bits", () => AudioFormats.Check("a.opus", WavFormat.Pcm24));
        Says("Sample 1 is NaN", () => AudioFile.Write(Path.Combine(Scratch.New(), "a.flac"), new([0, float.NaN], 24000)));
        Says("Sample 1 is NaN", () => AudioFile.Write(Path.Combine(Scratch.New(), "a.opus"), new([0, float.NaN], 24000)));
        static void Says(string what, Action act) => Assert.Contains(what, Assert.Throws<ArgumentException>(act).Message,
            StringComparison.Ordinal);
    }
}
