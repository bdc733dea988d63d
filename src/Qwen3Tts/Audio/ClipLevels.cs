// What a recording is like, measured before anything is changed in it.
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Qwen3Tts.Audio;

/// <param name="Seconds">Length.</param>
/// <param name="Speech">Seconds that are louder than a fiftieth of the loudest.</param>
/// <param name="Rms">Of those; full scale is 1.</param>
/// <param name="Peak">Largest amplitude.</param>
/// <param name="Clipped">Share of the samples that lie in flat tops: three and more at the peak in a row.</param>
/// <param name="Pause">Longest silence between two sounds, in seconds.</param>
/// <param name="Start">RMS of the first 20 ms, as part of <paramref name="Rms"/>.</param>
/// <param name="End">The same of the last 20 ms.</param>
/// <param name="Content">Hash of every sample.</param>
sealed record ClipLevels(double Seconds, double Speech, double Rms, double Peak, double Clipped, double Pause, double Start, double End,
    string Content)
{
    const double WindowSeconds = 0.01, EdgeSeconds = 0.02, Floor = 0.02;

    /// <summary>
    /// Largest amplitude of a single channel of the file, and how many it had; equal to <see cref="Peak"/> and 1 where it had one.
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
                Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(samples.AsSpan()))))
        {
            Channels = (wave.Channels.Peak ?? peak, wave.Channels.Count),
            Range = (double)samples.Max() - samples.Min(),
        };
    }

    /// <summary>RMS of each window; the last one may be shorter.</summary>
    public static double[] Windows(float[] samples, int window)
    {
        var result = new double[(samples.Length + window - 1) / window];
        for (var w = 0; w < result.Length; w++)
            result[w] = RmsOf(samples.AsSpan(w * window, Math.Min(window, samples.Length - w * window)));
        return result;
    }

    static double RmsOf(ReadOnlySpan<float> part)
    {
        var sum = 0.0;
        foreach (var s in part)
            sum += (double)s * s;
        return Math.Sqrt(sum / part.Length);
    }

    /// <summary>Limits of an amplifier or a converter leave tops that are flat; those of speech are not, even at the peak.</summary>
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

    /// <summary>Most windows in a row that are below the floor, between two that are not.</summary>
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
