// Chooses which combinations of faults are measured. Measuring all would be too slow: there are forty different inputs of the talker, and
// each needs a forward pass of the talker over every clip.
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Decision;

static class FaultSearch
{
    /// <summary>The inputs of all named hypotheses. Then, from the best of them, the search adds or removes one fault at a time, for as
    /// long as that improves the score on a few clips. Each input is scored with its better labels: as they are, or shifted.</summary>
    /// <param name="clips">How many clips there are.</param>
    /// <param name="possible">Whether the changed rows and the shapes of the model allow a hypothesis.</param>
    /// <param name="candidate">Measures a hypothesis on the given number of clips.</param>
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

    /// <summary>Inputs with one fault more or less, or with another prefix.</summary>
    static IEnumerable<FaultSet> ListNeighbours(FaultSet input) =>
        KnownFaults.Prefixes.Select(p => input & KnownFaults.BesidePrefix | p)
            .Concat(KnownFaults.ListParts(KnownFaults.BesidePrefix).Select(f => input ^ f.Bit))
            .Where(i => i != input);
}
