using System.Numerics;
using Qwen3Tts.Audio;
using Qwen3Tts.Training.Onnx;

namespace Qwen3Tts.Tests;

public sealed class KaldiFilterBankTests
{
    internal static Waveform Noise(double seconds, int rate)
    {
        var random = new Random(3);
        return new([.. Enumerable.Range(0, (int)(seconds * rate)).Select(i => 0.2f * random.NextSingle() - 0.05f)], rate);
    }

    /// <summary>The plain version: Kaldi's steps one after the other, with the sums of a Fourier transform.</summary>
    [Theory]
    [InlineData(16000)]
    [InlineData(8000)]
    [InlineData(22050)]
    public void FilterBanksAreKaldis(int rate)
    {
        var speech = Noise(0.1, rate);
        var (length, hop, size) = ((int)(0.025 * rate), (int)(0.01 * rate), (int)BitOperations.RoundUpToPowerOf2((uint)(0.025 * rate)));
        var rows = new List<double[]>();
        for (var start = 0; start + length <= speech.Samples.Length; start += hop)
        {
            var x = speech.Samples[start..(start + length)].Select(s => s * 32768.0).ToArray();
            var mean = x.Average();
            x = [.. x.Select(v => v - mean)];
            x = [.. x.Select((v, i) => v - 0.97 * x[Math.Max(0, i - 1)])];
            x = [.. x.Select((v, i) => v * Math.Pow(0.5 - 0.5 * Math.Cos(2 * Math.PI * i / (length - 1)), 0.85))];
            var power = Enumerable.Range(0, size / 2).Select(bin => x.Select((v, i) =>
                v * Complex.FromPolarCoordinates(1, -2 * Math.PI * bin * i / size)).Aggregate((a, b) => a + b)).Select(c =>
                c.Magnitude * c.Magnitude).ToList();
            rows.Add([.. Enumerable.Range(0, 80).Select(band => Math.Log(Math.Max(1.1920929e-7, power.Select((p, bin) =>
                p * Weight(band, (double)bin * rate / size, rate)).Sum())))]);
        }
        var expected = rows.SelectMany(row => row.Select((v, band) => (float)(v - rows.Average(r => r[band])))).ToArray();
        var actual = KaldiFilterBank.Compute(speech);
        Assert.Equal(8 * 80, actual.Length);
        Assert.All(actual.Zip(expected), v => Assert.Equal(v.Second, v.First, 1e-4));
    }

    /// <summary>Kaldi's triangle, rising to its middle and falling after it.</summary>
    static double Weight(int band, double hertz, int rate)
    {
        static double Mel(double f) => 1127 * Math.Log(1 + f / 700);
        var step = (Mel(rate / 2.0) - Mel(20)) / 81;
        var (left, middle, right) = (Mel(20) + band * step, Mel(20) + (band + 1) * step, Mel(20) + (band + 2) * step);
        var mel = Mel(hertz);
        return mel <= left || mel >= right ? 0 : mel <= middle ? (mel - left) / (middle - left) : (right - mel) / (right - middle);
    }
}
