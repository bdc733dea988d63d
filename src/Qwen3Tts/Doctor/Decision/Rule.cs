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

    /// <summary>Leaves candidates out, or marks those that cannot be told apart.</summary>
    public abstract void Apply(Case @case);
}

/// <summary>Rules in the order in which they are asked.</summary>
/// <param name="OfRows">Whether rows rule hypotheses out.</param>
/// <param name="OfHeads">Asked of what moved in the heads, if they moved and the clips were trained on.</param>
/// <param name="OfLosses">Asked of losses alone, where the heads tell nothing.</param>
/// <param name="OfTheEnd">Asked about the end of speech; the first that can tell decides.</param>
sealed record Rules(bool OfRows, IReadOnlyList<Rule> OfHeads, IReadOnlyList<Rule> OfLosses, IReadOnlyList<EndRule> OfTheEnd)
{
    public static Rules All { get; } = new(
        true, [new HeadsFit(), new Overtaken(), new AlikeInHeads(), new FewestFaults()],
        [new AlikeInLosses(), new FewestFaults()], [new EndInHeads(), new EndInLosses()]);

    /// <summary>Their names in the order in which they are asked.</summary>
    public IEnumerable<(string Name, EvidenceKind Evidence)> Names =>
        (OfRows ? [(RowsRuleOut.Name, EvidenceKind.Rows)] : Array.Empty<(string, EvidenceKind)>())
            .Concat(OfHeads.Concat(OfLosses).DistinctBy(r => r.Name).Select(r => (r.Name, r.Evidence)))
            .Concat(OfTheEnd.Select(r => (r.Name, r.Evidence)));

    /// <summary>All but the one of that name.</summary>
    public Rules Without(string name) => new(
        OfRows && name != RowsRuleOut.Name, [.. OfHeads.Where(r => r.Name != name)], [.. OfLosses.Where(r => r.Name != name)],
        [.. OfTheEnd.Where(r => r.Name != name)]);
}
