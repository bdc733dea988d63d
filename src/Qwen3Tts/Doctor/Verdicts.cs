// From numbers to words: the findings about training, and the one sentence that comes first.
namespace Qwen3Tts.Doctor;

static class Verdicts
{
    public const string Untrained = "untrained";

    /// <summary>Not even the best hypothesis is better than guessing among the codes, neither for the talker nor for the code predictor. Where what
    /// moved tells, it was trained: a fault's loss may have fallen, and still be far above guessing.</summary>
    public static bool IsUntrained(Measurement now, Reading reading) => reading.ByLossAlone && now.Of(reading.Hypothesis.Faults) is var l && Math.Min(l.Codes.Mean, l.Predictor.Mean) >= Math.Log(now.Codebook);

    public static IEnumerable<Finding> Findings(Measurement now, Reading reading, Origin? origin)
    {
        var faults = reading.Hypothesis.Faults;
        if (IsUntrained(now, reading))
        {
            yield return new(Untrained, Severity.Fault, $"The best losses, {now.Of(faults).Codes.Mean:0.00} nats of the talker and {now.Of(faults).Predictor.Mean:0.00} of the code predictor, are no better than guessing among {now.Codebook} codes, {Math.Log(now.Codebook):0.00}.", "Check that data, codec and checkpoint belong together; if they do, the model has learned nothing, or lost everything.");
            yield break;
        }
        if (reading.ByLossAlone && now.Of(faults).Codes.Mean is var codes && codes >= Math.Log(now.Codebook))
            yield return new("unknown_speech", Severity.Warning, $"The talker's best loss, {codes:0.00} nats, is no better than guessing among {now.Codebook} codes, {Math.Log(now.Codebook):0.00}: it does not know speech like this.", "Measure on what it was trained on, prepared in the same way: silence, noise, another voice or another language cost most.");
        foreach (var part in FaultWords.Parts(faults))
        {
            var (with, without) = (now.Of(faults).Total, now.Of(faults & ~part).Total);
            var clue = origin?.Clues.FirstOrDefault(c => c.Fault == part && c.Planted);
            yield return new(Hypothesis.Of(part).Name, (part & FaultWords.Mismatch) == 0 ? Severity.Note : Severity.Fault,
                part == Faults.NoEos ? $"The end of speech costs {now.Of(faults & ~part).End.Mean:0.00} nats; guessing among all {now.Vocabulary} codes and control ids costs {Math.Log(now.Vocabulary):0.00}{(origin is { EndMoved: true } ? "; the row of the end moved as it does when no end is taught" : "")}." : $"The loss is {with:0.0000} with it and {without:0.0000} without it{Moved(now, origin, faults, part)}{(clue is null ? "" : $"; {clue.Evidence}")}.",
                FaultWords.Remedy(part));
        }
        if (reading.ByLossAlone)
            yield return new("losses_alone", Severity.Warning, origin is null ? "There is no base to compare with."
                : origin.TalkerMoved || origin.PredictorMoved ? "What moved in the output heads fits no hypothesis whose loss fell on these clips: these are not the clips it was trained on, or it hardly moved."
                : origin.Tells ? "The output heads did not move since the base." : "Codes of these clips have rows in the embeddings that did not move since the base: these are not the clips it was trained on, or it hardly moved.",
                "After a short training with a fault, losses are still lowest in the right format. Give --base, and as --data all clips that it was trained on.");
        if (!now.Tells(Faults.NoLanguage))
            yield return new("language_not_tested", Severity.Note, "No clip names a language, so a prefix with a language was not tried.", "Name the language that you speak with: --language English.");
    }

    static string Moved(Measurement now, Origin? origin, Faults faults, Faults part)
    {
        var ofPredictor = (part & (Faults.OwnHidden | Faults.SubLabelsShifted)) != 0;
        if (origin is null || !(ofPredictor ? origin.PredictorMoved : origin.TalkerMoved))
            return "";
        double Fit(Faults f) => Enumerable.Range(0, now.Clips).Average(clip => ofPredictor ? origin.PredictorFit(clip, f) : origin.TalkerFit(clip, f).Codes);
        return $"; what moved in the heads fits it at a cosine of {Fit(faults):0.000}, and {Fit(faults & ~part):0.000} without it";
    }

