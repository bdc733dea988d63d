using Qwen3Tts.Audio;
using Qwen3Tts.Speaker;

namespace Qwen3Tts.Tests;

/// <summary>
/// How much a sound is like one voice and unlike others, by its long-term spectrum: where, from the mean of other voices (0) to the mean of
/// the voice's own recordings (1), it lies. It shares nothing with the model but the mel filters, so a model cannot please it.
/// </summary>
sealed class VoiceLikeness
{
    const int Bands = 80;

    readonly MelSpectrogram _mel;
    readonly double[] _others, _towards; // [Bands]

    /// <param name="own">Recordings of the voice.</param>
    /// <param name="others">Recordings of each other voice.</param>
    /// <param name="sampleRate">Of all of them.</param>
    public VoiceLikeness(IEnumerable<Waveform> own, IEnumerable<IEnumerable<Waveform>> others, int sampleRate)
    {
        _mel = new(sampleRate, Bands);
        _others = Mean([.. others.Select(voice => Mean([.. voice.Select(Spectrum)]))]);
        _towards = [.. Mean([.. own.Select(Spectrum)]).Zip(_others, (a, b) => a - b)];
    }

    public double Of(Waveform wave) => Spectrum(wave).Zip(_others, (a, b) => a - b).Zip(_towards, (a, b) => a * b).Sum() / _towards.Sum(v => v * v);

    /// <summary>The mean logarithm of each band over the louder half of the sound, less the mean of all bands: no matter how loud.</summary>
    double[] Spectrum(Waveform wave)
    {
        var rows = _mel.Compute(wave.Samples).Chunk(Bands).OrderByDescending(row => row.Sum()).ToList();
        var mean = Mean([.. rows.Take((rows.Count + 1) / 2).Select(row => Array.ConvertAll(row, v => (double)v))]);
        var level = mean.Average();
        return Array.ConvertAll(mean, v => v - level);
    }

    static double[] Mean(List<double[]> rows) => [.. Enumerable.Range(0, Bands).Select(band => rows.Average(r => r[band]))];
}
