// Where a recording has speech: the voice activity network decides, and the level corrects its borders. The network answers every 32 ms and
// a little late, and it takes a faint last syllable for the end; so a stretch of speech grows while the sound beside it is louder than the
// quiet of the recording, and shrinks while it is quieter. A pause shorter than MinPause does not end a stretch: the closures of p, t and
// k are up to 150 ms long, those of long consonants up to 250 ms, and a word must not be cut at one of them.
using Qwen3Tts.Audio;

namespace Qwen3Tts.Training.Slicing;

/// <summary>A stretch of a recording.</summary>
/// <param name="Begin">Seconds from the beginning of the recording.</param>
/// <param name="End">Seconds from the beginning of the recording.</param>
readonly record struct Span(double Begin, double End)
{
    public double Seconds => End - Begin;
    public double Middle => (Begin + End) / 2;
}

/// <summary>The speech of a recording.</summary>
sealed class SpeechMap
{
    /// <summary>Shortest pause at which a recording may be cut, in seconds.</summary>
    public const double MinPause = 0.3;
    /// <summary>The same within speech that would be too long for a clip otherwise.</summary>
    public const double ShorterPause = 0.2;

    const double On = 0.5, Off = 0.35; // probability at which speech begins, and below which it ends: those of the network's authors
    const double ShortestSpeech = 0.1, LongestGrowth = 0.6, Closure = 0.15;
    const double Loud = 0.1, LongEnough = 1;

    readonly double _step; // seconds of a window of the level: 10 ms, rounded to whole samples
    readonly double[] _levels; // RMS of each window
    readonly bool[] _active; // windows that are speech

    /// <summary>Stretches of speech, in order, with pauses between them.</summary>
    public IReadOnlyList<Span> Speech { get; }
    /// <summary>Stretches of at least a second that are loud and are not speech: music, noise.</summary>
    public IReadOnlyList<Span> Other { get; }

    /// <param name="wave">The recording, at its own rate.</param>
    /// <param name="probabilities">The network's answer for each of its windows.</param>
    /// <param name="pause">Shortest pause between two stretches, in seconds.</param>
    public SpeechMap(Waveform wave, float[] probabilities, double pause = MinPause)
    {
        var window = Math.Max(1, wave.SampleRate / 100);
        _step = (double)window / wave.SampleRate;
        _levels = ClipLevels.Windows(wave.Samples, window);
        _active = Hysteresis(probabilities);
        var quiet = Quiet();
        Grow(quiet);
        foreach (var (from, to) in Runs([.. _levels.Select(l => l <= quiet)], true).Where(r => r.To - r.From >= Count(pause)))
            Array.Fill(_active, false, from, to - from); // a pause that the network did not notice
        Fill(_active, Count(pause));
        foreach (var (from, to) in Runs(_active, true).Where(r => r.To - r.From < Count(ShortestSpeech)).ToList())
            Array.Fill(_active, false, from, to - from); // a click
        Speech = Spans(_active);
        Other = LoudOthers();
    }

    /// <summary>RMS of the speech and of the quiet between a beginning and an end; null where there is none.</summary>
    public (double? Speech, double? Noise) Levels(Span of)
    {
        var from = Math.Clamp(Count(of.Begin), 0, _levels.Length);
        var to = Math.Clamp(Count(of.End), from, _levels.Length);
        var windows = Enumerable.Range(from, to - from).ToLookup(w => _active[w], w => _levels[w]);
        return (windows[true].Any() ? Math.Sqrt(windows[true].Average(l => l * l)) : null, Middle([.. windows[false]]));
    }

    /// <summary>Whether there is speech at a time.</summary>
    public bool IsSpeech(double seconds) => _active[Math.Clamp((int)(seconds / _step), 0, _active.Length - 1)];

    int Count(double seconds) => (int)Math.Round(seconds / _step);

    bool[] Hysteresis(float[] probabilities)
    {
        var (result, on) = (new bool[_levels.Length], false);
        for (var w = 0; w < result.Length && probabilities.Length > 0; w++)
        {
            var p = probabilities[Math.Min(probabilities.Length - 1, (int)(w * _step * SileroVad.Rate / SileroVad.Window))];
            result[w] = on = p >= (on ? Off : On);
        }
        return result;
    }

    /// <summary>The level of quiet: up to twice that of the pauses, but 40 to 9 dB below the speech.</summary>
    double Quiet()
    {
        var (speech, noise) = Levels(new(0, _levels.Length * _step));
        return Math.Clamp(2 * (noise ?? 0), 0.01 * (speech ?? 0), 0.35 * (speech ?? 0));
    }

    /// <summary>Speech loses its quiet ends; otherwise it grows while the sound beside it is not quiet.</summary>
    void Grow(double quiet)
    {
        foreach (var (from, to) in Runs(_active, true).ToList())
        {
            var (first, last) = (from, to - 1);
            while (first <= last && _levels[first] <= quiet)
                _active[first++] = false;
            while (last >= first && _levels[last] <= quiet)
                _active[last--] = false;
            if (first > last)
                continue;
            var (begin, end) = (Reach(first, -1, quiet), Reach(last, 1, quiet));
            Array.Fill(_active, true, begin, end + 1 - begin);
        }
    }

    /// <summary>
    /// The last window in a direction that is not quiet, beyond a closure at most. A last t or k is a closure and a faint burst.
    /// </summary>
    int Reach(int from, int direction, double quiet)
    {
        var reached = from;
        for (var w = from; w >= 0 && w < _levels.Length && Math.Abs(w - from) <= Count(LongestGrowth)
            && Math.Abs(w - reached) <= Count(Closure); w += direction)
            if (_levels[w] > quiet)
                reached = w;
        return reached;
    }

    List<Span> LoudOthers()
    {
        var (speech, _) = Levels(new(0, _levels.Length * _step));
        var loud = _levels.Select((l, w) => !_active[w] && l > Loud * (speech ?? 0)).ToArray();
        Fill(loud, Count(MinPause));
        for (var w = 0; w < loud.Length; w++)
            loud[w] &= !_active[w];
        return [.. Spans(loud).Where(s => s.Seconds >= LongEnough)];
    }

    List<Span> Spans(bool[] windows) => [.. Runs(windows, true).Select(r => new Span(r.From * _step, r.To * _step))];

    /// <summary>Closes gaps of fewer than so many windows.</summary>
    static void Fill(bool[] active, int least)
    {
        foreach (var (from, to) in Runs(active, false).Where(r => r.From > 0 && r.To < active.Length && r.To - r.From < least).ToList())
            Array.Fill(active, true, from, to - from);
    }

    static IEnumerable<(int From, int To)> Runs(bool[] values, bool value)
    {
        for (var (w, from) = (0, 0); w < values.Length; w++)
        {
            if (w == 0 || values[w] != values[w - 1])
                from = w;
            if (values[w] == value && (w + 1 == values.Length || values[w + 1] != value))
                yield return (from, w + 1);
        }
    }

    /// <summary>The median, because breaths and clicks are among the quiet windows.</summary>
    static double? Middle(double[] values)
    {
        Array.Sort(values);
        return values.Length == 0 ? null : values[values.Length / 2];
    }
}
