// Changes the sample rate with a band limit: a polyphase filter bank of one Kaiser-windowed sinc. Cutoff, window and length were fitted to
// the impulse responses of soxr's HQ setting, which the official loader uses. The remaining difference is 2e-5 on a recorded voice.
//
// Two properties of the official loader are copied on purpose. The length is the ceiling of a *floating-point* product (22050 samples at
// 22050 Hz become 24001 at 24000 Hz). Samples past the rounded product are zero, because the official loader pads the output of soxr.
using System.Numerics;
using System.Runtime.InteropServices;

namespace Qwen3Tts.Audio;

/// <summary>Changes the sample rate of mono sound.</summary>
static class Resampler
{
    const double Cutoff = 0.95687; // -6 dB, as a fraction of the lower rate's Nyquist frequency
    const double KaiserBeta = 12.756; // about 125 dB of attenuation
    const int HalfWidth = 96; // half the length of the kernel, in samples of the lower rate
    const int Resolution = 2048; // phases per sample of the lower rate; rates that need more phases interpolate (-130 dB)
    const int HighestRate = 1_000_000;

    static readonly double KaiserPeak = BesselI0(KaiserBeta); // the window's value in its middle

    /// <summary>Changes the sample rate. Any two rates are supported.</summary>
    /// <param name="samples">Mono sound [n].</param>
    /// <param name="from">Sample rate of <paramref name="samples"/>, in samples per second, 1 to 1,000,000.</param>
    /// <param name="to">Sample rate of the result.</param>
    /// <returns>[ceil(n · to / from)]</returns>
    /// <exception cref="ArgumentOutOfRangeException">A rate is outside 1 to 1,000,000, or the result would be too long for an
    /// array.</exception>
    public static float[] Resample(ReadOnlySpan<float> samples, int from, int to)
    {
        CheckRates(from, to);
        if (from == to || samples.IsEmpty)
            return samples.ToArray();
        var (length, computed) = Lengths(samples.Length, from, to);
        if (length > Array.MaxLength)
            throw new ArgumentOutOfRangeException(nameof(to), to,
                $"{samples.Length} samples at {from} Hz would become {length} samples. Cut the audio into shorter pieces.");
        var bank = PhaseBank.Of(from, to);
        var padded = new float[samples.Length + bank.Reach + bank.Taps + 1]; // silence around the sound
        samples.CopyTo(padded.AsSpan(bank.Reach));
        var result = new float[length];
        bank.Filter(padded, 0, result.AsSpan(0, (int)computed), 0);
        return result;
    }

    /// <summary>The same while the samples arrive, bit for bit. It holds only the samples that the filter still needs.</summary>
    /// <param name="chunks">Mono sound in pieces of any length, which are generated while they are enumerated.</param>
    /// <param name="from">Sample rate of the pieces, in samples per second, 1 to 1,000,000.</param>
    /// <param name="to">Another sample rate, that of the result.</param>
    /// <exception cref="ArgumentOutOfRangeException">A rate is outside 1 to 1,000,000.</exception>
    public static IEnumerable<float[]> ResampleInPieces(IEnumerable<float[]> chunks, int from, int to)
    {
        CheckRates(from, to);
        var bank = PhaseBank.Of(from, to);
        var held = new float[bank.Reach]; // silence before the sound
        long count = 0, dropped = 0, done = 0;
        float[] Filter(long until)
        {
            var result = new float[until - done];
            bank.Filter(held, dropped, result, done);
            done = until;
            var needless = (int)Math.Min(held.Length, bank.Start(done) - dropped);
            (held, dropped) = (held[needless..], dropped + needless);
            return result;
        }
        foreach (var chunk in chunks)
        {
            (held, count) = ([.. held, .. chunk], count + chunk.Length);
            if (bank.Ready(dropped + held.Length) is var ready && ready > done)
                yield return Filter(ready);
        }
        if (count == 0)
            yield break;
        var (length, computed) = Lengths(count, from, to);
        held = [.. held, .. new float[bank.Taps + 1]];
        if (computed > done)
            yield return Filter(computed);
        if (length > done)
            yield return new float[length - done];
    }

    static void CheckRates(int from, int to)
    {
        foreach (var rate in (ReadOnlySpan<int>)[from, to])
            if (rate is < 1 or > HighestRate)
                throw new ArgumentOutOfRangeException(rate == from ? nameof(from) : nameof(to), rate,
                    $"A sample rate of {rate} Hz is outside 1 to {HighestRate}. Check where the rate comes from.");
    }

