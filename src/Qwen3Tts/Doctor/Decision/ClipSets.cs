// The bootstrap: it shows whether a result depends on the choice of clips. Many sets of as many clips are drawn from the clips with
// replacement, and the result is computed for each set. A set is a count for each clip.
using System.Collections.Concurrent;
using Qwen3Tts.Statistics;

namespace Qwen3Tts.Doctor.Decision;

/// <summary>A set of clips, as a count for each clip.</summary>
/// <param name="Number">0 for the set with each clip once; from 1 on for drawn sets.</param>
/// <param name="Times">How often the set contains each clip.</param>
sealed record ClipSet(int Number, int[] Times);

static class ClipSets
{
    static readonly ConcurrentDictionary<int, IReadOnlyList<ClipSet>> Drawn = new();

    /// <summary>The set that has each clip once.</summary>
    public static ClipSet TakeAll(int clips) => new(0, [.. Enumerable.Repeat(1, clips)]);

    /// <summary>Many sets, each of as many clips as there are, drawn with replacement.</summary>
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

    /// <summary>The share of these sets in which a condition holds.</summary>
    public static double Share(IReadOnlyList<ClipSet> sets, Func<ClipSet, bool> holds) => sets.Count(holds) / (double)sets.Count;

    /// <summary>The same function, computed only once for each set, because the rules compare the same numbers many times.</summary>
    public static Func<ClipSet, double> Memoize(Func<ClipSet, double> function)
    {
        var known = new double?[Thresholds.Resamples + 1];
        return set => known[set.Number] ??= function(set);
    }
}
