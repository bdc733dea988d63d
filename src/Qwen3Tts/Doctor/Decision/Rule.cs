// The rules by which a checkpoint is judged, in their order. Each names the evidence that it looks at; docs/doctor-method.md says for each
// why it is right, its formula and its threshold.

namespace Qwen3Tts.Doctor.Decision;

/// <summary>What a rule looks at.</summary>
enum EvidenceKind
{
    /// <summary>Rows and tensors that moved, or stayed.</summary>
    Rows,
    /// <summary>What moved in the output heads, against the gradient of each hypothesis.</summary>
    Heads,
    /// <summary>What the predictions cost.</summary>
    Losses,
}

/// <summary>A rule about what one network was trained with.</summary>
abstract class Rule
{
    public abstract string Name { get; }
    public abstract EvidenceKind Evidence { get; }

    /// <summary>Leaves candidates out, scores them anew, or finds that the evidence tells nothing.</summary>
    public abstract void Apply(Case @case);
}

static class Rules
{
    /// <summary>Asked of what moved in the heads, if they moved and the clips were trained on.</summary>
    public static IReadOnlyList<Rule> OfHeads { get; } =
        [new HeadsFit(), new Overtaken(), new LearnedByHeart(), new FitConfirmed(), new AlikeInHeads(), new FewestFaults()];

    /// <summary>Asked of losses alone, where the heads tell nothing.</summary>
    public static IReadOnlyList<Rule> OfLosses { get; } = [new LossFell(), new LowestLoss(), new AlikeInLosses(), new FewestFaults()];

    /// <summary>Asked about the end of speech; the first that can tell decides.</summary>
    public static IReadOnlyList<EndRule> OfTheEnd { get; } = [new EndInHeads(), new EndInLosses()];

    /// <summary>All names in the order in which they are asked.</summary>
    public static IEnumerable<(string Name, EvidenceKind Evidence)> All =>
        new[] { (RowsRuleOut.Name, EvidenceKind.Rows) }
            .Concat(OfHeads.Concat(OfLosses).DistinctBy(r => r.Name).Select(r => (r.Name, r.Evidence)))
            .Concat(OfTheEnd.Select(r => (r.Name, r.Evidence)));

    /// <summary>Applies rules in order until one finds that the evidence tells nothing.</summary>
    /// <returns>What the last one chose, or null.</returns>
    public static Choice? Choose(Case @case, List<Candidate> candidates, IReadOnlyList<Rule> rules)
    {
        @case.Candidates = candidates;
        foreach (var rule in rules.TakeWhile(_ => @case.Tells))
            rule.Apply(@case);
        var choice = @case.Tells ? @case.Choice : null;
        (@case.Tells, @case.Choice) = (true, null);
        return choice;
    }
}
