// The log mel spectrogram that the speaker encoder was trained on. The official code has its numbers as literals, except for the sample
// rate and the number of bands. It is computed in double, which costs little; the official float32 result agrees within its rounding.
using System.Numerics;

namespace Qwen3Tts.Speaker;

sealed class MelSpectrogram
{
    /// <summary>Length of the window in samples, which is also the length of the Fourier transform.</summary>
    public const int Window = 1024;

    /// <summary>Samples from one row to the next.</summary>
    public const int Hop = 256;

    /// <summary>Frequencies of a window's spectrum.</summary>
    public const int Bins = Window / 2 + 1;

    const int Padding = (Window - Hop) / 2; // samples added at both ends by mirroring
    const double PowerFloor = 1e-9; // added to the power before the square root
    const double MelFloor = 1e-5; // smallest mel value before the logarithm

    readonly int _bands;

    public MelSpectrogram(int sampleRate, int bands) => (_bands, Basis) = (bands, FilterBank(sampleRate, bands));

    /// <summary>Triangular filters [bands, bins].</summary>
    public float[] Basis { get; }

    /// <summary>Periodic Hann window [Window], rounded to float32 as torch does.</summary>
    public static float[] Hann { get; } = [.. Enumerable.Range(0, Window)
        .Select(i => 0.5f - 0.5f * MathF.Cos(i * (float)(2 * Math.PI / Window)))];

    /// <summary>Shortest recording, in samples: mirroring needs one sample more than it adds.</summary>
    public const int LeastSamples = Padding + 1;

    /// <summary>in: samples [n], at least <see cref="LeastSamples"/> · out: rows [n / Hop, bands].</summary>
    public float[] Compute(ReadOnlySpan<float> samples)
    {
        var rows = samples.Length / Hop;
        var mel = new float[rows * _bands];
        var (window, spectrum, magnitude) = (new float[Window], new Complex[Window], new double[Bins]);
        for (var row = 0; row < rows; row++)
        {
            for (var i = 0; i < Window; i++)
                window[i] = samples[Mirror(row * Hop + i - Padding, samples.Length)];
            Power(window, spectrum, magnitude);
            for (var bin = 0; bin < Bins; bin++)
                magnitude[bin] = Math.Sqrt(magnitude[bin] + PowerFloor);
            for (var band = 0; band < _bands; band++)
            {
                var sum = 0.0;
                for (var bin = 0; bin < Bins; bin++)
                    sum += Basis[band * Bins + bin] * magnitude[bin];
                mel[row * _bands + band] = (float)Math.Log(Math.Max(sum, MelFloor));
            }
        }
        return mel;
    }

    /// <summary>The power of each frequency in one window. in: samples, at most <see cref="Window"/>, the missing ones are 0 · out: power
    /// [Bins] · overwrites: spectrum [Window].</summary>
    public static void Power(ReadOnlySpan<float> samples, Span<Complex> spectrum, Span<double> power)
    {
        spectrum.Clear();
        for (var i = 0; i < samples.Length; i++)
            spectrum[i] = samples[i] * (double)Hann[i];
        Transform(spectrum);
        for (var bin = 0; bin < Bins; bin++)
            power[bin] = spectrum[bin].Real * spectrum[bin].Real + spectrum[bin].Imaginary * spectrum[bin].Imaginary;
    }

    /// <summary>Mirrors an index at both ends; the sample at the end is not repeated.</summary>
    public static int Mirror(int at, int length) => at < 0 ? -at : at >= length ? 2 * (length - 1) - at : at;

    /// <summary>
    /// librosa's mel filters: triangles between band edges that are equally spaced on Slaney's scale. Each triangle has area 1, in hertz
    /// and times 2.
    /// </summary>
    static float[] FilterBank(int sampleRate, int bands)
    {
        var top = ToMel(sampleRate / 2.0);
        var edges = Enumerable.Range(0, bands + 2).Select(i => ToHertz(top * i / (bands + 1))).ToArray();
        var basis = new float[checked(bands * Bins)];
        for (var band = 0; band < bands; band++)
            for (var bin = 0; bin < Bins; bin++)
            {
                var hertz = (double)bin * sampleRate / Window;
                var rising = (hertz - edges[band]) / (edges[band + 1] - edges[band]);
                var falling = (edges[band + 2] - hertz) / (edges[band + 2] - edges[band + 1]);
                basis[band * Bins + bin] = (float)(Math.Max(0, Math.Min(rising, falling)) * 2 / (edges[band + 2] - edges[band]));
            }
        return basis;
    }

    // Slaney's scale: linear up to 1000 Hz, logarithmic above.
    const double HertzPerMel = 200.0 / 3;
    const double Knee = 1000;
    const double KneeMel = Knee / HertzPerMel;
    static readonly double LogStep = Math.Log(6.4) / 27;

    static double ToMel(double hertz) => hertz < Knee ? hertz / HertzPerMel : KneeMel + Math.Log(hertz / Knee) / LogStep;
    static double ToHertz(double mel) => mel < KneeMel ? mel * HertzPerMel : Knee * Math.Exp(LogStep * (mel - KneeMel));

    static readonly Complex[] Roots = [.. Enumerable.Range(0, Window / 2)
        .Select(i => Complex.FromPolarCoordinates(1, -2 * Math.PI * i / Window))];

    /// <summary>Radix-2 fast Fourier transform. in: the signal, a power of two of at most <see cref="Window"/> · out: its spectrum ·
    /// overwrites: the signal.</summary>
    public static void Transform(Span<Complex> x)
    {
        for (int i = 1, reversed = 0; i < x.Length; i++)
        {
            var bit = x.Length >> 1;
            for (; (reversed & bit) != 0; bit >>= 1)
                reversed ^= bit;
            reversed ^= bit;
            if (i < reversed)
                (x[i], x[reversed]) = (x[reversed], x[i]);
        }
        for (var half = 1; half < x.Length; half *= 2)
            for (var start = 0; start < x.Length; start += 2 * half)
                for (var i = start; i < start + half; i++)
                {
                    var turned = x[i + half] * Roots[(i - start) * (Roots.Length / half)];
                    (x[i], x[i + half]) = (x[i] + turned, x[i] - turned);
                }
    }
}
