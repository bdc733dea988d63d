// From the memory that is there to a way to train: the most exact one that fits, and of that the fastest. What the user has chosen stays;
// where nothing fits, the refusal says what would.
using System.Globalization;
using Qwen3Tts.Checkpoint;

namespace Qwen3Tts.Training;

/// <summary>What is settled before memory is looked at; null is open.</summary>
/// <param name="Base">What is trained.</param>
/// <param name="Precisions">In the order of preference.</param>
/// <param name="RecomputeLayers">Whether layers are computed again on the way back.</param>
/// <param name="MicroBatch">Clips that are computed together.</param>
sealed record MemoryWish(Way Base, IReadOnlyList<Precision> Precisions, bool? RecomputeLayers = null, int? MicroBatch = null);

static class MemoryChoice
{
    /// <summary>What the process takes in all: the plan, a thirtieth of it that an allocator cannot use, and a gigabyte for the CUDA context, or for .NET and libtorch.</summary>
    public static long Needed(MemoryPlan plan) => plan.Peak + Runtime(plan);

    static long Runtime(MemoryPlan plan) => (1L << 30) + plan.Peak / 30;

    static readonly int[] FramesAtATime = [128, 32]; // 128 frames are 2,048 rows: more make no product faster

    /// <summary>Bytes of a size such as 16GB, where a gigabyte is 2³⁰ bytes, as cards are sold.</summary>
    /// <exception cref="ArgumentException">It is no size.</exception>
    public static long Parse(string size)
    {
        var number = size.Trim();
        foreach (var unit in new[] { "GiB", "GB", "G" })
            if (number.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
            {
                number = number[..^unit.Length].TrimEnd();
                break;
            }
        return double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) && n is > 0 and < 1e6 ? (long)(n * (1L << 30))
            : throw new ArgumentException($"--memory is '{Files.Printable.Text(size)}', expected a size such as 16GB. Correct it, or leave it out to take what is there.");
    }

    /// <param name="config">The model.</param>
    /// <param name="wish">What is settled.</param>
    /// <param name="batch">Clips of a step, and the longest of all clips.</param>
    /// <param name="budget">Bytes that the process may take.</param>
    /// <param name="onCpu">Whether it is trained on the CPU.</param>
    /// <exception cref="ArgumentException">Nothing fits; the message says what would.</exception>
    public static MemoryPlan Choose(TalkerConfig config, MemoryWish wish, BatchShape batch, long budget, bool onCpu = false)
    {
        var plans = Plans(config, wish, batch, onCpu);
        if (plans.FirstOrDefault(p => Needed(p) <= budget) is { } fitting)
            return fitting;
        var least = plans.MinBy(p => p.Peak)!;
        var others = Instead(wish).Select(o => (o.What, Plan: Plans(config, o.Wish, batch, onCpu).MinBy(p => p.Peak)!)).Where(o => Needed(o.Plan) <= budget).ToList();
        throw new ArgumentException(
            $"This does not fit {Size(budget)}: the least that it needs is {Size(Needed(least))} ({Words(least)}), with clips of up to {batch.Frames} frames. " +
            (others.Count == 0 ? "Nothing that can be chosen here fits; train with more memory, or with shorter clips."
                : $"What fits: {string.Join("; ", others.Select(o => $"{o.What} ({Size(Needed(o.Plan))})"))}."));
    }

    static List<MemoryPlan> Plans(TalkerConfig config, MemoryWish wish, BatchShape batch, bool onCpu)
    {
        var tensors = MemoryPlan.Tensors(config, wish.Base);
        var plans = new List<MemoryPlan>();
        foreach (var precision in wish.Precisions)
            foreach (var recompute in wish.RecomputeLayers is { } r ? [r] : new[] { false, true })
                foreach (var samples in wish.MicroBatch is { } m ? [m] : Halves(batch.Samples))
                    foreach (var frames in FramesAtATime)
                        plans.Add(MemoryPlan.Of(config, tensors, wish.Base with { Precision = precision, Pieces = new(recompute, frames) }, batch with { Samples = samples }, samples < batch.Samples, onCpu));
        return plans;
    }

    static IEnumerable<int> Halves(int samples)
    {
        for (; samples > 1; samples = (samples + 1) / 2)
            yield return samples;
        yield return 1;
    }

    static IEnumerable<(string What, MemoryWish Wish)> Instead(MemoryWish wish)
    {
        var free = wish with { Precisions = Enum.GetValues<Precision>(), RecomputeLayers = null, MicroBatch = null };
        if (wish.Precisions.Count == 1 || wish.RecomputeLayers is not null || wish.MicroBatch is not null)
            yield return ("the same without --precision, --recompute and --micro-batch", free);
        if (wish.Base.Lora is null && !wish.Base.Frozen.Contains("code_predictor"))
            yield return ("--freeze text_embedding,code_predictor", free with { Base = free.Base with { Frozen = [.. free.Base.Frozen, "code_predictor"] } });
        if (wish.Base.Lora is null)
            yield return ("--lora 16", free with { Base = free.Base with { Lora = new() } });
    }

    /// <summary>The plan as a table.</summary>
    public static string Table(MemoryPlan plan, long budget)
    {
        var rows = new[] { ("weights", plan.Weights), ("gradients", plan.Gradients), ("masters", plan.Masters), ("moments", plan.Moments), ("activations", plan.Activations), ("runtime", Runtime(plan)) };
        return string.Join('\n', rows.Where(r => r.Item2 > 0).Select(r => $"  {r.Item1,-12}{Size(r.Item2),9}").Prepend($"Memory: {Words(plan)}.").Append($"  {"at the most",-12}{Size(Needed(plan)),9} of {Size(budget)}"));
    }

    static string Words(MemoryPlan plan) => string.Join(", ",
    [
        plan.Way.Precision switch { Precision.Float32 => "float32", Precision.Mixed => "BF16 with float32 masters and moments", Precision.Bfloat16 => "BF16 rounded by chance, float32 moments", _ => "BF16 weights and moments, rounded by chance" },
        .. plan.Way.Lora is { } lora ? [$"LoRA of rank {lora.Rank}"] : Array.Empty<string>(),
        .. plan.Way.Pieces.RecomputeLayers ? ["layers computed again"] : Array.Empty<string>(),
        plan.MicroBatch.Samples == 1 ? "one clip at a time" : $"{plan.MicroBatch.Samples} clips at a time",
    ]);

    static string Size(long bytes) => bytes < 1L << 28 ? FormattableString.Invariant($"{bytes / (double)(1L << 20):0} MB") : FormattableString.Invariant($"{bytes / (double)(1L << 30):0.0} GB");
}
