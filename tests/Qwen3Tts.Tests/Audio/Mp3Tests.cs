using Qwen3Tts.Audio;

namespace Qwen3Tts.Tests.Audio;

public sealed class Mp3Tests
{
    static byte[] Speech => File.ReadAllBytes(Golden.File("audio", "compressed", "speech_MP3.mp3"));

    /// <summary>Without the frame that describes the file, the silence that the encoder added stays.</summary>
    [Fact]
    public void TheSilenceAtBothEndsIsCutOffIfItsLengthIsKnown()
    {
        var (file, whole) = (Speech, AudioFileTests.Read(Speech));
        var first = Mp3Frame.At(file, 0)!;
        var untrimmed = AudioFileTests.Read(file[first.FrameLength..]);
        Assert.Equal(0, untrimmed.Samples.Length % first.SampleCount);
        var skip = 576 + 529; // what LAME adds, and the delay of a decoder
        Assert.Equal(whole.Samples, untrimmed.Samples[skip..(skip + whole.Samples.Length)]);
    }

    [Fact]
    public void AFrameThatIsCutOffAtTheEndIsLeftOut()
    {
        var (file, whole) = (Speech, AudioFileTests.Read(Speech));
        var last = Enumerable.Range(0, file.Length).Last(at => Mp3Frame.At(file, at) is { } f && at + f.FrameLength == file.Length);
        var shorter = AudioFileTests.Read(file[..^3]);
        Assert.Equal(AudioFileTests.Read(file[..last]).Samples, shorter.Samples);
        Assert.Equal(whole.Samples[..shorter.Samples.Length], shorter.Samples);
    }

    /// <summary>A recording that was cut out of another one begins with bytes of a frame, and its first frames lack bits.</summary>
    [Fact]
    public void ABeginningThatIsCutOffIsSkipped()
    {
        var file = Speech;
        var at = Mp3Frame.At(file, 0)!.FrameLength;
        at += Mp3Frame.At(file, at)!.FrameLength - 5;
        byte[] cut = [.. "ID3"u8, 4, 0, 0, 0, 0, 0, 0, .. file[at..]];
        Assert.InRange(AudioFileTests.Read(cut).Samples.Length, 576, 10_000);
    }

    [Fact]
    public void DamageIsNamed()
    {
        var file = Speech;
        var frame = Mp3Frame.At(file, 0)!;
        var third = frame.FrameLength + Mp3Frame.At(file, frame.FrameLength)!.FrameLength;
        Says($"there is no frame 2 at byte {third}", [.. file[..third], .. new byte[] { 1, 2, 3, 4 }, .. file[(third + 4)..]]);
        Says("has another format", [.. file[..third], 0xFF, 0xFB, 0x90, 0xC4, .. file[(third + 4)..]]);
        byte[] low = [0xFF, 0xE3, 0x88, 0xC4, .. new byte[572]]; // 64 kbit/s at 8 kHz: 576 bytes
        Says("MP3 of 8000 Hz", [.. low, .. low]);

        static void Says(string what, byte[] file)
        {
            var message = Assert.Throws<InvalidDataException>(() => AudioFileTests.Read(file)).Message;
            Assert.StartsWith("a.audio: ", message, StringComparison.Ordinal);
            Assert.Contains(what, message, StringComparison.Ordinal);
        }
    }
}
