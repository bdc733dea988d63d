using Qwen3Tts.Doctor.Decision;
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Tests;

/// <summary>Makes the decisions about every checkpoint of the grid again from recorded numbers, and compares them with the tables of
/// docs/doctor-method.md.</summary>
public sealed class GridTests
{
    const string Document = "docs/doctor-method.md";
    static readonly Lazy<IReadOnlyList<GridLine>> Recorded = new(() => GridFile.Read(GridFile.Path));
    static readonly Lazy<IReadOnlyList<Decision>> Decisions = new(() => GridDecisions.Decide(Recorded.Value, Rules.All));

    static IEnumerable<Decision> Of(string table) => Decisions.Value.Where(d => d.Of.Table == table);

    [Fact]
    public void EveryFaultOfTheTrainerIsNamed()
    {
        // A LoRA does not change the code predictor and the rows of the prefix, which would show the other faults.
        static bool IsKnown(CheckpointFeatures c) => c.Trained.Contains("LoRA", StringComparison.Ordinal);
        Assert.All(Of(GridRuns.Table).Where(d => !IsKnown(d.Of)), d => Assert.Equal(d.Of.Right, d.Own));
        Assert.All(Of(GridRuns.Table).Where(d => IsKnown(d.Of) && d.Judge(d.Own) == Outcome.Wrong),
            d => Assert.Equal(FaultSet.None, Hypothesis.Parse(d.Own).Faults & ~Hypothesis.Parse(d.Of.Right).Faults));
    }

    [Fact]
    public void NoRightRunIsAccused() => Assert.All(
        Decisions.Value.Where(d => d.Of.Right == Hypothesis.Correct.Name)
            .SelectMany(d => new[] { d.Own, d.Others, d.Alone }).OfType<string>(),
        said => Assert.Contains(said, new[] { Hypothesis.Correct.Name, Decision.Undecided }));

    [Fact]
    public void TheTableIsWhatTheRulesSay() => Readme.Hold(Document, GridRuns.Table, GridDecisions.Table(Decisions.Value));

    [Fact]
    public void TheTableOfOtherTrainersIsWhatTheRulesSay() =>
        Readme.Hold(Document, OtherRuns.Table, GridDecisions.OthersTable(Decisions.Value));

    /// <summary>Each rule is needed by some checkpoint, and the document says by how many.</summary>
    [Fact]
    public void TheTableOfTheRulesIsWhatTheyChange()
    {
        Assert.SkipUnless(Readme.IsToBeWritten, "Half a minute: QWEN3TTS_WRITE_README=1 writes the table.");
        Readme.Hold(Document, "doctor-rules", GridDecisions.AblationTable(Recorded.Value, Decisions.Value));
    }
}
