// A hypothesis: the set of faults that a checkpoint may have been trained with. Each known fault is an edit of the positions and targets of
// one training example; networks and loss function are the same for all hypotheses. Tests plant faults with these edits; the doctor
// measures a checkpoint under each hypothesis.
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Faults;

/// <summary>A combination of faults with its name and its edit.</summary>
sealed record Hypothesis(string Name, FaultSet Faults)
{
    /// <summary>The correct format; it edits nothing.</summary>
    public static Hypothesis Correct { get; } = new("correct", FaultSet.None);

    /// <summary>All hypotheses that have a name of their own: correct, each single fault, and the scripts.</summary>
    public static IReadOnlyList<Hypothesis> All { get; } =
    [
        Correct,
        .. KnownFaults.All.Select(f => new Hypothesis(f.Name, f.Bit)),
        .. Script.All.Select(s => new Hypothesis(s.Hypothesis, s.Faults)),
    ];

    /// <summary>The hypothesis of these faults: under its own name if it has one, otherwise under the names of its faults, joined by
    /// '+'.</summary>
    public static Hypothesis Combine(FaultSet faults) => All.FirstOrDefault(h => h.Faults == faults)
        ?? new(string.Join("+", KnownFaults.All.Where(f => faults.HasFlag(f.Bit)).Select(f => f.Name)), faults);

    /// <summary>The hypothesis of a name that <see cref="Combine"/> gave.</summary>
    public static Hypothesis Parse(string name) =>
        new(name, name.Split('+').Aggregate(FaultSet.None, (sum, part) => sum | All.Single(h => h.Name == part).Faults));

    /// <summary>The faults that a user names: a script by any of its names, a hypothesis, or several of these joined by '+'.</summary>
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
