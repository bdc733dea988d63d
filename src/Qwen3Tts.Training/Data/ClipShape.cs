// Trims a recording to its speech and levels it. The model learns the end of speech from what follows the last word, so every clip gets the
// same fixed tail; a recording that ends earlier is extended with silence. The sound in between is changed only by one gain.
using Qwen3Tts.Audio;

namespace Qwen3Tts.Training.Data;

/// <summary>How a recording is changed before it is encoded.</summary>
sealed record ClipShape
{
    /// <summary>Trim to the speech, with a fixed lead and tail.</summary>
    public bool Trim { get; init; } = true;
    /// <summary>Bring the speech to a fixed loudness.</summary>
    public bool Level { get; init; } = true;
    /// <summary>A window of <see cref="WindowSeconds"/> is speech if its RMS is above this part of the loudest window's RMS.</summary>
    public double Threshold { get; init; } = 0.02;
    public double WindowSeconds { get; init; } = 0.01;
    public double LeadSeconds { get; init; } = 0.04;
    public double TailSeconds { get; init; } = 0.16;
    /// <summary>RMS that the windows with speech are brought to; full scale is 1.</summary>
    public double ActiveRms { get; init; } = 0.075;
    public double LargestPeak { get; init; } = 0.9;

    public bool ChangesAnything => Trim || Level;

    /// <summary>The changed recording, extended with zeros to whole frames.</summary>
    /// <exception cref="InvalidDataException">The recording is silent, or too short to be speech.</exception>
    public ShapedClip Apply(Waveform wave, int frameSamples)
    {
        const double Shortest = 0.2;
        if (wave.Seconds < Shortest)
            throw new InvalidDataException($"is {wave.Seconds:0.00} s long; a clip needs at least {Shortest} s");
        var window = Math.Max(1, (int)Math.Round(WindowSeconds * wave.SampleRate));
        var loudness = Windows(wave.Samples, window);
        var floor = Threshold * loudness.Max();
        var first = Array.FindIndex(loudness, l => l > floor);
        if (first < 0)
            throw new InvalidDataException("is silent");
        var last = Array.FindLastIndex(loudness, l => l > floor);

        var from = Trim ? first * window - (int)Math.Round(LeadSeconds * wave.SampleRate) : 0;
        var to = Trim ? (last + 1) * window + (int)Math.Round(TailSeconds * wave.SampleRate) : wave.Samples.Length;
        var gain = Level ? Gain(wave.Samples, loudness, floor) : 1;
        var frames = (to - from + frameSamples - 1) / frameSamples;
        var shaped = new float[frames * frameSamples];
        for (var i = Math.Max(0, from); i < Math.Min(to, wave.Samples.Length); i++)
            shaped[i - from] = (float)(wave.Samples[i] * gain);
        return new(new(shaped, wave.SampleRate), wave.Seconds, (double)from / wave.SampleRate, wave.Seconds - (double)to / wave.SampleRate,
            gain);
    }

    double Gain(float[] samples, double[] loudness, double floor)
    {
        var active = loudness.Where(l => l > floor).ToArray();
        var rms = Math.Sqrt(active.Sum(l => l * l) / active.Length);
        var peak = samples.Max(s => Math.Abs((double)s));
        return Math.Min(ActiveRms / rms, LargestPeak / peak);
    }

    /// <summary>RMS of each window; the last one may be shorter.</summary>
    public static double[] Windows(float[] samples, int window) => ClipLevels.Windows(samples, window);
}

/// <summary>A changed clip, and how it was changed.</summary>
/// <param name="Wave">The changed recording.</param>
/// <param name="SecondsBefore">Length of the original recording.</param>
/// <param name="CutBefore">Seconds removed at the start; negative if silence was added.</param>
/// <param name="CutAfter">Seconds removed at the end, without the zeros up to whole frames; negative if silence was added.</param>
/// <param name="Gain">Factor of the amplitude.</param>
sealed record ShapedClip(Waveform Wave, double SecondsBefore, double CutBefore, double CutAfter, double Gain);
