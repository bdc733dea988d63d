// Which combinations are measured: there are forty inputs alone, and each costs a pass of the talker over every clip.
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Decision;

static class FaultSearch
{
    /// <summary>Inputs of hypotheses with a name; and from the best of them, with labels as they are or shifted, one deviation further at a
    /// time, for as long as that is better on a few clips.</summary>
    /// <param name="clips">How many clips there are.</param>
    /// <param name="possible">Whether rows and shapes allow it.</param>
    /// <param name="candidate">Measures a hypothesis on so many clips.</param>
    public static List<Candidate> ListCandidates(int clips, Func<FaultSet, bool> possible, Func<FaultSet, int, Candidate> candidate)
    {
        var few = Math.Min(Thresholds.ScreeningClips, clips);
        var labels = KnownFaults.ListSubsets(KnownFaults.Labels).ToList();
        double Score(FaultSet input) => labels.Min(l => candidate(input | l, few).Score(ClipSets.TakeAll(few)));
        var inputs = Hypothesis.All.Select(h => h.Faults & KnownFaults.Input).Where(possible).Distinct().ToList();
        if (inputs.Count == 0)
            inputs.Add(ListInputs().Where(possible).MinBy(i => int.PopCount((int)i)));
        var best = inputs.MinBy(Score);
        FaultSet? FindNeighbour() => ListNeighbours(best).Where(possible).Except(inputs).OrderBy(Score).Cast<FaultSet?>().FirstOrDefault();
        while (FindNeighbour() is { } better && Score(better) < Score(best))
        {
            inputs.Add(better);
            best = better;
        }
        return [.. inputs.SelectMany(i => labels.Select(l => i | l)).Select(f => candidate(f, clips))];
    }

    static IEnumerable<FaultSet> ListInputs() =>
        KnownFaults.Prefixes.SelectMany(p => KnownFaults.ListSubsets(KnownFaults.BesidePrefix).Select(i => p | i));

    /// <summary>One deviation more or less, or another prefix.</summary>
    static IEnumerable<FaultSet> ListNeighbours(FaultSet input) =>
        KnownFaults.Prefixes.Select(p => input & KnownFaults.BesidePrefix | p)
            .Concat(KnownFaults.ListParts(KnownFaults.BesidePrefix).Select(f => input ^ f.Bit))
            .Where(i => i != input);
}
