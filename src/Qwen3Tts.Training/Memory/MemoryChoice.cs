// Chooses the training method from the memory that is available: the most exact precision that fits, and with it the fastest method. What
// the user has chosen is not changed. If nothing fits, the error says which options would.
using System.Globalization;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Memory;

/// <summary>What the user has fixed before memory is looked at; null means open.</summary>
/// <param name="Base">What is trained.</param>
/// <param name="Precisions">Allowed precisions in the order of preference.</param>
/// <param name="RecomputeLayers">Gradient checkpointing.</param>
/// <param name="MicroBatch">Clips that are computed together.</param>
sealed record MemoryConstraints(TrainingMethod Base, IReadOnlyList<Precision> Precisions, bool? RecomputeLayers = null,
    int? MicroBatch = null);

static class MemoryChoice
{
    /// <summary>
    /// Memory of the whole process: the plan, a thirtieth of it that an allocator cannot use, and a gigabyte for the CUDA context, or for
    /// .NET and libtorch.
    /// </summary>
    public static long ComputeTotal(MemoryPlan plan) => plan.Peak + Runtime(plan);

    static long Runtime(MemoryPlan plan) => (1L << 30) + plan.Peak / 30;

    static readonly int[] PredictorFrames = [128, 32]; // 128 frames are 2,048 rows: more rows make no matrix product faster

    /// <summary>Parses a size such as 16GB into bytes. A gigabyte is 2³⁰ bytes, as in the names of graphics cards.</summary>
    /// <exception cref="ArgumentException">The text is not a size.</exception>
    public static long Parse(string size)
    {
        var number = size.Trim();
        foreach (var unit in new[] { "GiB", "GB", "G" })
            if (number.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
            {
                number = number[..^unit.Length].TrimEnd();
                break;
            }
        return double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) && n is > 0 and < 1e6
            ? (long)(n * (1L << 30))
            : throw new ArgumentException(
                $"--memory is '{Files.Printable.Text(size)}', expected a size such as 16GB. Correct it, or leave it out to take what is " +
                $"there.");
    }

    /// <summary>Chooses the first plan that fits.</summary>
    /// <param name="config">The model.</param>
    /// <param name="constraints">What the user has fixed.</param>
    /// <param name="batch">Clips of a step, with the length of the longest clip.</param>
    /// <param name="budget">Bytes that the process may use.</param>
    /// <param name="listTensors">Lists the tensors of the model under a method.</param>
    /// <param name="onCpu">Whether training runs on the CPU.</param>
    /// <exception cref="ArgumentException">Nothing fits; the message says which options would.</exception>
    public static MemoryPlan Choose(
        TalkerConfig config, MemoryConstraints constraints, BatchShape batch, long budget,
            Func<TrainingMethod, IReadOnlyList<TensorSize>> listTensors, bool onCpu = false)
    {
        var plans = ListPlans(config, constraints, batch, listTensors, onCpu);
        if (plans.FirstOrDefault(p => ComputeTotal(p) <= budget) is { } fitting)
            return fitting;
        var smallest = plans.MinBy(p => p.Peak)!;
        var others = ListAlternatives(constraints)
            .Select(o => (o.What, Plan: ListPlans(config, o.Constraints, batch, listTensors, onCpu).MinBy(p => p.Peak)!))
            .Where(o => ComputeTotal(o.Plan) <= budget).ToList();
        throw new ArgumentException(
            $"This training needs more memory than the {Size(budget)} that are available. The smallest setting needs " +
                $"{Size(ComputeTotal(smallest))} ({Describe(smallest)}), with clips of up to {batch.Frames} frames. " +
            (others.Count == 0 ? "No other option fits either. Train with more memory, or with shorter clips."
                : $"These options fit: {string.Join("; ", others.Select(o => $"{o.What} ({Size(ComputeTotal(o.Plan))})"))}."));
    }

    static List<MemoryPlan> ListPlans(
        TalkerConfig config, MemoryConstraints constraints, BatchShape batch, Func<TrainingMethod, IReadOnlyList<TensorSize>> listTensors,
            bool onCpu)
    {
        var tensors = listTensors(constraints.Base);
        var plans = new List<MemoryPlan>();
        foreach (var precision in constraints.Precisions)
            foreach (var recompute in constraints.RecomputeLayers is { } r ? [r] : new[] { false, true })
                foreach (var samples in constraints.MicroBatch is { } m ? [m] : HalvedSizes(batch.Samples))
                    foreach (var frames in PredictorFrames)
                        plans.Add(MemoryPlan.Compute(config, tensors,
                            constraints.Base with { Precision = precision, Checkpointing = new(recompute, frames) },
                            batch with { Samples = samples }, samples < batch.Samples, onCpu));
        return plans;
    }

    static IEnumerable<int> HalvedSizes(int samples)
    {
        for (; samples > 1; samples = (samples + 1) / 2)
            yield return samples;
        yield return 1;
    }

    static IEnumerable<(string What, MemoryConstraints Constraints)> ListAlternatives(MemoryConstraints constraints)
    {
        var free = constraints with { Precisions = Enum.GetValues<Precision>(), RecomputeLayers = null, MicroBatch = null };
        if (constraints.Precisions.Count == 1 || constraints.RecomputeLayers is not null || constraints.MicroBatch is not null)
            yield return ("the same without --precision, --recompute and --micro-batch", free);
        if (constraints.Base.Lora is null && !constraints.Base.Frozen.Contains("code_predictor"))
            yield return ("--freeze text_embedding,code_predictor",
                free with { Base = free.Base with { Frozen = [.. free.Base.Frozen, "code_predictor"] } });
        if (constraints.Base.Lora is null)
            yield return ("--lora 16", free with { Base = free.Base with { Lora = new() } });
    }

    /// <summary>The plan as a table.</summary>
    public static string Table(MemoryPlan plan, long budget)
    {
        var rows = new[] { ("weights", plan.Weights), ("gradients", plan.Gradients), ("master weights", plan.Masters),
            ("moments", plan.Moments), ("activations", plan.Activations), ("runtime", Runtime(plan)) };
        return string.Join('\n', rows.Where(r => r.Item2 > 0).Select(r => $"  {r.Item1,-15}{Size(r.Item2),9}")
            .Prepend($"Memory: {Describe(plan)}.").Append($"  {"largest sum",-15}{Size(ComputeTotal(plan)),9} of {Size(budget)}"));
    }

    static string Describe(MemoryPlan plan) => string.Join(", ",
    [
        plan.Method.Precision switch { Precision.Float32 =>
            "float32", Precision.Mixed =>
            "BF16 with float32 masters and moments", Precision.Bfloat16 =>
            "BF16 with stochastic rounding, float32 moments", _ => "BF16 weights and moments with stochastic rounding" },
        .. plan.Method.Lora is { } lora ? [$"LoRA of rank {lora.Rank}"] : Array.Empty<string>(),
        .. plan.Method.Checkpointing.RecomputeLayers ? ["gradient checkpointing"] : Array.Empty<string>(),
        plan.MicroBatch.Samples == 1 ? "one clip at a time" : $"{plan.MicroBatch.Samples} clips at a time",
    ]);

    /// <summary>In megabytes up to 4 GB, so that two sizes that differ are printed differently.</summary>
    static string Size(long bytes) =>
        bytes < 1L << 32 ? FormattableString.Invariant($"{bytes / (double)(1L << 20):0} MB")
        : FormattableString.Invariant($"{bytes / (double)(1L << 30):0.0} GB");
}
