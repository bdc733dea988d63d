// Whether a finding holds for these clips or for clips like these: it is looked for in many sets of as many clips, drawn from them with
// replacement (the bootstrap). A set is a count for each clip.
using Qwen3Tts.Statistics;

namespace Qwen3Tts.Doctor.Decision;

static class ClipSets
{
    /// <summary>Each clip once.</summary>
    public static int[] TakeAll(int clips) => [.. Enumerable.Repeat(1, clips)];

    /// <summary>How often each clip is drawn, for many draws of as many clips as there are.</summary>
    public static List<int[]> Resample(int clips)
    {
        var random = new Pcg32(seed: 0);
        return [.. Enumerable.Range(0, Thresholds.Resamples).Select(_ =>
        {
            var times = new int[clips];
            for (var i = 0; i < clips; i++)
                times[random.NextBelow(clips)]++;
            return times;
        })];
    }

    /// <summary>The share of these sets in which something holds.</summary>
    public static double Share(IReadOnlyCollection<int[]> sets, Func<int[], bool> holds) => sets.Count(holds) / (double)sets.Count;
}
