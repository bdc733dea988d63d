// Levels of a recording (length, loudness, peaks, pauses), measured before the recording is trimmed or changed in any other way.
using System.Runtime.InteropServices;
using Qwen3Tts.Files;

namespace Qwen3Tts.Audio;

/// <param name="Seconds">Length of the recording.</param>
/// <param name="Speech">Seconds whose loudness is above a fiftieth (0.02) of the loudest 10 ms.</param>
/// <param name="Rms">RMS of these seconds; full scale is 1.</param>
/// <param name="Peak">Largest amplitude.</param>
/// <param name="Clipped">Share of the samples that lie in flat tops: three or more samples in a row at the peak.</param>
/// <param name="Pause">Longest silence between two sounds, in seconds.</param>
/// <param name="Start">RMS of the first 20 ms, divided by <paramref name="Rms"/>.</param>
/// <param name="End">RMS of the last 20 ms, divided by <paramref name="Rms"/>.</param>
/// <param name="Content">SHA-256 of all samples.</param>
sealed record ClipLevels(double Seconds, double Speech, double Rms, double Peak, double Clipped, double Pause, double Start, double End,
    string Content)
{
    const double WindowSeconds = 0.01, EdgeSeconds = 0.02;
    /// <summary>Sound is what is louder than this share of the loudest window.</summary>
    public const double Floor = 0.02;

    /// <summary>
    /// The largest amplitude in any single channel of the file, and the number of channels. For a mono file these are <see cref="Peak"/>
    /// and 1.
    /// </summary>
    public (double Peak, int Count) Channels { get; init; } = (Peak, 1);
    /// <summary>Difference between the largest and the smallest sample.</summary>
    public double Range { get; init; }

    public static ClipLevels Measure(Waveform wave)
    {
        var samples = wave.Samples;
        if (samples.Length == 0)
            return new(0, 0, 0, 0, 0, 0, 0, 0, "");
        var window = Math.Max(1, (int)Math.Round(WindowSeconds * wave.SampleRate));
        var loudness = Windows(samples, window);
        var floor = Floor * loudness.Max();
        var active = loudness.Where(l => l > floor).ToArray();
        var rms = active.Length == 0 ? 0 : Math.Sqrt(active.Average(l => l * l));
        var peak = samples.Max(s => Math.Abs((double)s));
        var edge = Math.Min(samples.Length, (int)Math.Round(EdgeSeconds * wave.SampleRate));
        double Part(ReadOnlySpan<float> part) => rms == 0 ? 0 : RmsOf(part) / rms;
        return new(wave.Seconds, active.Length * WindowSeconds, rms, peak, InFlatTops(samples, peak) / (double)samples.Length,
            Longest(loudness, floor) * WindowSeconds,
            Part(samples.AsSpan(0, edge)), Part(samples.AsSpan(samples.Length - edge)),
                Convert.ToHexStringLower(Sha256.Of(MemoryMarshal.AsBytes(samples.AsSpan()))))
        {
            Channels = (wave.Channels.Peak ?? peak, wave.Channels.Count),
            Range = (double)samples.Max() - samples.Min(),
        };
    }

    /// <summary>The recording with zeros behind it, so that this many seconds of silence follow its last sound.</summary>
    public static Waveform FillSilence(Waveform wave, double seconds)
    {
        var window = Math.Max(1, (int)Math.Round(WindowSeconds * wave.SampleRate));
        var loudness = Windows(wave.Samples, window);
        var sounds = Array.FindLastIndex(loudness, l => l > Floor * loudness.Max()) + 1;
        var missing = (int)Math.Round(seconds * wave.SampleRate) - Math.Max(0, wave.Samples.Length - sounds * window);
        return missing <= 0 ? wave : new([.. wave.Samples, .. new float[missing]], wave.SampleRate);
    }

    /// <summary>RMS of each window; the last one may be shorter.</summary>
    public static double[] Windows(float[] samples, int window)
    {
        var result = new double[(samples.Length + window - 1) / window];
        for (var w = 0; w < result.Length; w++)
            result[w] = RmsOf(samples.AsSpan(w * window, Math.Min(window, samples.Length - w * window)));
        return result;
    }

    /// <summary>Root mean square of samples; not a number without any.</summary>
    public static double RmsOf(ReadOnlySpan<float> part)
    {
        var sum = 0.0;
        foreach (var s in part)
            sum += (double)s * s;
        return Math.Sqrt(sum / part.Length);
    }

    /// <summary>
    /// Number of samples in flat tops. An overloaded amplifier or converter leaves flat tops; speech has none, even at its peak.
    /// </summary>
    static int InFlatTops(float[] samples, double peak)
    {
        const int Shortest = 3;
        var (found, run, limit) = (0, 0, peak * 0.9995);
        for (var i = 0; i <= samples.Length; i++)
            if (i < samples.Length && peak > 0 && Math.Abs(samples[i]) >= limit)
                run++;
            else
            {
                found += run >= Shortest ? run : 0;
                run = 0;
            }
        return found;
    }

    /// <summary>The longest run of windows below the floor that has a window above the floor on both sides.</summary>
    static int Longest(double[] loudness, double floor)
    {
        var (longest, last) = (0, -1);
        for (var w = 0; w < loudness.Length; w++)
            if (loudness[w] > floor)
            {
                longest = last < 0 ? 0 : Math.Max(longest, w - last - 1);
                last = w;
            }
        return longest;
    }
}
