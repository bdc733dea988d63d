// Findings about the weights that changed since the base.
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Report;

namespace Qwen3Tts.Doctor.Decision;

static class MovementFindings
{
    public static IEnumerable<Finding> List(MovementReport m)
    {
        if (m.Nothing)
        {
            yield return new("nothing_moved", Severity.Warning, "Every tensor equals the base's, bit for bit.",
                "The learning rate was too small for the optimiser's precision, or the wrong folder was exported.");
            yield break;
        }
        var frozen = m.Groups.Where(g => g.Unmoved == g.Tensors).Select(g => g.Name).ToList();
        if (frozen.Count > 0)
            yield return new("frozen", Severity.Note, $"Equal to the base, bit for bit: {string.Join(", ", frozen)}.",
                "This is correct if they were frozen on purpose.");
        var norms = m.Groups.Where(g => g.Name.EndsWith("norms", StringComparison.Ordinal)).ToList();
        var matrices = m.Groups.Where(g => g.EffectiveRank is not null).ToList();
        if (norms.Count > 0 && norms.All(g => g.Unmoved == g.Tensors) && matrices.Count > 0
            && matrices.Max(g => g.Rank!.Value / g.EffectiveRank!.Value) < 8)
            yield return new("updates_lost", Severity.Warning,
                $"No norm changed, while {matrices.Max(g => g.Changed):p1} of the matrices' elements did: a BF16 weight near 1 changes " +
                $"by at least 0.4 % or not at all.",
                "Train with float32 masters, or stochastic rounding; a BF16 optimiser loses small updates.");
        if (matrices.Where(g => g.Rank / g.EffectiveRank >= 8).MinBy(g => g.EffectiveRank) is { } low)
            yield return new("low_rank", Severity.Note,
                $"The change has few directions ({low.Name}: {low.EffectiveRank:0.0} of {low.Rank}): it has low rank, as a merged LoRA " +
                $"or a training of few steps has.", "None is needed; if the voice is not learned well, train for longer.");
        if (m.Foreign.Count > 0)
            yield return new("other_tensors", Severity.Note,
                $"{m.Foreign.Count} tensors are in only one of the two checkpoints, or differ in shape: " +
                $"{string.Join(", ", m.Foreign.Take(3))}{(m.Foreign.Count > 3 ? " …" : "")}.",
                "This is correct for the speaker encoder of an export. If it is another tensor, the base is another model.");
    }
}