    /// <summary>Adds the verdict: the worst finding decides.</summary>
    public static DoctorReport Conclude(DoctorReport r)
    {
        var faults = r.Findings.Where(f => f.Severity == Severity.Fault).ToList();
        return r with { Healthy = faults.Count == 0, Verdict = Sentence(r, faults) };
    }

    static string Sentence(DoctorReport r, List<Finding> faults)
    {
        if (r.Hypothesis == Untrained)
            return "Untrained: under no hypothesis does it predict these recordings better than guessing.";
        var trained = r.Hypothesis is null ? Faults.None : Parse(r.Hypothesis);
        if ((trained & FaultWords.Mismatch) != 0)
            return $"Mismatch: {(r.Hypothesis!.StartsWith("official", StringComparison.Ordinal) ? $"it was trained by the official script ({r.Hypothesis}): " : "")}{FaultWords.Meaning(trained & FaultWords.Mismatch)}."
                + (r.Rescue is { } rescue ? $" It can be spoken with as it was trained: {rescue}." : " No way of speaking is like this training: train again from the base.");
        if (faults.Count > 0)
            return $"Broken: {faults[0].Evidence}{(faults.Count > 1 ? $" ({faults.Count} faults in all)" : "")}";
        return r.Hypothesis is null ? "Nothing is wrong with the folder; what it was trained with was not measured, which needs --data."
            : r.Findings.Any(f => f.Id == "losses_alone") ? "Healthy as far as losses tell: they are lowest with the sequence that it speaks with. After a short training with a fault they are, too."
            : r.Hypothesis == Hypothesis.Correct.Name ? "Healthy: it was trained with the sequence that it speaks with."
            : $"Healthy: it was trained with the sequence that it speaks with ({FaultWords.Meaning(trained)}).";
    }

    static Faults Parse(string name) => name.Split('+').Aggregate(Faults.None, (sum, part) => sum | Hypothesis.All.Single(h => h.Name == part).Faults);
}

static class MovementFindings
{
    public static IEnumerable<Finding> Of(MovementReport m)
    {
        if (m.Nothing)
        {
            yield return new("nothing_moved", Severity.Warning, "Every tensor is bit for bit the base's.", "The learning rate was too small for the optimiser's precision, or the wrong folder was exported.");
            yield break;
        }
        var frozen = m.Groups.Where(g => g.Unmoved == g.Tensors).Select(g => g.Name).ToList();
        if (frozen.Count > 0)
            yield return new("frozen", Severity.Note, $"Bit for bit the base's: {string.Join(", ", frozen)}.", "Right if they were frozen on purpose.");
        var norms = m.Groups.Where(g => g.Name.EndsWith("norms", StringComparison.Ordinal)).ToList();
        var matrices = m.Groups.Where(g => g.EffectiveRank is not null).ToList();
        if (norms.Count > 0 && norms.All(g => g.Unmoved == g.Tensors) && matrices.Count > 0 && matrices.Max(g => g.Rank!.Value / g.EffectiveRank!.Value) < 8)
            yield return new("updates_lost", Severity.Warning, $"No norm moved, while {matrices.Max(g => g.Changed):p1} of the matrices' elements did: near 1 a BF16 weight moves by 0.4 % or not at all.", "Train with float32 masters, or stochastic rounding; a BF16 optimiser loses small updates.");
        if (matrices.Where(g => g.Rank / g.EffectiveRank >= 8).MinBy(g => g.EffectiveRank) is { } low)
            yield return new("low_rank", Severity.Note, $"The change has few directions ({low.Name}: {low.EffectiveRank:0.0} of {low.Rank}): a LoRA that was merged.", "A LoRA adapts; a new voice may need full fine-tuning.");
        if (m.Foreign.Count > 0)
            yield return new("other_tensors", Severity.Note, $"{m.Foreign.Count} tensors are in one of the two only, or have another shape: {string.Join(", ", m.Foreign.Take(3))}{(m.Foreign.Count > 3 ? " …" : "")}.", "Right for the speaker encoder of an export; else the base is another model.");
    }
}
