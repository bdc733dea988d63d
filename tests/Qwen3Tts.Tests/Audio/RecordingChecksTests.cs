using System.Buffers.Binary;
using Qwen3Tts.Audio;

namespace Qwen3Tts.Tests.Audio;

public sealed class RecordingChecksTests
{
    const int Rate = 16000;

    static float[] Tone(float amplitude, double seconds = 1) =>
        [.. Enumerable.Range(0, (int)(seconds * Rate)).Select(i => amplitude * MathF.Sin(i * 0.1f) * MathF.Sin(i * 0.0001f))];
    static string? Problem(float[] samples) => RecordingChecks.Problem(new(samples, Rate), ClipLevels.Measure(new(samples, Rate)));

    [Fact]
    public void WhatIsNoSpeechIsRefused()
    {
        Assert.Null(Problem(Tone(0.3f)));
        Assert.StartsWith("has no samples.", Problem([]));
        Assert.StartsWith("is silent: all", Problem(new float[Rate]));
        Assert.StartsWith("is silent: its samples differ", Problem([.. Enumerable.Repeat(-0.5f, Rate)]));
        Assert.StartsWith("is silent: its samples differ", Problem([.. Enumerable.Range(0, Rate).Select(i => (i % 2) / 32768f)]));
        Assert.StartsWith("is 0.10 s long; at least 0.2 s", Problem(Tone(0.3f, 0.1)));
        Assert.StartsWith("is 41 s long, and 40 s are the most", Problem(Tone(0.3f, 41)));
        Assert.StartsWith("has no finite number as its sample 2.", Problem([0, float.NaN, .. Tone(0.3f)]));
    }

    [Theory]
    [InlineData(9000f, 16, 32768L)]
    [InlineData(60f, 16, 32768L)]
    [InlineData(4e6f, 24, 8388608L)]
    [InlineData(2e9f, 32, 2147483648L)]
    public void AnotherScaleIsReportedWithItsFactor(float peak, int bits, long factor)
    {
        var problem = Problem(Tone(peak));
        Assert.Contains($"{bits}-bit numbers in a float file. Divide its samples by {factor}.", problem, StringComparison.Ordinal);
        Assert.Null(Problem([.. Tone(peak).Select(s => s / factor * (peak < 100 ? 1000 : 1))])); // the remedy
    }

    [Fact]
    public void ALittleBeyondFullScaleIsADoubt() =>
        Assert.Contains(RecordingChecks.Doubts(ClipLevels.Measure(new(Tone(3f, 3), Rate)), trimmed: true), d =>
            d.StartsWith("goes beyond full scale", StringComparison.Ordinal));

    /// <summary>Two channels of opposite sign cancel in their mean; one channel alone has the sound.</summary>
    [Fact]
    public void ChannelsThatCancelEachOtherAreNotCalledSilent()
    {
        static Waveform Stereo(Func<float, float> right)
        {
            var tone = Tone(0.3f);
            var mono = new MemoryStream();
            WavFile.Write(mono, new([.. tone.SelectMany(s => new[] { s, right(s) })], Rate), WavFormat.Float32);
            var file = mono.ToArray();
            BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(22), 2);
            BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(32), 8);
            return WavFile.Read(new MemoryStream(file), "a.wav");
        }
        static string? FindProblem(Waveform wave) => RecordingChecks.Problem(wave, ClipLevels.Measure(wave));
        Assert.StartsWith("has 2 channels that cancel each other", FindProblem(Stereo(s => -s)));
        Assert.StartsWith("has 2 channels that cancel each other", FindProblem(Stereo(s => -0.999f * s)));
        Assert.Null(FindProblem(Stereo(s => s)));
        Assert.Null(FindProblem(Stereo(_ => 0)));
        Assert.StartsWith("is silent", FindProblem(Stereo(_ => 0) with { Samples = new float[Rate], Channels = (2, 0) }));
    }

    [Theory]
    [InlineData(19, 1, "19 frames for 1 token, 19.0 each")]
    [InlineData(10, 190, "10 frames for 190 tokens, 0.1 each")]
    public void ATranscriptThatDoesNotFitIsReported(int frames, int tokens, string says) =>
        Assert.StartsWith(says, RecordingChecks.PaceDoubt(frames, tokens));

    [Fact]
    public void ATranscriptThatFitsIsNot() => Assert.Null(RecordingChecks.PaceDoubt(40, 10));

    static Waveform Report(params string[] parts) => WavFile.Read(Reports.Path(parts));

    [Fact]
    public void ReportsOfRecordingsAreReadOrReported()
    {
        Assert.Equal(9600, Report("wav-bw64", "in", "01.wav").Samples.Length);
        Assert.Equal(9600, Report("wav-unpadded", "in", "01.wav").Samples.Length);
        foreach (var file in new[] { "01.wav", "03.wav", "04.wav" })
        {
            var wave = Report("wav-unfinished", "in", file);
            Assert.Null(RecordingChecks.Problem(wave, ClipLevels.Measure(wave)));
        }
        foreach (var file in new[] { "02.wav", "03.wav" })
        {
            var wave = Report("wav-float-beyond-1", "in", file);
            Assert.Contains("Divide its samples by 32768", RecordingChecks.Problem(wave, ClipLevels.Measure(wave)));
        }
        var (silence, hiss) = (Report("voice-silent", "silence.wav"), Report("voice-silent", "hiss.wav"));
        Assert.StartsWith("is silent", RecordingChecks.Problem(silence, ClipLevels.Measure(silence)));
        Assert.Null(RecordingChecks.Problem(hiss, ClipLevels.Measure(hiss)));
        Assert.Contains(RecordingChecks.Doubts(ClipLevels.Measure(hiss), trimmed: false), d =>
            d.StartsWith("is very quiet", StringComparison.Ordinal));
    }
}
