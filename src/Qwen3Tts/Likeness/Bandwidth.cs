// Up to which frequency speech reaches: a file may have a high sample rate and yet come from a telephone. Resampled recordings have nearly
// nothing above their old limit.
using System.Numerics;
using Qwen3Tts.Audio;
using Qwen3Tts.Speaker;

namespace Qwen3Tts.Likeness;

static class Bandwidth
{
    const int Window = MelSpectrogram.Window, Hop = Window / 2;
    const int Most = 1000; // windows of each kind
    const double Above = 4; // power of speech against that of the pauses
    const double Range = 65; // dB below the loudest band
    const double BandHertz = 150;

    /// <summary>The highest frequency of the speech, in Hz; 0 for silence.</summary>
    /// <param name="wave">The recording.</param>
    /// <param name="isSpeech">Whether there is speech at a time in seconds. Then a frequency counts only if it is louder in the speech than
    /// in the pauses, so noise that was added later does not count. Null for a clip: it has too few pauses, and may have no s, so the noise
    /// of its microphone is what shows that the original reached higher.</param>
    public static double Measure(Waveform wave, Func<double, bool>? isSpeech = null)
    {
        var windows = Enumerable.Range(0, Math.Max(1, wave.Samples.Length / Hop - 1)).Select(i => i * Hop)
            .ToLookup(begin => isSpeech?.Invoke((begin + Window / 2.0) / wave.SampleRate) ?? true);
        var (speech, pauses) = (Bands(wave, [.. windows[true]]), Bands(wave, [.. windows[false]]));
        var least = speech.Max() * Math.Pow(10, -Range / 10);
        var highest = Enumerable.Range(0, speech.Length).LastOrDefault(i => speech[i] > least && speech[i] > Above * pauses[i], -1);
        return (highest + 1.0) * wave.SampleRate / Window;
    }

    /// <summary>The mean power of the band that begins at each frequency, over windows; at most <see cref="Most"/> are taken.</summary>
    static double[] Bands(Waveform wave, int[] begins)
    {
        var (sum, power, spectrum) = (new double[MelSpectrogram.Bins], new double[MelSpectrogram.Bins], new Complex[Window]);
        var taken = Math.Min(Most, begins.Length);
        for (var i = 0; i < taken; i++)
        {
            var begin = begins[(int)((long)i * begins.Length / taken)];
            MelSpectrogram.Power(wave.Samples.AsSpan(begin, Math.Min(Window, wave.Samples.Length - begin)), spectrum, power);
            for (var bin = 0; bin < sum.Length; bin++)
                sum[bin] += power[bin] / taken;
        }
        var width = Math.Max(1, (int)(BandHertz * Window / wave.SampleRate));
        return [.. Enumerable.Range(0, sum.Length - 1).Select(bin => sum[bin..Math.Min(sum.Length - 1, bin + width)].Average())];
    }
}
