// The pitch (fundamental frequency, F0) of speech by its autocorrelation. It tells high from low voices and lively from monotonous speech.
// It does not tell two speakers of the same pitch apart.
using Qwen3Tts.Audio;

namespace Qwen3Tts.Likeness;

static class Pitch
{
    const int Rate = 8000;
    const int Window = Rate / 25; // 40 ms: two periods of the lowest voice
    const int Hop = Rate / 100;
    const int Shortest = Rate / 500, Longest = Rate / 60; // periods from 500 Hz to 60 Hz
    const double Voiced = 0.6; // of a window with itself one period later
    const double NearlyBest = 0.92; // a multiple of the period is as good as the period itself: the shortest of such lags is taken
    const double Quiet = 0.05; // windows whose RMS is below this share of the loudest window are pauses

    /// <summary>The pitch of each voiced window, in hertz; none for silence or noise.</summary>
    public static List<double> Track(Waveform wave)
    {
        var samples = wave.ToRate(Rate).Samples;
        List<int> starts = [.. Enumerable.Range(0, Math.Max(0, (samples.Length - Window - Longest) / Hop + 1)).Select(i => i * Hop)];
        var energies = starts.ConvertAll(from => Product(samples, from, from));
        var quiet = energies.DefaultIfEmpty().Max() * Quiet * Quiet;
        return [.. starts.Zip(energies).Where(w => w.Second > quiet).Select(w => At(samples, w.First)).OfType<double>()];
    }

    /// <summary>The value below which a share of sorted values lies.</summary>
    public static double Quantile(IReadOnlyList<double> sorted, double share) => sorted[(int)Math.Round(share * (sorted.Count - 1))];

    static double? At(float[] samples, int from)
    {
        var energy = Product(samples, from, from);
        var like = new double[Longest + 1];
        var later = Product(samples, from + Shortest - 1, from + Shortest - 1);
        for (var lag = Shortest - 1; lag <= Longest; lag++)
        {
            like[lag] = Product(samples, from, from + lag) / Math.Sqrt(Math.Max(energy * later, 1e-12));
            var (leaves, comes) = (samples[from + lag], from + lag + Window < samples.Length ? samples[from + lag + Window] : 0);
            later += (double)comes * comes - (double)leaves * leaves;
        }
        var best = like.Max();
        if (best < Voiced)
            return null;
        for (var lag = Shortest; lag < Longest; lag++)
            if (like[lag] >= NearlyBest * best && like[lag] >= like[lag - 1] && like[lag] >= like[lag + 1])
                return Rate / (lag + Summit(like[lag - 1], like[lag], like[lag + 1]));
        return null;
    }

    /// <summary>Where a parabola through three neighbours has its summit, from the middle one.</summary>
    static double Summit(double before, double at, double after) =>
        before - 2 * at + after is < 0 and var bend ? 0.5 * (before - after) / bend : 0;

    static double Product(float[] samples, int a, int b)
    {
        var sum = 0.0;
        for (var i = 0; i < Window; i++)
            sum += (double)samples[a + i] * samples[b + i];
        return sum;
    }
}
