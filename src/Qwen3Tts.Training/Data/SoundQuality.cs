// How good a recording is, without a model: loudness, noise, bandwidth, and an estimate of the room. Measured before it is changed.
using System.Globalization;
using Qwen3Tts.Audio;

namespace Qwen3Tts.Training.Data;

/// <param name="Lufs">Integrated loudness; null if the recording is silent.</param>
/// <param name="Noise">RMS of its quietest tenth, in dBFS, without samples that are 0; null if it has no such part.</param>
/// <param name="Bandwidth">Frequency in hertz above which there is no sound.</param>
/// <param name="Decay">Estimate of the reverberation: seconds in which speech falls by 60 dB where it falls fastest; null if noise hides
/// it.</param>
sealed record SoundQuality(double? Lufs, double? Noise, double Bandwidth, double? Decay)
{
    /// <summary>A room is heard in the speech above this decay; see docs/data.md.</summary>
    public const double LongDecay = 0.35;
    /// <summary>A model's sound reaches 12 kHz; a recording at 16 kHz reaches 8 kHz.</summary>
    public const double Narrow = 8200;

    /// <summary>Distance of the noise below the speech; null if it is unknown.</summary>
    public double? BelowSpeech { get; init; }

    /// <summary>See <see cref="RecordingChecks.NoiseDoubt"/>.</summary>
    public string? NoiseDoubt { get; init; }

    public static SoundQuality Measure(Waveform wave)
    {
        var (noise, below) = RecordingChecks.Noise(wave);
        return new(Loudness.Integrated(wave), noise, Likeness.Bandwidth.Measure(wave), FindDecay(wave))
        {
            NoiseDoubt = RecordingChecks.NoiseDoubt(wave),
            BelowSpeech = below,
        };
    }

    /// <summary>Reasons to doubt the recording, each with its kind; the others are those of <see cref="RecordingChecks.Doubts"/>.</summary>
    public IEnumerable<(string Kind, string Message)> Doubts()
    {
        if (NoiseDoubt is { } noisy)
            yield return ("noise", noisy);
        if (Decay > LongDecay)
            yield return ("room", F($"has reverberation: its sounds need {Decay:0.0} s to fall by 60 dB. ")
                + "The voice will have the room in it. Record it nearer to the microphone, or in a room with soft furniture.");
        if (Bandwidth < Narrow)
            yield return ("bandwidth", F($"has nothing above {Bandwidth / 1000:0.0} kHz, as a recording at ")
                + F($"{2 * Math.Ceiling(Bandwidth / 1000):0} kHz: the voice will sound dull. Take the original, if it has more."));
    }

    /// <summary>
    /// In a dry room speech falls by tens of decibels within a tenth of a second; in a hall it cannot fall faster than the hall. The
    /// steepest two in a hundred falls are taken. Null if noise hides them.
    /// </summary>
    static double? FindDecay(Waveform wave)
    {
        const double HopSeconds = 0.005, LagSeconds = 0.12, Loud = 20, Steepest = 0.02, LeastRange = 25;
        const int Lag = (int)(LagSeconds / HopSeconds);
        var quarters = ClipLevels.Windows(wave.Samples, Math.Max(1, (int)Math.Round(HopSeconds * wave.SampleRate)));
        var levels = Enumerable.Range(0, Math.Max(0, quarters.Length - 3)) // RMS of 20 ms, every 5 ms
            .Select(i => RecordingChecks.Decibel(Math.Sqrt(quarters.Skip(i).Take(4).Sum(l => l * l) / 4))).ToArray();
        if (levels.Length <= Lag || levels.Max() - levels.Order().ElementAt(levels.Length / 10) < LeastRange)
            return null;
        var (loud, falls) = (levels.Max() - Loud, new List<double>());
        for (var i = 0; i + Lag < levels.Length; i++)
            if (levels[i] > loud)
                falls.Add(levels[i] - levels[i + Lag]);
        return falls.Count == 0 ? null : falls.OrderDescending().ElementAt((int)(Steepest * falls.Count)) is > 0 and var fall
            ? 60 * LagSeconds / fall : null;
    }

    static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
