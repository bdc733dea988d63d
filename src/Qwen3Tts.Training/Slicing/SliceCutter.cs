// Chooses at which pauses a recording is cut. The stretches of speech between two chosen pauses become one clip. Of all ways to cut, the
// one is taken that leaves the fewest clips too short, and cuts at the longest pauses.
namespace Qwen3Tts.Training.Slicing;

static class SliceCutter
{
    /// <summary>Groups stretches of speech into clips; returns the first and the last stretch of each.</summary>
    /// <param name="speech">The stretches, in order.</param>
    /// <param name="mayCut">Whether the pause behind stretch i may be cut; a text may forbid it.</param>
    /// <param name="mustCut">Whether the pause behind stretch i separates two speakers.</param>
    /// <param name="options">Lengths of clips.</param>
    public static List<(int First, int Last)> Group(IReadOnlyList<Span> speech, Func<int, bool> mayCut, Func<int, bool> mustCut,
        SliceOptions options)
    {
        var (best, from) = (new double[speech.Count + 1], new int[speech.Count + 1]);
        for (var end = 1; end <= speech.Count; end++)
        {
            best[end] = double.PositiveInfinity;
            var divisible = false; // some pause between the first and the last stretch may be cut
            for (var first = end - 1; first >= 0; first--)
            {
                if (first < end - 1)
                {
                    if (mustCut(first) || mayCut(first) && PauseBehind(speech, first) > options.LongestPause)
                        break;
                    divisible |= mayCut(first);
                }
                var seconds = Seconds(speech, first, end - 1, options);
                if (seconds > options.Longest && divisible)
                    break;
                if (first > 0 && !mayCut(first - 1) && !mustCut(first - 1))
                    continue;
                var cost = best[first] + Cost(seconds, options) + (first > 0 ? CostOfCut(PauseBehind(speech, first - 1)) : 0);
                if (cost < best[end])
                    (best[end], from[end]) = (cost, first);
            }
        }
        var groups = new List<(int, int)>();
        for (var end = speech.Count; end > 0; end = from[end])
            groups.Add((from[end], end - 1));
        groups.Reverse();
        return groups;
    }

    /// <summary>Length of a clip, with the quiet at both ends.</summary>
    public static double Seconds(IReadOnlyList<Span> speech, int first, int last, SliceOptions options) =>
        speech[last].End - speech[first].Begin + 2 * options.Quiet;

    static double PauseBehind(IReadOnlyList<Span> speech, int i) => speech[i + 1].Begin - speech[i].End;

    static double Cost(double seconds, SliceOptions options) =>
        seconds > options.Longest ? 100 : Math.Max(0, options.Shortest - seconds);

    /// <summary>A cut at a pause of 0.3 s costs as much as half a second of missing length, a cut at a longer pause less.</summary>
    static double CostOfCut(double pause) => 0.15 / Math.Max(0.1, pause);
}
