// When each word of a recording is said, from the recordings and their texts alone, for any language that is written with letters: no
// dictionary and no other model is needed. Each letter is a state of a hidden Markov model, between words there may be a pause, and the
// states are trained on the recordings themselves (Viterbi training). At first the letters of a clip are equally long. When their times
// have settled, a letter becomes a state of its own for each pair of neighbours in the word that occurs often enough: the t of "the" is
// another sound than that of "ten".
using Qwen3Tts.Audio;
using Qwen3Tts.Speaker;

namespace Qwen3Tts.Training.Data;

/// <summary>A word of a recording, and when it is said, in seconds from the recording's start.</summary>
readonly record struct WordTime(string Word, double From, double To);

static class WordTimes
{
    const int Rate = 24000, Bands = 80, Cepstra = 13, Dimensions = 2 * Cepstra;
    const int Rounds = 12; // of training, for each kind of states
    const int Often = 6; // clips of a letter between two others that make it a state of its own
    const double Quiet = 3.5; // in nats, 30 dB: rows at the ends that are quieter than the loudest by more are a pause at first
    const string Pause = "";

    /// <summary>The times of the words of each clip; null for a clip that has fewer rows of 11 ms than letters.</summary>
    /// <param name="clips">Recordings of one voice, cut to the speech, with their words; thirty or more, because each letter needs
    /// examples.</param>
    /// <param name="stop">Ends it.</param>
    public static List<WordTime[]?> Find(IReadOnlyList<(Waveform Wave, IReadOnlyList<string> Words)> clips,
        CancellationToken stop = default)
    {
        var mel = new MelSpectrogram(Rate, Bands);
        List<AlignedClip> all = [.. clips.Select(c => new AlignedClip(Rows(mel, c.Wave), c.Words))];
        var fit = all.Where(c => c.Rows.Length >= c.Letters).ToList();
        foreach (var clip in fit)
        {
            clip.Write((_, letter, _) => $"{letter}");
            clip.DivideEqually();
        }
        Train(fit, stop);
        var counts = fit.SelectMany(c => c.Contexts()).GroupBy(c => c).ToDictionary(g => g.Key, g => g.Count());
        foreach (var clip in fit)
            clip.Write((before, letter, after) => counts[$"{before}{letter}{after}"] >= Often ? $"{before}{letter}{after}" : $"{letter}");
        Train(fit, stop);
        return all.ConvertAll(c => fit.Contains(c) ? c.Times((double)MelSpectrogram.Hop / Rate) : null);
    }

