// The rules that decide about a checkpoint, in their order. Each rule names the evidence that it uses. docs/doctor-method.md gives the
// reason, the formula and the threshold of each rule.

namespace Qwen3Tts.Doctor.Decision;

/// <summary>The kind of evidence that a rule uses.</summary>
enum EvidenceKind
{
    /// <summary>Which rows and tensors changed since the base.</summary>
    Rows,
    /// <summary>The change of the output heads, compared with the gradient of each hypothesis.</summary>
    Heads,
    /// <summary>The losses under each hypothesis.</summary>
    Losses,
}

/// <summary>A rule about what one network was trained with.</summary>
abstract class Rule
{
    public abstract string Name { get; }
    public abstract EvidenceKind Evidence { get; }

    /// <summary>Removes candidates, or marks those that cannot be distinguished.</summary>
    public abstract void Apply(Case @case);
}

/// <summary>The rules, in the order in which they are applied.</summary>
/// <param name="OfRows">Whether changed rows rule hypotheses out.</param>
/// <param name="OfHeads">Rules for the change of the heads. They are applied if the heads changed and the clips were trained on.</param>
/// <param name="OfLosses">Rules for losses. They are applied if the heads give no evidence.</param>
/// <param name="OfTheEnd">Rules about the end of speech. The first that gives an answer decides.</param>
sealed record Rules(bool OfRows, IReadOnlyList<Rule> OfHeads, IReadOnlyList<Rule> OfLosses, IReadOnlyList<EndRule> OfTheEnd)
{
    public static Rules All { get; } = new(
        true, [new HeadsFit(), new Overtaken(), new AlikeInHeads(), new FewestFaults()],
        [new AlikeInLosses(), new FewestFaults()], [new EndInHeads(), new EndInLosses()]);

    /// <summary>The names of the rules, in the order in which they are applied.</summary>
    public IEnumerable<(string Name, EvidenceKind Evidence)> Names =>
        (OfRows ? [(RowsRuleOut.Name, EvidenceKind.Rows)] : Array.Empty<(string, EvidenceKind)>())
            .Concat(OfHeads.Concat(OfLosses).DistinctBy(r => r.Name).Select(r => (r.Name, r.Evidence)))
            .Concat(OfTheEnd.Select(r => (r.Name, r.Evidence)));

    /// <summary>All rules but the one of that name.</summary>
    public Rules LeaveOut(string name) => new(
        OfRows && name != RowsRuleOut.Name, [.. OfHeads.Where(r => r.Name != name)], [.. OfLosses.Where(r => r.Name != name)],
        [.. OfTheEnd.Where(r => r.Name != name)]);
}
