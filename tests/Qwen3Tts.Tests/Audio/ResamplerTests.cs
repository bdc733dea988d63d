using CsCheck;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;

namespace Qwen3Tts.Tests.Audio;

public sealed class ResamplerTests
{
    const int Ends = 100; // samples at start and end, where the official resampler has transients that are not compared

    [Fact]
    public void SoundsAsTheOfficialResampler()
    {
        using var file = SafetensorsFile.Open(Golden.File("audio", "resample.safetensors"));
        foreach (var key in file.Tensors.Keys.Where(k => k.EndsWith(".in")).Select(k => k[..^3]))
        {
            var (rate, signal) = (int.Parse(key.Split('.')[0]), key.Split('.')[1]);
            var (expected, ours) = (file.Float32(key + ".out"), Resampler.Resample(file.Float32(key + ".in"), rate, 24000));
            Assert.Equal(expected.Length, ours.Length);
            var difference = Parity.Difference(ours.AsSpan(Ends..^Ends), expected.AsSpan(Ends..^Ends));
            if (signal is "tone" or "voice")
                Parity.Check("audio", "resampled: tone, voice", difference, 2e-3, key);
            else
                // relative to full scale; at the edge of the band soxr's stages differ from any single filter
                Parity.Check("audio", "resampled: impulse, step, noise, chirp up to Nyquist", difference, 1e-2, key);
        }
    }

    [Fact]
    public void LengthsAreTheOfficialOnes()
    {
        foreach (var rate in Golden.Json("audio", "resample.json").GetProperty("lengths").EnumerateObject())
            foreach (var pair in rate.Value.EnumerateArray())
                Parity.Check("audio", "resampled length",
                    Math.Abs(pair[1].GetInt32() - Resampler.Resample(new float[pair[0].GetInt32()], int.Parse(rate.Name), 24000).Length),
                    0, $"{pair[0]} samples at {rate.Name} Hz");
    }

    /// <summary>Compares filter bank, vectors and interpolation with the plain sum.</summary>
    [Fact]
    public void BankGivesThePlainSum()
    {
        var rates = new[] { 8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 96000, 23999, 44101, 47999 };
        Gen.Select(Gen.Int[0, rates.Length - 1], Gen.Int[0, rates.Length - 1], Gen.Float[-1, 1].Array[1, 400]).Sample((from, to, samples) =>
        {
            var ours = Resampler.Resample(samples, rates[from], rates[to]);
            if (from == to)
            {
                Assert.Equal(samples, ours);
                return;
            }
            var computed = (int)Math.Floor((double)samples.Length * rates[to] / rates[from] + 0.5);
            for (var i = 0; i < ours.Length; i += 1 + ours.Length / 20)
                Assert.Equal(i < computed ? Plain(samples, rates[from], rates[to], i) : 0, ours[i], 3e-6);
        }, iter: 40);
    }

    /// <summary>Sound in pieces becomes the same sound, bit for bit.</summary>
    [Fact]
    public void PiecesGiveTheBitsOfTheWhole()
    {
        var rates = new[] { 8000, 11025, 22050, 44100, 48000 };
        Gen.Select(Gen.Int[0, rates.Length - 1], Gen.Int[1, rates.Length - 1], Gen.Float[-1, 1].Array[0, 1500], Gen.Int[1, 700])
            .Sample((a, b, samples, size) =>
        {
            var (from, to) = (rates[a], rates[(a + b) % rates.Length]);
            Assert.Equal(Resampler.Resample(samples, from, to),
                Resampler.ResampleInPieces(samples.Chunk(size), from, to).SelectMany(p => p));
        }, iter: 40);
    }

    static double Plain(float[] samples, int from, int to, int i)
    {
        const double Cutoff = 0.95687, Beta = 12.756, HalfWidth = 96;
        var lower = Math.Min(1, (double)to / from);
        double sum = 0;
        for (var k = 0; k < samples.Length; k++)
        {
            var t = ((double)i * from / to - k) * lower; // in samples of the lower rate
            if (Math.Abs(t) >= HalfWidth)
                continue;
            var sinc = t == 0 ? Cutoff : Math.Sin(Math.PI * Cutoff * t) / (Math.PI * t);
            var window = Bessel(Beta * Math.Sqrt(1 - t * t / (HalfWidth * HalfWidth))) / Bessel(Beta);
            sum += samples[k] * sinc * window * lower;
        }
        return sum;
    }

    static double Bessel(double x) // the mean of exp(x cos a) over a circle
    {
        double sum = 0;
        for (var a = 0; a < 48; a++)
            sum += Math.Exp(x * Math.Cos(2 * Math.PI * a / 48));
        return sum / 48;
    }

    [Fact]
    public void KeepsATone()
    {
        foreach (var (from, to) in new[] { (44100, 24000), (24000, 44100), (8000, 24000), (44101, 24000), (24000, 768_000) })
        {
            var tone = Enumerable.Range(0, from / 4).Select(i => (float)Math.Sin(2 * Math.PI * 440 * i / from)).ToArray();
            var ours = Resampler.Resample(tone, from, to);
            var skip = (int)(200.0 * to / Math.Min(from, to));
            for (var i = skip; i < ours.Length - skip; i++)
                Assert.Equal(Math.Sin(2 * Math.PI * 440 * i / to), ours[i], 2e-6);
        }
    }

    [Fact]
    public void ExtremesAreHandled()
    {
        Assert.Empty(Resampler.Resample([], 16000, 24000));
        Assert.Equal(24, Resampler.Resample(new float[1000], 1_000_000, 23999).Length);
        Assert.Contains("-5 Hz", Assert.Throws<ArgumentOutOfRangeException>(() => Resampler.Resample([1], -5, 24000)).Message);
        Assert.Contains("2000000 Hz", Assert.Throws<ArgumentOutOfRangeException>(() => Resampler.Resample([1], 24000, 2_000_000)).Message);
        Assert.Contains("shorter pieces",
            Assert.Throws<ArgumentOutOfRangeException>(() => Resampler.Resample(new float[10_000], 1, 1_000_000)).Message);
        var wave = new Waveform(new float[24000], 24000);
        Assert.Same(wave, wave.ToRate(24000));
        Assert.Equal((1.0, 16000, 16000), (wave.ToRate(16000).Seconds, wave.ToRate(16000).SampleRate, wave.ToRate(16000).Samples.Length));
    }
}
