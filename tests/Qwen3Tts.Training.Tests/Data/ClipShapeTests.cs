using Qwen3Tts.Audio;
using Qwen3Tts.Training.Data;

namespace Qwen3Tts.Tests.Data;

public sealed class ClipShapeTests
{
    const int Rate = 24000, Frame = 1920;

    /// <summary>Silence, a tone, silence; lengths in seconds.</summary>
    static Waveform Speech(double before, double tone, double after, float amplitude = 0.3f)
    {
        int N(double seconds) => (int)Math.Round(seconds * Rate);
        var samples = new float[N(before) + N(tone) + N(after)];
        for (var i = 0; i < N(tone); i++)
            samples[N(before) + i] = amplitude * MathF.Sin(i * 0.1f);
        return new(samples, Rate);
    }

    [Theory]
    [InlineData(0.5, 0.7)]
    [InlineData(0.3, 2.0)]
    [InlineData(0.0, 0.0)]
    public void SpeechIsCutToAFixedLeadAndTail(double before, double after)
    {
        var shaped = new ClipShape().Apply(Speech(before, 1, after), Frame);
        // rounded up to whole frames
        Assert.Equal((1.2 * Rate + Frame - 1) / Frame * Frame - Frame / 2.0, shaped.Wave.Samples.Length, Frame / 2.0);
        Assert.Equal(0, shaped.Wave.Samples.Length % Frame);
        Assert.All(shaped.Wave.Samples[..950], s => Assert.Equal(0, s));
        Assert.NotEqual(0, shaped.Wave.Samples[970]);
        Assert.All(shaped.Wave.Samples[(int)(1.05 * Rate)..], s => Assert.Equal(0, s));
        Assert.Equal(before - 0.04, shaped.CutBefore, 0.001);
        Assert.Equal(after - 0.16, shaped.CutAfter, 0.011);
    }

    [Theory]
    [InlineData(0.01f)]
    [InlineData(0.9f)]
    public void SpeechIsBroughtToOneLoudness(float amplitude)
    {
        var wave = Speech(0.2, 1, 0.2, amplitude);
        var shaped = new ClipShape { Trim = false }.Apply(wave, Frame);
        var active = shaped.Wave.Samples[4800..28800];
        Assert.Equal(0.075, Math.Sqrt(active.Average(s => (double)s * s)), 0.001);
        Assert.Equal(0.2 + 1 + 0.2, shaped.SecondsBefore, 1e-6);
        Assert.Equal(shaped.Wave.Samples[6000] / wave.Samples[6000], shaped.Gain, 1e-5);
    }

    [Fact]
    public void AClickIsNotRaisedPastFullScale()
    {
        var wave = Speech(0, 1, 0.2, 0.001f);
        wave.Samples[5000] = 0.5f;
        Assert.Equal(0.9, new ClipShape().Apply(wave, Frame).Wave.Samples.Max(), 1e-5);
    }

    [Fact]
    public void LeftAloneItIsOnlyFilledUpToWholeFrames()
    {
        var wave = Speech(0.1, 0.5, 0.033);
        var shaped = new ClipShape { Trim = false, Level = false }.Apply(wave, Frame).Wave.Samples;
        Assert.Equal(wave.Samples, shaped[..wave.Samples.Length]);
        Assert.Equal((wave.Samples.Length + Frame - 1) / Frame * Frame, shaped.Length);
    }

    [Fact]
    public void WhatIsNoSpeechIsRefused()
    {
        Assert.Contains("silent", Assert.Throws<InvalidDataException>(
            () => new ClipShape().Apply(new(new float[Rate], Rate), Frame)).Message);
        Assert.Contains("0.10 s", Assert.Throws<InvalidDataException>(() => new ClipShape().Apply(Speech(0, 0.1, 0), Frame)).Message);
    }
}
