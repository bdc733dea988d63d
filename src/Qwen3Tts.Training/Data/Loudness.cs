// Loudness by ITU-R BS.1770-4 for one channel: two filters that weigh frequencies as the ear does, then the mean over blocks of 0.4 s,
// without the silent ones. The filters are computed for the recording's own rate from their analogue prototypes.
using Qwen3Tts.Audio;

namespace Qwen3Tts.Training.Data;

static class Loudness
{
    const double BlockSeconds = 0.4, HopSeconds = 0.1, AbsoluteGate = -70, RelativeGate = -10, Offset = -0.691;
    const int LeastRate = 8000; // the filters need some room below half the rate

    /// <summary>Integrated loudness in LUFS; null if nothing is louder than -70 LUFS. A recording below 0.4 s is one block.</summary>
    public static double? Integrated(Waveform wave)
    {
        if (wave.SampleRate < LeastRate)
            wave = wave.ToRate(LeastRate);
        var weighted = Weighted(wave);
        var (block, hop) = ((int)(BlockSeconds * wave.SampleRate), (int)(HopSeconds * wave.SampleRate));
        var powers = new List<double>();
        for (var begin = 0; begin == 0 || begin + block <= weighted.Length; begin += hop)
        {
            var part = weighted.AsSpan(begin, Math.Min(block, weighted.Length - begin));
            var sum = 0.0;
            foreach (var s in part)
                sum += s * s;
            powers.Add(sum / Math.Max(1, part.Length));
        }
        var loud = powers.Where(p => Lufs(p) > AbsoluteGate).ToList();
        if (loud.Count == 0)
            return null;
        var gate = Lufs(loud.Average()) + RelativeGate;
        return Lufs(loud.Where(p => Lufs(p) > gate).Average());
    }

    static double Lufs(double power) => Offset + 10 * Math.Log10(Math.Max(power, 1e-12));

    /// <summary>The samples behind both filters: a shelf that raises high frequencies by 4 dB, and a high pass.</summary>
    static double[] Weighted(Waveform wave)
    {
        const double ShelfHertz = 1681.974450955533, ShelfGain = 3.999843853973347, ShelfQ = 0.7071752369554196;
        const double PassHertz = 38.13547087602444, PassQ = 0.5003270373238773;
        var samples = Array.ConvertAll(wave.Samples, s => (double)s);
        var k = Math.Tan(Math.PI * ShelfHertz / wave.SampleRate);
        var high = Math.Pow(10, ShelfGain / 20);
        var band = Math.Pow(high, 0.4996667741545416);
        Filter(samples, high + band * k / ShelfQ + k * k, 2 * (k * k - high), high - band * k / ShelfQ + k * k, k, ShelfQ);
        k = Math.Tan(Math.PI * PassHertz / wave.SampleRate);
        var scale = 1 + k / PassQ + k * k; // the standard leaves the numerator of the high pass as 1, -2, 1
        Filter(samples, scale, -2 * scale, scale, k, PassQ);
        return samples;
    }

    /// <summary>A filter of second order with the poles that k and q give. overwrites: the samples.</summary>
    static void Filter(double[] samples, double b0, double b1, double b2, double k, double q)
    {
        var a0 = 1 + k / q + k * k;
        var (a1, a2) = (2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0);
        (b0, b1, b2) = (b0 / a0, b1 / a0, b2 / a0);
        double x1 = 0, x2 = 0, y1 = 0, y2 = 0;
        for (var i = 0; i < samples.Length; i++)
        {
            var x = samples[i];
            var y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
            (x2, x1, y2, y1) = (x1, x, y1, y);
            samples[i] = y;
        }
    }
}
