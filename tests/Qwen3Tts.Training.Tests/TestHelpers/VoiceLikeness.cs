using Qwen3Tts.Audio;
using Qwen3Tts.Speaker;

namespace Qwen3Tts.Tests;

/// <summary>
/// Likeness of a sound to one voice, by its long-term spectrum: its position between the mean of other voices (0) and the mean of the
/// voice's own recordings (1). It shares only the mel filters with the model, so training cannot optimise it.
/// </summary>
sealed class VoiceLikeness
{
    const int Bands = 80, Rate = 24000;

    readonly MelSpectrogram _mel;
    readonly double[] _others, _towards; // [Bands]

    /// <param name="own">Recordings of the voice, at <see cref="Rate"/>.</param>
    /// <param name="others">Recordings of each other voice.</param>
    public VoiceLikeness(IEnumerable<Waveform> own, IEnumerable<IEnumerable<Waveform>> others)
    {
        _mel = new(Rate, Bands);
        _others = Mean([.. others.Select(voice => Mean([.. voice.Select(Spectrum)]))]);
        _towards = [.. Mean([.. own.Select(Spectrum)]).Zip(_others, (a, b) => a - b)];
    }

    /// <summary>The likeness to nora, compared with the voices of the reference clips.</summary>
    public static VoiceLikeness CreateForNora() => new(Nora, Others);

    public static IEnumerable<Waveform> Nora => Directory.GetFiles(Mini.Recordings, "*.wav").Order(StringComparer.Ordinal).Select(Read);

    /// <summary>Recordings of each other voice, in files that are named voice_number.</summary>
    public static IEnumerable<IEnumerable<Waveform>> Others =>
        [.. Directory.GetFiles(Path.Combine(Mini.Folder, "clips"), "*.wav").Order(StringComparer.Ordinal)
        .GroupBy(f => Path.GetFileName(f).Split('_')[0]).Select(v => v.Select(Read).ToList())];

    static Waveform Read(string file) => WavFile.Read(file).ToRate(Rate);

    public double Measure(Waveform wave) =>
        Spectrum(wave).Zip(_others, (a, b) => a - b).Zip(_towards, (a, b) => a * b).Sum() / _towards.Sum(v => v * v);

    /// <summary>
    /// For each band the mean logarithm over the louder half of the sound, minus the mean of all bands, so that the loudness does not
    /// matter.
    /// </summary>
    double[] Spectrum(Waveform wave)
    {
        var rows = _mel.Compute(wave.Samples).Chunk(Bands).OrderByDescending(row => row.Sum()).ToList();
        var mean = Mean([.. rows.Take((rows.Count + 1) / 2).Select(row => Array.ConvertAll(row, v => (double)v))]);
        var level = mean.Average();
        return Array.ConvertAll(mean, v => v - level);
    }

    static double[] Mean(List<double[]> rows) => [.. Enumerable.Range(0, Bands).Select(band => rows.Average(r => r[band]))];
}
