// Finds speech that repeats itself, in the first codes of its frames, because the other codes differ even where a recording is silent.
// Speech repeats itself if, for one period of up to four seconds, seven of eight frames of the last seconds have the first code of the
// frame one period before. Measured on the miniature and its codec: the largest such share in any twelve seconds (docs/log.md has the
// table).
//   recordings end to end, with their silence, 173 to 455 frames    at most 0.31
//   recordings with a pause of ten seconds, silent or with noise    at most 0.85
//   speech that was kept from ending, 400 frames                    at most 0.48
//   recordings that end in 25 s of silence                          0.89 to 1.00
//   a second or two of speech, repeated by whole frames             0.95 to 1.00
//   the same, but repeated with a shift inside the frames           0.42 to 0.57, not found
// Healthy speech, 500 seeds of short texts, is shorter than twelve seconds; there at most three frames in a row repeat.
// So no pause of ten seconds is cut. The third row is why the length of the text stays the main limit: the miniature goes on with other
// sounds, and only its length tells that it does not end.
namespace Qwen3Tts.Generation;

/// <param name="frames">How long speech repeats itself before it counts as runaway, in frames; at least 1.</param>
sealed class RepetitionGuard(int frames)
{
    const int LongestPeriod = 50; // 4 s
    const int Allowed = 8; // one frame of eight may differ

    readonly int[] _codes = new int[LongestPeriod]; // the last ones, at the index of their frame modulo the length
    readonly int[] _equal = new int[LongestPeriod]; // for each period: how many of the last frames have the code of a period before
    readonly bool[,] _was = new bool[frames, LongestPeriod];
    long _count;
    int _most; // the largest of _equal so far

    /// <summary>True from the frame on at which the last frames repeated themselves.</summary>
    public bool IsRunaway => _most * Allowed >= frames * (Allowed - 1);

    /// <summary>The largest share, so far, of that many frames that have the code of one period before.</summary>
    public double Share => (double)_most / frames;

    /// <summary>Adds a frame of codes.</summary>
    public void Add(ReadOnlySpan<int> codes)
    {
        var row = (int)(_count % frames);
        for (var period = 1; period <= LongestPeriod; period++)
        {
            var equal = _count >= period && _codes[(_count - period) % LongestPeriod] == codes[0];
            _equal[period - 1] += (equal ? 1 : 0) - (_was[row, period - 1] ? 1 : 0);
            _was[row, period - 1] = equal;
            _most = Math.Max(_most, _equal[period - 1]);
        }
        _codes[_count++ % LongestPeriod] = codes[0];
    }
}
