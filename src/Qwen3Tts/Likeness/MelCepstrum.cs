// How far the sounds of two utterances of the same text are from each other: mel-cepstral distortion, after dynamic time warping has
// brought them to the same pace. It rises where the voice is another, where a word is another, and where a sound is unclear; it does not
// say which. The cepstra are those of the speaker encoder's mel filters, so the numbers are not those of papers, which use other cepstra.
using Qwen3Tts.Audio;

namespace Qwen3Tts.Likeness;

static class MelCepstrum
{
    const int Bands = LongTermSpectrum.Bands, Coefficients = 13;
    const double Quiet = 4.6; // in nats, 40 dB: rows at the ends that are quieter than the loudest row by more are no speech

    static readonly double[][] Cosines = [.. Enumerable.Range(1, Coefficients)
        .Select(k => Enumerable.Range(0, Bands).Select(b => Math.Cos(Math.PI * k * (b + 0.5) / Bands) / Bands).ToArray())];

    /// <summary>
    /// Mel-cepstral distortion of two utterances of one text, in decibels; lower is nearer. The loudness does not matter.
    /// </summary>
    public static double Distortion(Waveform one, Waveform other)
    {
        var (cost, steps) = Align(Rows(one), Rows(other));
        return 10 / Math.Log(10) * Math.Sqrt(2) * cost / steps;
    }

    /// <summary>The cepstra [rows, Coefficients] from the first to the last loud row, without the loudness.</summary>
    static double[][] Rows(Waveform wave)
    {
        var rows = LongTermSpectrum.Rows(wave);
        var levels = rows.ConvertAll(row => row.Average(v => (double)v));
        var floor = levels.Max() - Quiet;
        var (first, last) = (levels.FindIndex(l => l >= floor), levels.FindLastIndex(l => l >= floor));
        return [.. rows[first..(last + 1)].Select(row => Array.ConvertAll(Cosines, c => c.Zip(row, (a, b) => a * b).Sum()))];
    }

    /// <summary>The cheapest way through both sequences, in steps of one row in either or in both, and its number of steps.</summary>
    static (double Cost, int Steps) Align(double[][] a, double[][] b)
    {
        var row = new (double Cost, int Steps)[b.Length];
        for (var i = 0; i < a.Length; i++)
        {
            (double Cost, int Steps) diagonal = (0, 0); // of the row above, one column before
            for (var j = 0; j < b.Length; j++)
            {
                var above = i > 0 ? row[j] : (double.PositiveInfinity, 0);
                var before = j > 0 ? row[j - 1] : (double.PositiveInfinity, 0);
                var way = i == 0 && j == 0 ? (0, 0) : i == 0 || j == 0 ? Cheaper(above, before)
                    : Cheaper(diagonal, Cheaper(above, before));
                diagonal = above;
                row[j] = (way.Item1 + Distance(a[i], b[j]), way.Item2 + 1);
            }
        }
        return row[^1];
    }

    static (double Cost, int Steps) Cheaper((double Cost, int Steps) a, (double Cost, int Steps) b) => a.Cost <= b.Cost ? a : b;

    static double Distance(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var k = 0; k < Coefficients; k++)
            sum += (a[k] - b[k]) * (a[k] - b[k]);
        return Math.Sqrt(sum);
    }
}
