// Whether a finding holds for these clips or for clips like these: it is looked for in many sets of as many clips, drawn from them with
// replacement (the bootstrap). A set is a count for each clip.
using System.Collections.Concurrent;
using Qwen3Tts.Statistics;

namespace Qwen3Tts.Doctor.Decision;

/// <summary>How often each clip counts.</summary>
/// <param name="Number">0 for each clip once, and from 1 for those that are drawn.</param>
/// <param name="Times">Of each clip.</param>
sealed record ClipSet(int Number, int[] Times);

static class ClipSets
{
    static readonly ConcurrentDictionary<int, IReadOnlyList<ClipSet>> Drawn = new();

    /// <summary>Each clip once.</summary>
    public static ClipSet TakeAll(int clips) => new(0, [.. Enumerable.Repeat(1, clips)]);

    /// <summary>How often each clip is drawn, for many draws of as many clips as there are.</summary>
    public static IReadOnlyList<ClipSet> Resample(int clips) => Drawn.GetOrAdd(clips, Draw);

    static IReadOnlyList<ClipSet> Draw(int clips)
    {
        var random = new Pcg32(seed: 0);
        return [.. Enumerable.Range(1, Thresholds.Resamples).Select(number =>
        {
            var times = new int[clips];
            for (var i = 0; i < clips; i++)
                times[random.NextBelow(clips)]++;
            return new ClipSet(number, times);
        })];
    }

    /// <summary>The share of these sets in which something holds.</summary>
    public static double Share(IReadOnlyList<ClipSet> sets, Func<ClipSet, bool> holds) => sets.Count(holds) / (double)sets.Count;

    /// <summary>The function, computed once for each set: rules compare the same numbers again and again.</summary>
    public static Func<ClipSet, double> Once(Func<ClipSet, double> function)
    {
        var known = new double?[Thresholds.Resamples + 1];
        return set => known[set.Number] ??= function(set);
    }
}