    static void Train(List<AlignedClip> clips, CancellationToken stop)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var states = SoundState.Estimate(clips);
            Parallel.ForEach(clips, new ParallelOptions { CancellationToken = stop }, clip => clip.Align(states));
        }
    }

    /// <summary>Cepstra and their slope over five rows [rows][Dimensions].</summary>
    static double[][] Rows(MelSpectrogram mel, Waveform wave)
    {
        double[][] still = [.. mel.Compute(wave.ToRate(Rate).Samples).Chunk(Bands).Select(row => Array.ConvertAll(Cosines, c =>
        {
            var sum = 0.0;
            for (var b = 0; b < Bands; b++)
                sum += c[b] * row[b];
            return sum;
        }))];
        double At(int row, int k) => still[Math.Clamp(row, 0, still.Length - 1)][k];
        return [.. still.Select((row, r) => row.Concat(Enumerable.Range(0, Cepstra)
            .Select(k => 0.1 * (2 * At(r + 2, k) + At(r + 1, k) - At(r - 1, k) - 2 * At(r - 2, k)))).ToArray())];
    }

    static readonly double[][] Cosines = [.. Enumerable.Range(0, Cepstra)
        .Select(k => Enumerable.Range(0, Bands).Select(b => Math.Cos(Math.PI * k * (b + 0.5) / Bands) / Bands).ToArray())];

    /// <summary>A sound: a Gaussian with a diagonal covariance, and how long it lasts.</summary>
    sealed class SoundState
    {
        const double LeastVariance = 0.5; // as a part of the variance of all rows
        const double LengthWeight = 5;

        readonly double[] _mean = new double[Dimensions], _precision = new double[Dimensions];
        double _constant;

        readonly double _length; // the mean, in rows

        /// <summary>What another row costs after some rows: nothing until the mean length, and then more and more.</summary>
        public double Stay(int rows) => -LengthWeight * Math.Max(0, rows / _length - 1);

        public double LogLikelihood(double[] row)
        {
            var sum = _constant;
            for (var d = 0; d < Dimensions; d++)
                sum -= (row[d] - _mean[d]) * (row[d] - _mean[d]) * _precision[d];
            return sum;
        }

        /// <summary>All sounds, from the rows that the alignments give them.</summary>
        public static Dictionary<string, SoundState> Estimate(List<AlignedClip> clips)
        {
            var rows = clips.SelectMany(c => c.Rows.Zip(c.Path, (row, at) => (Row: row, Name: c.States[at]))).ToList();
            var (_, all) = Moments([.. rows.Select(r => r.Row)]);
            var visits = clips.SelectMany(c => c.Path.Distinct().Select(at => c.States[at])).GroupBy(n => n)
                .ToDictionary(g => g.Key, g => g.Count());
            return rows.GroupBy(r => r.Name).ToDictionary(g => g.Key, g => new SoundState([.. g.Select(r => r.Row)], all, visits[g.Key]));
        }

        SoundState(List<double[]> rows, double[] varianceOfAll, int visits)
        {
            (_mean, var variance) = Moments(rows);
            for (var d = 0; d < Dimensions; d++)
            {
                var v = Math.Max(variance[d], LeastVariance * varianceOfAll[d]);
                _precision[d] = 0.5 / v;
                _constant -= 0.5 * Math.Log(v);
            }
            _length = (double)rows.Count / visits;
        }

        static (double[] Mean, double[] Variance) Moments(List<double[]> rows)
        {
            var (mean, square) = (new double[Dimensions], new double[Dimensions]);
            foreach (var row in rows)
                for (var d = 0; d < Dimensions; d++)
                {
                    mean[d] += row[d] / rows.Count;
                    square[d] += row[d] * row[d] / rows.Count;
                }
            return (mean, [.. square.Zip(mean, (s, m) => Math.Max(1e-9, s - m * m))]);
        }
    }

    /// <summary>A clip, the states of its words, and the state of each row.</summary>
    sealed class AlignedClip(double[][] rows, IReadOnlyList<string> words)
    {
        readonly (int First, int Last) _speech = FindSpeech(rows);
        readonly List<int> _wordOf = []; // for each state its word; -1 for a pause

        public double[][] Rows => rows;
        public List<string> States { get; } = [];
        /// <summary>The state of each row, as an index into <see cref="States"/>.</summary>
        public int[] Path { get; private set; } = [];
        public int Letters => words.Sum(w => w.Length);

        /// <summary>Each letter of the clip between its neighbours in the word.</summary>
        public IEnumerable<string> Contexts() => words.SelectMany(w => w.Select((c, i) => $"{Before(w, i)}{c}{After(w, i)}"));

        static char Before(string word, int i) => i > 0 ? word[i - 1] : '<';
        static char After(string word, int i) => i + 1 < word.Length ? word[i + 1] : '>';

        static (int First, int Last) FindSpeech(double[][] rows)
        {
            var floor = rows.Max(r => r[0]) - Quiet;
            return (Array.FindIndex(rows, r => r[0] >= floor), Array.FindLastIndex(rows, r => r[0] >= floor));
        }

        /// <summary>Names the states. The states' number stays, so a path remains valid.</summary>
        public void Write(Func<char, char, char, string> name)
        {
            States.Clear();
            _wordOf.Clear();
            void Add(string state, int word)
            {
                States.Add(state);
                _wordOf.Add(word);
            }
            Add(Pause, -1);
            for (var w = 0; w < words.Count; w++)
            {
                for (var i = 0; i < words[w].Length; i++)
                    Add(name(Before(words[w], i), words[w][i], After(words[w], i)), w);
                Add(Pause, -1);
            }
        }

        /// <summary>Quiet ends are pauses, and in between all letters are equally long.</summary>
        public void DivideEqually()
        {
            var letters = Enumerable.Range(0, States.Count).Where(s => _wordOf[s] >= 0).ToArray();
            var (first, last) = _speech;
            Path = [.. Enumerable.Range(0, rows.Length).Select(r => r < first ? 0 : r > last ? States.Count - 1
                : letters[(r - first) * letters.Length / (last + 1 - first)])];
        }

        /// <summary>The most probable path: from state to state, with pauses left out where there is none.</summary>
        public void Align(Dictionary<string, SoundState> states)
        {
            const double Never = double.NegativeInfinity;
            var sounds = States.ConvertAll(states.GetValueOrDefault);
            var (best, since, from) = (new double[States.Count], new int[States.Count], new int[rows.Length, States.Count]);
            Array.Fill(best, Never);
            for (var r = 0; r < rows.Length; r++)
                for (var s = States.Count - 1; s >= 0; s--)
                {
                    var (score, source) = r == 0 ? (s <= 1 ? 0 : Never, s) : (best[s] + (sounds[s]?.Stay(r - since[s]) ?? Never), s);
                    foreach (var before in r == 0 ? [] : _wordOf[Math.Max(0, s - 1)] < 0 ? new[] { s - 1, s - 2 } : [s - 1])
                        if (before >= 0 && best[before] > score)
                            (score, source) = (best[before], before);
                    best[s] = score + (sounds[s]?.LogLikelihood(rows[r]) ?? Never);
                    since[s] = source == s && r > 0 ? since[s] : r;
                    from[r, s] = source;
                }
            var at = best[^1] > best[^2] ? States.Count - 1 : States.Count - 2;
            for (var r = rows.Length - 1; r >= 0; at = from[r--, at])
                Path[r] = at;
        }

        public WordTime[] Times(double secondsOfARow) =>
            [.. words.Select((word, w) => new WordTime(word, secondsOfARow * Array.FindIndex(Path, s => _wordOf[s] == w),
                secondsOfARow * (Array.FindLastIndex(Path, s => _wordOf[s] == w) + 1)))];
    }
}
