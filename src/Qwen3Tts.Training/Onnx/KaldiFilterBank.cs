// Log mel filter banks as Kaldi computes them, which most speaker models take: windows of 25 ms every 10 ms, without dither, 80 bands from
// 20 Hz to half the sample rate, and the mean of each band over the time subtracted. The numbers are Kaldi's defaults.
using System.Numerics;
using Qwen3Tts.Audio;
using Qwen3Tts.Speaker;

namespace Qwen3Tts.Training.Onnx;

static class KaldiFilterBank
{
    public const int Bands = 80;

    /// <summary>The highest sample rate: a window must not be longer than the Fourier transform.</summary>
    public const int HighestRate = 40 * MelSpectrogram.Window;

    const double FullScale = 32768; // Kaldi reads samples as integers of 16 bits
    const double PreEmphasis = 0.97;
    const double LowestHertz = 20;
    const double Floor = 1.1920929e-7; // the epsilon of float32

    /// <summary>Rows [T, Bands]; without a whole window there are none.</summary>
    /// <param name="speech">At most <see cref="HighestRate"/> samples a second.</param>
    public static float[] Compute(Waveform speech)
    {
        var (length, hop) = (speech.SampleRate / 40, speech.SampleRate / 100);
        var rows = speech.Samples.Length < length ? 0 : 1 + (speech.Samples.Length - length) / hop;
        var (window, filters) = (PoveyWindow(length), Filters(speech.SampleRate, (int)BitOperations.RoundUpToPowerOf2((uint)length)));
        var spectrum = new Complex[2 * filters[0].Length];
        var result = new float[rows * Bands];
        for (var row = 0; row < rows; row++)
        {
            Transform(speech.Samples.AsSpan(row * hop, length), window, spectrum);
            for (var band = 0; band < Bands; band++)
            {
                var sum = 0.0;
                for (var bin = 0; bin < filters[band].Length; bin++)
                    sum += filters[band][bin] * (spectrum[bin] * Complex.Conjugate(spectrum[bin])).Real;
                result[row * Bands + band] = (float)Math.Log(Math.Max(sum, Floor));
            }
        }
        SubtractMeans(result, rows);
        return result;
    }

    /// <summary>in: samples and window [length] · out: spectrum, a power of two of at least length · overwrites: spectrum.</summary>
    static void Transform(ReadOnlySpan<float> samples, double[] window, Complex[] spectrum)
    {
        var mean = 0.0;
        foreach (var sample in samples)
            mean += sample / (double)samples.Length;
        Array.Clear(spectrum);
        for (var i = 0; i < samples.Length; i++)
        {
            var before = samples[Math.Max(0, i - 1)] - mean;
            spectrum[i] = FullScale * window[i] * (samples[i] - mean - PreEmphasis * before);
        }
        MelSpectrogram.Transform(spectrum);
    }

    static double[] PoveyWindow(int length) =>
        [.. Enumerable.Range(0, length).Select(i => Math.Pow(0.5 - 0.5 * Math.Cos(2 * Math.PI * i / (length - 1)), 0.85))];

    /// <summary>Triangles [Bands][size / 2] on the mel scale. The bin at half the sample rate is in none of them.</summary>
    static double[][] Filters(int rate, int size)
    {
        static double Mel(double hertz) => 1127 * Math.Log(1 + hertz / 700);
        var (low, high) = (Mel(LowestHertz), Mel(rate / 2.0));
        var step = (high - low) / (Bands + 1);
        return [.. Enumerable.Range(0, Bands).Select(band => Enumerable.Range(0, size / 2)
            .Select(bin => Math.Max(0, 1 - Math.Abs(Mel((double)bin * rate / size) - low - (band + 1) * step) / step)).ToArray())];
    }

    static void SubtractMeans(float[] rows, int count)
    {
        for (var band = 0; band < Bands; band++)
        {
            var mean = 0.0;
            for (var row = 0; row < count; row++)
                mean += rows[row * Bands + band] / (double)count;
            for (var row = 0; row < count; row++)
                rows[row * Bands + band] -= (float)mean;
        }
    }
}
