// All faults, and what is derived from their files: sets of faults with a common property, which the search uses as masks, and the texts
// for combinations.
namespace Qwen3Tts.Doctor.Faults;

static class KnownFaults
{
    /// <summary>All faults, in the order of their bits.</summary>
    public static IReadOnlyList<Fault> All { get; } =
    [
        new NoTextProjection(), new LabelsShiftedTwice(), new OwnHidden(), new SubLabelsShifted(), new NoLanguage(), new SpeakerAt6(),
        new NoEos(), new FirstCodebookOnly(), new MaskBeforeProjection(), new Interleaved(), new NoSpeaker(),
    ];

    /// <summary>Faults that change what the talker reads. The others change the targets, or the hidden state from which the code predictor
    /// starts.</summary>
    public static FaultSet Input { get; } = Where(f => f.Stage == Stage.Input);

    /// <summary>Faults that change which codes the talker is taught.</summary>
    public static FaultSet Labels { get; } = Where(f => f.Stage == Stage.Label);

    /// <summary>Faults that change whether the end of speech is taught.</summary>
    public static FaultSet End { get; } = Where(f => f.Stage == Stage.End);

    /// <summary>Faults that change what the code predictor starts from or what it is taught.</summary>
    public static FaultSet Predictor { get; } = Where(f => f.Stage is Stage.HiddenState or Stage.Head);

    /// <summary>Faults that change which codebook each head of the code predictor is taught.</summary>
    public static FaultSet Heads { get; } = Where(f => f.Stage == Stage.Head);

    /// <summary>Faults of the input that do not change the prefix.</summary>
    public static FaultSet BesidePrefix { get; } = Where(f => f.Stage == Stage.Input && !f.IsPrefix);

    /// <summary>Faults that change only one row of the prefix, which hardly changes the hidden states that the heads read.</summary>
    public static FaultSet FaintInHeads { get; } = Where(f => f.IsFaintInHeads);

    /// <summary>Faults that only change the prompt.</summary>
    public static FaultSet OnlyChangesPrompt { get; } = Where(f => f.OnlyChangesPrompt);

    /// <summary>Faults that change the talker's hidden states.</summary>
    public static FaultSet ChangesStates { get; } = Where(f => f.ChangesStates);

    /// <summary>Faults with which a checkpoint speaks wrongly.</summary>
    public static FaultSet Mismatch { get; } = Where(f => f.IsMismatch);

    /// <summary>Faults for which it is possible to speak with the same sequence.</summary>
    public static FaultSet Rescuable { get; } = Where(f => f.Rescue is not null);

    /// <summary>All ways to write the prefix, the correct one first.</summary>
    public static IReadOnlyList<FaultSet> Prefixes { get; } =
        [.. ListSubsets(Where(f => f.IsPrefix)).Where(s => ListParts(s).All(f => (f.Excludes & s) == 0))];

    /// <summary>The single faults in a combination, without those that change no number.</summary>
    public static IEnumerable<Fault> ListParts(FaultSet faults) => All.Where(f => f.IsVisible && faults.HasFlag(f.Bit));

    /// <summary>Every combination of these faults, the empty one first.</summary>
    public static IEnumerable<FaultSet> ListSubsets(FaultSet faults) =>
        Enumerable.Range(0, (int)faults + 1).Where(s => (s & ~(int)faults) == 0).Select(s => (FaultSet)s);

    /// <summary>What a trainer with all of these faults did, as the end of a sentence about the checkpoint.</summary>
    public static string Describe(FaultSet faults) => string.Join("; ", ListParts(faults).Select(f => f.Meaning));

    /// <summary>The command that speaks with a checkpoint as it was trained; null if that is impossible or not needed.</summary>
    public static string? FindRescue(FaultSet faults)
    {
        if (faults == FaultSet.None || (faults & ~Rescuable) != 0)
            return null;
        var ways = ListParts(faults).Select(f => f.Rescue!).ToList();
        var compatibility = string.Join(",", ways.Select(w => w.Compatibility).OfType<string>());
        var layout = ways.Select(w => w.Layout).OfType<string>().LastOrDefault("text-first");
        string[] options = [.. ways.Select(w => w.Option).OfType<string>(), $"--layout {layout}"];
        return $"say{(compatibility.Length > 0 ? $" --compat {compatibility}" : "")} {string.Join(' ', options)}";
    }

    static FaultSet Where(Func<Fault, bool> holds) =>
        All.Where(f => f.IsVisible && holds(f)).Aggregate(FaultSet.None, (set, f) => set | f.Bit);
}
