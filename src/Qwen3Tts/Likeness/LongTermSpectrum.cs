// The colour of a voice: the mean spectrum over the louder half of the speech. It depends on the shape of throat and mouth, on the
// microphone and the room, and hardly on the loudness. It is neither the melody nor the words, and no neural network has a part in it, so
// training cannot optimise it.
using Qwen3Tts.Audio;
using Qwen3Tts.Speaker;

namespace Qwen3Tts.Likeness;

/// <summary>How near speech is to the recordings of one voice, by the spectrum. The recordings themselves lie around 1.</summary>
sealed class LongTermSpectrum
{
    const int Rate = 24000;

    /// <summary>Mel bands.</summary>
    public const int Bands = 80;

    /// <summary>The fewest recordings from which a distance has a scale.</summary>
    public const int Fewest = 4;

    static readonly MelSpectrogram Mel = new(Rate, Bands);

    readonly double[] _mean; // [Bands]
    readonly double _usual; // the mean distance of a recording from the mean of the others

    /// <param name="own">Recordings of the voice, at least <see cref="Fewest"/>.</param>
    public LongTermSpectrum(IEnumerable<Waveform> own)
    {
        var rows = own.Select(Compute).ToList();
        ArgumentOutOfRangeException.ThrowIfLessThan(rows.Count, Fewest, nameof(own));
        _mean = Mean(rows);
        // without the recording itself, the mean moves away from it: (mean·n − row) / (n − 1) lies n / (n − 1) times as far
        _usual = rows.Average(row => Distance(row, _mean)) * rows.Count / (rows.Count - 1);
    }

    /// <summary>
    /// Distance of speech from the mean of the voice's recordings. 1 is the mean distance of a recording from the others; lower is nearer.
    /// </summary>
    public double Distance(Waveform wave) => Distance(Compute(wave), _mean) / _usual;

    /// <summary>
    /// The logarithm of each band [Bands], as the mean over the louder half of the rows, minus the mean of all bands, so that the loudness
    /// does not matter.
    /// </summary>
    /// <param name="wave">At least <see cref="MelSpectrogram.Hop"/> samples at 24 kHz.</param>
    public static double[] Compute(Waveform wave)
    {
        var rows = Rows(wave).OrderByDescending(row => row.Sum()).ToList();
        var mean = Mean([.. rows.Take((rows.Count + 1) / 2).Select(row => Array.ConvertAll(row, v => (double)v))]);
        var level = mean.Average();
        return Array.ConvertAll(mean, v => v - level);
    }

    /// <summary>
    /// The log mel spectrum [rows][Bands] of the sound at a fixed peak: the spectrum has a floor, and quiet speech would be near to it.
    /// </summary>
    public static List<float[]> Rows(Waveform wave)
    {
        const float Peak = 0.5f;
        var samples = wave.ToRate(Rate).Samples;
        var gain = Peak / Math.Max(1e-9f, samples.Max(Math.Abs));
        return [.. Mel.Compute(Array.ConvertAll(samples, s => gain * s)).Chunk(Bands)];
    }

    /// <summary>The mean of each band.</summary>
    public static double[] Mean(IReadOnlyList<double[]> rows) => [.. Enumerable.Range(0, Bands).Select(band => rows.Average(r => r[band]))];

    static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());
}
