// Up to which frequency a recording has speech. A file may have a high sample rate and yet come from a telephone. A frequency counts if the
// speech is louder there than the pauses, so noise that was added later does not count.
using System.Numerics;
using Qwen3Tts.Audio;
using Qwen3Tts.Speaker;

namespace Qwen3Tts.Training.Slicing;

static class Bandwidth
{
    const int Most = 1000; // windows of each kind
    const double Above = 4; // power of speech against that of the pauses
    const double Below = 1e-7; // power against that of the strongest frequency: -70 dB
    const int Around = 4; // neighbours that are averaged, at each side

    /// <summary>The highest frequency of the speech, in Hz; 0 without speech.</summary>
    /// <param name="wave">The recording.</param>
    /// <param name="speech">Its stretches of speech, in order.</param>
    public static double Measure(Waveform wave, IReadOnlyList<Span> speech)
    {
        var windows = wave.Samples.Length / MelSpectrogram.Window;
        var isSpeech = new bool[windows];
        var next = 0;
        for (var w = 0; w < windows; w++)
        {
            var middle = (w + 0.5) * MelSpectrogram.Window / wave.SampleRate;
            while (next < speech.Count && speech[next].End < middle)
                next++;
            isSpeech[w] = next < speech.Count && speech[next].Begin <= middle;
        }
        var (voiced, quiet) = (Power(wave, isSpeech, true), Power(wave, isSpeech, false));
        var least = Below * voiced.Max();
        var highest = Array.FindLastIndex(Enumerable.Range(0, voiced.Length).ToArray(),
            bin => voiced[bin] > least && voiced[bin] > Above * quiet[bin]);
        return Math.Max(0, highest) * (double)wave.SampleRate / MelSpectrogram.Window;
    }

    /// <summary>The mean power of each frequency in windows of one kind, smoothed. At most <see cref="Most"/> windows are taken.</summary>
    static double[] Power(Waveform wave, bool[] isSpeech, bool kind)
    {
        var power = new double[MelSpectrogram.Window / 2];
        var own = Enumerable.Range(0, isSpeech.Length).Where(w => isSpeech[w] == kind).ToList();
        var spectrum = new Complex[MelSpectrogram.Window];
        for (var i = 0; i < Math.Min(Most, own.Count); i++)
        {
            var begin = own[(int)((long)i * own.Count / Math.Min(Most, own.Count))] * MelSpectrogram.Window;
            for (var s = 0; s < spectrum.Length; s++)
                spectrum[s] = wave.Samples[begin + s] * (double)MelSpectrogram.Hann[s];
            MelSpectrogram.Transform(spectrum);
            for (var bin = 0; bin < power.Length; bin++)
                power[bin] += (spectrum[bin].Real * spectrum[bin].Real + spectrum[bin].Imaginary * spectrum[bin].Imaginary)
                    / Math.Min(Most, own.Count);
        }
        return [.. Enumerable.Range(0, power.Length).Select(bin =>
            power[Math.Max(0, bin - Around)..Math.Min(power.Length, bin + Around + 1)].Average())];
    }
}
