using System.Globalization;
using Qwen3Tts.Doctor.Decision;
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Tests;

/// <summary>How correct an answer is, from the worst to the best.</summary>
enum Outcome { Wrong, Undecided, Right }

/// <summary>The answers about one checkpoint.</summary>
/// <param name="Of">The checkpoint.</param>
/// <param name="Own">The answer on the clips that it was trained on.</param>
/// <param name="Others">The answer on other clips; null if that was not measured.</param>
/// <param name="Alone">The answer on the clips that it was trained on, without the base.</param>
sealed record Decision(CheckpointFeatures Of, string Own, string? Others, string Alone)
{
    public const string Undecided = "undecided";

    public Outcome Judge(string said) => said == Of.Right ? Outcome.Right : said == Undecided ? Outcome.Undecided : Outcome.Wrong;
}

/// <summary>The decisions about all checkpoints of the grid, from recorded numbers.</summary>
static class GridDecisions
{
    /// <summary>Every set of rules that the recorded numbers must be enough for: all rules, all rules but one, and no rules about the
    /// heads.</summary>
    public static IEnumerable<(string Without, Rules Rules)> Ablations =>
    [
        .. Rules.All.Names.Select(r => (r.Name, Rules.All.LeaveOut(r.Name))),
        (WithoutHeads, Rules.All.LeaveOut("end_in_heads") with { OfHeads = [] }),
    ];

    public const string WithoutHeads = "all that ask the heads";

    const string NotRecorded = "not recorded";

    public static IReadOnlyList<Decision> Decide(IReadOnlyList<GridLine> lines, Rules rules)
    {
        var sets = lines.Select(l => l.Set).OfType<ClipFeatures>().ToDictionary(s => s.Name);
        string Say(Measured m, bool withBase)
        {
            try
            {
                return Name(Diagnostics.Diagnose(new KeptLosses(sets[m.Clips], m.Losses),
                    withBase ? new KeptOrigin(sets[m.Clips], m.Origin) : null, rules));
            }
            catch (InvalidDataException) when (rules != Rules.All) // without a rule, the search may need a number that was not recorded
            {
                return NotRecorded;
            }
        }
        return [.. lines.Select(l => l.Checkpoint).OfType<CheckpointFeatures>().AsParallel().AsOrdered().Select(c => new Decision(
            c, Say(c.Own, withBase: true), c.Others is null ? null : Say(c.Others, withBase: true), Say(c.Own, withBase: false)))];
    }

    public static string Name(Diagnosis reading) =>
        reading.ByLossAlone && (reading.Hypothesis.Faults & KnownFaults.Mismatch) == 0 ? Decision.Undecided : reading.Hypothesis.Name;

    /// <summary>The table of checkpoints of this project's trainer.</summary>
    public static string Table(IReadOnlyList<Decision> decisions)
    {
        string[] rates = ["1e-5", "2e-4", "1e-3"];
        var rows = decisions.Where(d => d.Of.Table == GridRuns.Table).GroupBy(d => d.Of.Trained).Select(row =>
        {
            var right = row.First().Of.Right;
            IEnumerable<List<string>> ByRate(Func<Decision, string> said) =>
                GridRuns.Rates.Select(rate => row.Where(d => d.Of.Rate == rate).Select(said).ToList());
            return ByRate(d => d.Own).Append([.. row.Select(d => d.Others).OfType<string>()])
                .Concat(ByRate(d => d.Alone)).Select(s => Cell(s, right)).Prepend(row.Key);
        });
        return Lines([["trained with", .. rates, "other clips", $"without base: {rates[0]}", .. rates[1..]], .. rows]);
    }

    /// <summary>The table of checkpoints of other optimisers, data and models.</summary>
    public static string OthersTable(IReadOnlyList<Decision> decisions)
    {
        bool IsPlanted(Decision d, FaultSet faults) =>
            d.Of.Right == Hypothesis.Combine(faults).Name || d.Of.Right == Hypothesis.Combine(faults & ~FaultSet.NoTextProjection).Name;
        var rows = decisions.Where(d => d.Of.Table == OtherRuns.Table).GroupBy(d => d.Of.Trained).Select(row => OtherRuns.Planted
            .Select(f => row.Where(d => IsPlanted(d, f)).ToList())
            .Select(cell => Cell([.. cell.Select(d => d.Own)], cell.FirstOrDefault()?.Of.Right ?? ""))
            .Append(Cell([.. row.Where(d => d.Of.Right == Hypothesis.Correct.Name).Select(d => d.Others).OfType<string>()],
                Hypothesis.Correct.Name))
            .Prepend(row.Key));
        return Lines([["trained by or on", .. OtherRuns.Planted.Select(f => Hypothesis.Combine(f).Name), "correct, other clips"], .. rows]);
    }

    /// <summary>For each rule, how the answers change without it.</summary>
    public static string AblationTable(IReadOnlyList<GridLine> lines, IReadOnlyList<Decision> all)
    {
        var rows = Ablations.Select(ablation =>
        {
            var without = Decide(lines, ablation.Rules);
            string Count(Func<Decision, string?> said)
            {
                var answers = all.Zip(without).Where(d => said(d.First) is not null).ToList();
                var missing = answers.Count(d => said(d.Second) == NotRecorded);
                var changes = answers.Where(d => said(d.Second) != NotRecorded)
                    .Select(d => (Before: d.First.Judge(said(d.First)!), After: d.Second.Judge(said(d.Second)!))).ToList();
                var (worse, better) = (changes.Where(c => c.After < c.Before).ToList(), changes.Count(c => c.After > c.Before));
                var wrong = worse.Count(c => c.After == Outcome.Wrong);
                return (worse.Count + better == 0 ? "–"
                    : string.Create(CultureInfo.InvariantCulture, $"{worse.Count} worse, of which {wrong} wrong; {better} better"))
                    + (missing == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {missing} not recorded"));
            }
            var name = ablation.Without == WithoutHeads ? WithoutHeads : $"`{ablation.Without}`";
            return new[] { name, Count(d => d.Own), Count(d => d.Others), Count(d => d.Alone) };
        });
        return Lines([["without", "its own clips", "other clips", "without the base"], .. rows]);
    }

    static string Lines(IEnumerable<IEnumerable<string>> rows)
    {
        var lines = rows.Select(r => $"| {string.Join(" | ", r)} |\n").ToList();
        lines.Insert(1, string.Concat(Enumerable.Repeat("|---", lines[0].Count(c => c == '|') - 1)) + "|\n");
        return string.Concat(lines);
    }

    /// <summary>How many checkpoints are named correctly, and the answers about the others.</summary>
    static string Cell(List<string> said, string right)
    {
        var others = said.Where(s => s != right).GroupBy(s => s).OrderByDescending(g => g.Count())
            .Select(g => $"{g.Count()} {(g.Key == Decision.Undecided ? "" : "as ")}{g.Key}");
        return said.Count == 0 ? "–" : string.Join("; ", new[] { $"{said.Count(s => s == right)} of {said.Count}" }.Concat(others));
    }
}