    /// <summary>The number of samples of the result, and how many of them are computed; the others are 0.</summary>
    static (long Length, long Computed) Lengths(long samples, int from, int to)
    {
        var length = Math.Ceiling(samples * ((double)to / from));
        return ((long)length, (long)Math.Min(length, Math.Floor((double)samples * to / from + 0.5)));
    }

    /// <summary>
    /// Value of the kernel at a distance of <paramref name="t"/> input samples. <paramref name="scale"/> is the lower rate divided by the
    /// input rate.
    /// </summary>
    static double Kernel(double t, double scale)
    {
        var edge = t * scale / HalfWidth;
        if (Math.Abs(edge) >= 1)
            return 0;
        var x = Math.PI * t;
        var sinc = x == 0 ? Cutoff * scale : Math.Sin(Cutoff * scale * x) / x;
        return sinc * BesselI0(KaiserBeta * Math.Sqrt(1 - edge * edge)) / KaiserPeak;
    }

    /// <summary>Modified Bessel function of the first kind, order 0, by its power series.</summary>
    static double BesselI0(double x)
    {
        double sum = 1, term = 1, q = x * x / 4;
        for (var k = 1; term > 1e-18 * sum; k++)
            sum += term *= q / ((double)k * k);
        return sum;
    }

    /// <summary>
    /// The kernel, sampled once for each phase: row p holds the taps for an output sample that lies p / phases behind an input sample.
    /// </summary>
    sealed class PhaseBank
    {
        static PhaseBank? _last; // clips of one voice mostly have one rate

        readonly int _from, _to, _up, _down, _phases;
        readonly double[] _rows; // [phases + 1, taps], at most 3 MB; the last row equals the first row of the next input sample

        public static PhaseBank Of(int from, int to) =>
            _last is { } last && (last._from, last._to) == (from, to) ? last : _last = new(from, to);

        PhaseBank(int from, int to)
        {
            (_from, _to) = (from, to);
            var common = (int)BigInteger.GreatestCommonDivisor(from, to);
            (_up, _down) = (to / common, from / common);
            var scale = Math.Min(1.0, (double)to / from);
            _phases = Math.Min(_up, (int)Math.Ceiling(Resolution * scale));
            Reach = (int)Math.Ceiling(HalfWidth / scale);
            Taps = (2 * Reach + 2 + Vector<float>.Count - 1) / Vector<float>.Count * Vector<float>.Count; // whole vectors
            _rows = new double[(_phases + 1) * Taps];
            for (var p = 0; p <= _phases; p++)
                for (var j = 0; j < Taps; j++)
                    _rows[p * Taps + j] = Kernel((double)p / _phases + Reach - j, scale);
        }

        /// <summary>Samples of silence before the sound.</summary>
        public int Reach { get; }

        /// <summary>Samples that each sample of the result depends on.</summary>
        public int Taps { get; }

        /// <summary>The first sample that a sample of the result depends on, counted with the silence before the sound.</summary>
        public long Start(long i) => i * _down / _up;

        /// <summary>The number of samples of the result that depend on so many samples only.</summary>
        public long Ready(long samples) => samples < Taps ? 0 : ((samples - Taps + 1) * _up + _down - 1) / _down;

        /// <summary>in: samples, of which so many are left out before the first · out: the result from its sample first on.</summary>
        public void Filter(ReadOnlySpan<float> samples, long leftOut, Span<float> result, long first)
        {
            for (var i = 0; i < result.Length; i++)
            {
                var (start, remainder) = Math.DivRem((first + i) * _down, _up);
                var (phase, rest) = Math.DivRem(remainder * _phases, _up);
                var window = samples.Slice((int)(start - leftOut), Taps);
                var value = Dot(Row((int)phase), window);
                if (rest != 0) // only where the two rates need more phases than the bank has
                    value += (Dot(Row((int)phase + 1), window) - value) * rest / _up;
                result[i] = (float)value;
            }
        }

        ReadOnlySpan<double> Row(int phase) => _rows.AsSpan(phase * Taps, Taps);

        static double Dot(ReadOnlySpan<double> taps, ReadOnlySpan<float> window)
        {
            var rows = MemoryMarshal.Cast<double, Vector<double>>(taps);
            var samples = MemoryMarshal.Cast<float, Vector<float>>(window);
            Vector<double> even = Vector<double>.Zero, odd = Vector<double>.Zero;
            for (var j = 0; j < samples.Length; j++)
            {
                Vector.Widen(samples[j], out var low, out var high);
                even += rows[2 * j] * low;
                odd += rows[2 * j + 1] * high;
            }
            return Vector.Sum(even + odd);
        }
    }
}
