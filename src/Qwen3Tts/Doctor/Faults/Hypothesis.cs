// What a checkpoint may have been trained with. Each known fault of fine-tuning scripts is an edit of one example's positions and pairs;
// the networks and the loss are the same for all. Tests plant faults through this; a doctor measures a checkpoint under each of them.
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Faults;

/// <summary>A name for a combination of faults, and the edit it makes.</summary>
sealed record Hypothesis(string Name, FaultSet Faults)
{
    /// <summary>How the format is; edits nothing.</summary>
    public static Hypothesis Correct { get; } = new("correct", FaultSet.None);

    /// <summary>All that has a name of its own: correct, each deviation alone, and the scripts.</summary>
    public static IReadOnlyList<Hypothesis> All { get; } =
    [
        Correct,
        .. KnownFaults.All.Select(f => new Hypothesis(f.Name, f.Bit)),
        .. Script.All.Select(s => new Hypothesis(s.Hypothesis, s.Faults)),
    ];

    /// <summary>
    /// The hypothesis of these faults: under its own name if it has one, else under the names of its parts, joined by '+'.
    /// </summary>
    public static Hypothesis Combine(FaultSet faults) => All.FirstOrDefault(h => h.Faults == faults)
        ?? new(string.Join("+", KnownFaults.All.Where(f => faults.HasFlag(f.Bit)).Select(f => f.Name)), faults);

    /// <summary>The hypothesis of a name as <see cref="Combine"/> gives it.</summary>
    public static Hypothesis Parse(string name) =>
        new(name, name.Split('+').Aggregate(FaultSet.None, (sum, part) => sum | All.Single(h => h.Name == part).Faults));

    /// <summary>The faults that a user names: a script by any of its names, a hypothesis, or several joined by '+'.</summary>
    /// <exception cref="ArgumentException">There is no such script or hypothesis.</exception>
    public static FaultSet Find(string name) => name.Split('+').Aggregate(FaultSet.None, (sum, part) => sum
        | (Script.All.FirstOrDefault(s => s.Names.Contains(part))?.Faults ?? All.FirstOrDefault(h => h.Name == part)?.Faults
        ?? throw new ArgumentException($"'{Files.Printable.Text(part)}' is neither a script nor a hypothesis. Choose one of: "
            + $"{string.Join(", ", Script.All.SelectMany(s => s.Names).Concat(All.Select(h => h.Name)))}.")));

    /// <summary>The example as a trainer with these faults would have seen it.</summary>
    public TrainingExample Edit(TrainingExample example, SpecialTokens ids) => Edit(Faults, example, ids);

    /// <summary>The example as a trainer with these faults would have seen it.</summary>
    public static TrainingExample Edit(FaultSet faults, TrainingExample example, SpecialTokens ids) =>
        KnownFaults.All.Where(f => faults.HasFlag(f.Bit)).Aggregate(example, (edited, fault) => fault.Edit(edited, ids));
}
