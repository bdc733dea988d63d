using Qwen3Tts.Audio;
using Qwen3Tts.Training.Data;

namespace Qwen3Tts.Tests.Data;

public sealed class SoundQualityTests
{
    static float[] Sine(double hertz, double seconds, int rate, double amplitude) =>
        [.. Enumerable.Range(0, (int)(seconds * rate)).Select(i => (float)(amplitude * Math.Sin(2 * Math.PI * hertz * i / rate)))];

    /// <summary>The standard's own example: a sine of 997 Hz at full scale in one channel has -3.01 LUFS.</summary>
    [Theory]
    [InlineData(16000)]
    [InlineData(22050)]
    [InlineData(24000)]
    [InlineData(48000)]
    public void LoudnessIsThatOfTheStandard(int rate)
    {
        Assert.Equal(-3.01, Loudness.Integrated(new(Sine(997, 5, rate, 1), rate))!.Value, 0.05);
        Assert.Equal(-23.01, Loudness.Integrated(new(Sine(997, 5, rate, 0.1), rate))!.Value, 0.05);
        // Silence and parts that are 10 LU quieter do not count.
        float[] gated = [.. Sine(997, 5, rate, 0.1), .. new float[10 * rate], .. Sine(997, 10, rate, 0.005)];
        Assert.Equal(-23.01, Loudness.Integrated(new(gated, rate))!.Value, 0.2);
        // The high pass and the shelf.
        Assert.InRange(Loudness.Integrated(new(Sine(20, 5, rate, 1), rate))!.Value, -20, -10);
        Assert.InRange(Loudness.Integrated(new(Sine(6000, 5, rate, 1), rate))!.Value, -0.3, 0.6);
        Assert.Null(Loudness.Integrated(new(new float[rate], rate)));
    }

    [Fact]
    public void ASourceOfALowerRateIsSeenAfterResampling()
    {
        var wave = AudioFile.Read(Directory.GetFiles(Mini.Station, "*.flac").Order(StringComparer.Ordinal).First()); // 16 kHz
        foreach (var rate in new[] { 24000, 44100 })
        {
            Assert.InRange(SoundQuality.Measure(wave.ToRate(rate)).Bandwidth, 6500, 8200);
            Assert.InRange(SoundQuality.Measure(wave.ToRate(8000).ToRate(rate)).Bandwidth, 3200, 4200);
        }
        Assert.Contains(SoundQuality.Measure(wave.ToRate(24000)).Doubts(), d => d.Kind == "bandwidth");
        var random = new Random(1);
        var wide = new Waveform([.. wave.ToRate(24000).Samples.Select(s => s + 0.003f * (float)(random.NextDouble() - 0.5))], 24000);
        Assert.InRange(SoundQuality.Measure(wide).Bandwidth, 11000, 12000);
    }

    /// <summary>Where the pauses are known, noise that is as loud in them does not count.</summary>
    [Fact]
    public void NoiseThatWasAddedLaterIsNoSpeech()
    {
        var speech = AudioFile.Read(Directory.GetFiles(Mini.Station, "*.flac").Order(StringComparer.Ordinal).First()).ToRate(24000);
        var random = new Random(1);
        var noisy = new Waveform([.. new float[24000].Concat(speech.Samples).Concat(new float[24000])
            .Select(s => s + 0.003f * (float)(random.NextDouble() - 0.5))], 24000);
        Assert.InRange(Likeness.Bandwidth.Measure(noisy), 11000, 12000);
        Assert.InRange(Likeness.Bandwidth.Measure(noisy, seconds => seconds > 1 && seconds < 1 + speech.Seconds), 5000, 8200);
        Assert.Equal(0, Likeness.Bandwidth.Measure(new([], 24000)));
    }

    [Fact]
    public void NoiseIsMeasuredBelowTheSpeech()
    {
        var wave = AudioFile.Read(Directory.GetFiles(Mini.Recordings)
            .Where(f => !f.EndsWith(".txt", StringComparison.Ordinal)).Order(StringComparer.Ordinal).First());
        var random = new Random(1);
        Waveform Noisy(double rms) => wave with
        {
            Samples = [.. wave.Samples.Select(s => s + (float)(rms * Math.Sqrt(12) * (random.NextDouble() - 0.5)))],
        };
        Assert.Equal(RecordingChecks.Decibel(0.001), SoundQuality.Measure(Noisy(0.001)).Noise!.Value, 1.0);
        Assert.DoesNotContain(SoundQuality.Measure(Noisy(0.0003)).Doubts(), d => d.Kind == "noise");
        Assert.Contains(SoundQuality.Measure(Noisy(0.01)).Doubts(), d => d.Kind == "noise");
        Assert.Null(SoundQuality.Measure(wave with { Samples = new float[24000] }).Noise);
    }

    /// <summary>The clips in rooms: an impulse, then noise that falls by 60 dB in the given time.</summary>
    [Fact]
    public void ReverberationGrowsWithTheRoom()
    {
        var clips = Directory.GetFiles(Mini.Recordings, "*.wav").Order(StringComparer.Ordinal).Take(6)
            .Select(f => WavFile.Read(f).ToRate(16000)).ToList();
        var medians = new[] { 0, 0.3, 0.6, 1.0 }.Select(seconds => ClipChecks.Median([.. clips
            .Select(c => SoundQuality.Measure(seconds == 0 ? c : InRoom(c, seconds)).Decay).OfType<double>()])).ToList();
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", medians));
        Assert.Equal(medians.Order(), medians);
        Assert.True(medians[0] < SoundQuality.LongDecay && medians[3] > SoundQuality.LongDecay, string.Join(", ", medians));
    }

    static Waveform InRoom(Waveform wave, double seconds)
    {
        var random = new Random(1);
        var taps = Enumerable.Range(0, (int)(seconds * wave.SampleRate)).Where(i => i % 8 == 0) // sparse, so that the sum is quick
            .Select(i => (At: i, Gain: (float)(0.35 * (random.NextDouble() - 0.5) * Math.Pow(10, -3 * i / (seconds * wave.SampleRate)))))
            .ToList();
        var result = new float[wave.Samples.Length + (int)(seconds * wave.SampleRate)];
        for (var i = 0; i < wave.Samples.Length; i++)
            result[i] = wave.Samples[i];
        foreach (var (at, gain) in taps)
            for (var i = 0; i < wave.Samples.Length; i++)
                result[i + at] += gain * wave.Samples[i];
        return wave with { Samples = result };
    }
}
