// Compares a checkpoint with its base: which tensors and rows moved. The rows of the embeddings that moved show what stood in the prompts,
// even where losses cannot: a row that no example contains gets no gradient, and weight decay at most shrinks it. So a row or tensor counts
// as "moved" only if neither scaling of the old values nor rounding to the stored type explains its change.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Kernels;
using Qwen3Tts.Sequence;
using Qwen3Tts.Statistics;

namespace Qwen3Tts.Doctor.Evidence;

/// <summary>Compares two open checkpoints: the one that is examined, and its base.</summary>
sealed class Movement(Weights now, Weights before, TalkerConfig talker)
{
    public const string CodecEmbedding = TensorNames.CodecEmbedding, TextEmbedding = TensorNames.TextEmbedding;

    public MovementReport Report()
    {
        var both = now.Entries.Where(e => before.Contains(e.Name) && before.FileOf(e.Name).Entry(e.Name).Shape.SequenceEqual(e.Shape))
            .ToList();
        var names = both.Select(e => e.Name).ToHashSet();
        return new(
            [.. both.GroupBy(e => Group(e.Name)).OrderBy(g => Order.IndexOf(g.Key))
                .Select(g => MeasureGroup(g.Key, [.. g.OrderBy(e => e.Name, StringComparer.Ordinal)]))],
            names.Contains(TextEmbedding) ? ChangedRows(TextEmbedding).Count() : 0,
            names.Contains(CodecEmbedding)
                ? [.. ChangedRows(CodecEmbedding).Select(RowName).GroupBy(n => n)
                .Select(g => g.Count() == 1 ? g.Key : $"{g.Count()} {g.Key}s")]
                : [],
            [.. now.Entries.Concat(before.Entries).Select(e => e.Name).Distinct().Where(n => !names.Contains(n))
                .Order(StringComparer.Ordinal)]);
    }

    /// <summary>Whether a tensor, or one row of it, changed by more than weight decay and rounding explain; null if one of the two
    /// checkpoints lacks it.</summary>
    bool? HasMoved(string name, int? row = null)
    {
        if (!now.Contains(name) || !before.Contains(name))
            return null;
        var entry = now.FileOf(name).Entry(name);
        var part = row is { } r ? (r * entry.Shape[1])..((r + 1) * entry.Shape[1]) : Range.All;
        return !IsScaled(Values(before, name).AsSpan()[part], Values(now, name).AsSpan()[part], entry.Type);
    }

    /// <summary>Whether b is a times one factor, within the rounding of b. Weight decay changes a row without gradient in this way. A BF16
    /// number differs from the number before rounding by at most half a step. So updates that are smaller than a step are visible, too, in
    /// the few elements that rounding moved by a whole step.</summary>
    static bool IsScaled(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ElementType type)
    {
        var (least, most) = (0.0, double.PositiveInfinity);
        for (var i = 0; i < a.Length; i++)
        {
            if (a[i] == 0 || b[i] == 0)
            {
                if (a[i] != b[i])
                    return false;
                continue;
            }
            var slack = type == ElementType.F32 ? Math.Abs((double)b[i] / a[i]) / 16384
                : Math.ScaleB(1, Math.ILogB(b[i]) - 8) / Math.Abs((double)a[i]);
            var ratio = (double)b[i] / a[i];
            (least, most) = (Math.Max(least, ratio - slack), Math.Min(most, ratio + slack));
        }
        return least <= most;
    }

    /// <summary>What the rows and tensors that moved, or did not move, show about the training.</summary>
    public IEnumerable<RowEvidence> ReadRows()
    {
        var moved = new MovedParts(this);
        return KnownFaults.All.Select(f => f.ReadRows(moved)).OfType<RowEvidence>();
    }

    /// <summary>Compares each row and tensor that a fault needs only once.</summary>
    sealed class MovedParts(Movement movement) : IMovedParts
    {
        readonly Dictionary<string, bool?> _tensors = [];

        public bool Think { get; } = movement.HasMovedRow(movement.Talker.CodecThinkId);
        public bool NoThink { get; } = movement.HasMovedRow(movement.Talker.CodecNothinkId);
        public bool ThinkEos { get; } = movement.HasMovedRow(movement.Talker.CodecThinkEosId);
        public int LastHead => movement.Talker.NumCodeGroups - 2;
        public bool? HasMoved(string tensor) =>
            _tensors.TryGetValue(tensor, out var moved) ? moved : _tensors[tensor] = movement.HasMoved(tensor);
    }

    TalkerConfig Talker => talker;

    bool HasMovedRow(int row) => HasMoved(CodecEmbedding, row) == true;

    /// <summary>Which clips may have been trained on. If a clip was trained on, each of its codes got a gradient, so the row of each code
    /// moved. The last frame is ignored, and so is the last codebook, which the code predictor does not read: with some faults nothing is
    /// predicted from them. If updates are so small that rounding hides most of them, it may hide all updates of a row. So every clip
    /// counts as possibly trained on if two things hold: no row moved whose code is absent from the data, and no more rows stayed unchanged
    /// than rounding explains.</summary>
    /// <param name="clips">The measured clips.</param>
    /// <param name="data">All frames of the data that the clips belong to; null if the clips are all of the data.</param>
    public IReadOnlyList<bool> MayBeTrainedOn(IReadOnlyList<TrainingExample> clips, IEnumerable<int[]>? data = null)
    {
        int[][] frames = [.. data ?? clips.SelectMany(c => c.Frames).Select(f => f.Frame)];
        // rows: the number of rows in which no element, one element and two elements show an update
        var (seen, rows, foreign) = (clips.Select(_ => true).ToArray(), new int[3], false);
        for (var group = 0; group < talker.NumCodeGroups - 1; group++)
        {
            var name = group == 0 ? CodecEmbedding : TensorNames.PredictorEmbedding(group - 1);
            if (!now.Contains(name) || !before.Contains(name))
                return [.. clips.Select(_ => false)];
            var (a, b, entry) = (Values(before, name), Values(now, name), now.FileOf(name).Entry(name));
            int CountShown(int code) => CountUpdates(a.AsSpan(code * entry.Shape[1], entry.Shape[1]),
                b.AsSpan(code * entry.Shape[1], entry.Shape[1]), entry.Type);
            var updates = clips.SelectMany(c => c.Frames.SkipLast(1)).Select(f => f.Frame[group]).Distinct()
                .ToDictionary(code => code, CountShown);
            foreach (var shown in updates.Values.Where(n => n < rows.Length))
                rows[shown]++;
            for (var clip = 0; clip < clips.Count; clip++)
                seen[clip] &= clips[clip].Frames.SkipLast(1).All(f => updates[f.Frame[group]] > 0);
            foreign = foreign || Enumerable.Range(0, talker.CodePredictorConfig.VocabSize).Except(frames.Select(f => f[group]))
                .Any(code => CountShown(code) > 0);
        }
        return !foreign && IsExplainedByRounding(rows[0], rows[1], rows[2]) ? [.. clips.Select(_ => true)] : seen;
    }

    /// <summary>Whether rounding alone can explain that so many rows show no update, within two standard deviations. The number of elements
    /// of a row that show an update follows a Poisson distribution, whose mean differs from row to row. By Chao's estimate, at least once²
    /// / (2 twice) rows then show no update.</summary>
    /// <param name="never">Number of rows of which no element shows an update.</param>
    /// <param name="once">Number of rows of which one element does.</param>
    /// <param name="twice">Number of rows of which two elements do.</param>
    public static bool IsExplainedByRounding(int never, double once, double twice)
    {
        var expected = once * Math.Max(once - 1, 0) / (2 * (twice + 1)); // bias-corrected: it also holds for small numbers
        var ratio = once / (twice + 1);
        return never - expected <= 2 * Math.Sqrt(expected + once * ratio * ratio + twice * Math.Pow(ratio, 4) / 4);
    }

    /// <summary>How many elements of a row show an update; 0 if weight decay explains the change.</summary>
    static int CountUpdates(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ElementType type)
    {
        if (IsScaled(a, b, type))
            return 0;
        var changed = 0;
        for (var i = 0; i < a.Length; i++)
            changed += a[i] == b[i] ? 0 : 1;
        return changed;
    }

    static float[] Values(Weights weights, string name) => weights.FileOf(name).Float32(name);

    static readonly List<string> Order = ["text embedding", "text projection", "codec embedding", "talker attention", "talker mlp",
        "talker norms", "codec head", "predictor embeddings", "predictor projection", "predictor attention", "predictor mlp",
        "predictor norms", "predictor heads", "speaker encoder", "other"];

    static string Group(string name)
    {
        bool Has(string part) => name.Contains(part, StringComparison.Ordinal);
        var network = Has("code_predictor") ? "predictor" : "talker";
        return Has("speaker_encoder.") ? "speaker encoder"
            : Has("text_embedding") ? "text embedding"
            : Has("text_projection") ? "text projection"
            : Has("codec_embedding") ? network == "talker" ? "codec embedding" : "predictor embeddings"
            : Has("small_to_mtp_projection") ? "predictor projection"
            : Has("codec_head") ? "codec head"
            : Has("lm_head") ? "predictor heads"
            : Has("norm") ? $"{network} norms"
            : Has("self_attn") ? $"{network} attention"
            : Has(".mlp.") ? $"{network} mlp" : "other";
    }

    MovedGroup MeasureGroup(string group, List<TensorEntry> tensors)
    {
        double change = 0, size = 0, elements = 0, changed = 0;
        var unmoved = 0;
        foreach (var entry in tensors)
        {
            var (a, b) = (Values(before, entry.Name), Values(now, entry.Name));
            var different = 0;
            for (var i = 0; i < a.Length; i++)
            {
                var d = (double)b[i] - a[i];
                (change, size, different) = (change + d * d, size + (double)a[i] * a[i], a[i] == b[i] ? different : different + 1);
            }
            (elements, changed, unmoved) = (elements + a.Length, changed + different, different == 0 ? unmoved + 1 : unmoved);
        }
        var matrix = group.EndsWith("attention", StringComparison.Ordinal) || group.EndsWith("mlp", StringComparison.Ordinal)
            ? tensors[tensors.Count / 2] : null;
        return new(group, tensors.Count, unmoved, changed / elements, Math.Sqrt(change / Math.Max(size, 1e-30)), matrix is null ? null
            : EffectiveRank(matrix), matrix?.Shape.Min());
    }

    /// <summary>The effective rank of the change D of a matrix: (sum of s²)² / sum of s⁴ over the singular values s of D. The denominator
    /// is estimated as the mean of |DᵀDz|² over random sign vectors z.</summary>
    double? EffectiveRank(TensorEntry entry)
    {
        const int Probes = 16;
        var (rows, columns) = (entry.Shape[0], entry.Shape[1]);
        var (a, d) = (Values(before, entry.Name), Values(now, entry.Name));
        double squares = 0;
        var transposed = new float[d.Length];
        for (var i = 0; i < d.Length; i++)
        {
            d[i] -= a[i];
            squares += (double)d[i] * d[i];
            transposed[i % columns * rows + i / columns] = d[i];
        }
        if (squares == 0)
            return null;
        var random = new Pcg32(seed: 0);
        var z = new float[Probes * columns];
        for (var i = 0; i < z.Length; i++)
            z[i] = random.NextBelow(2) * 2 - 1;
        var (y, back) = (new float[Probes * rows], new float[Probes * columns]);
        MatrixProduct.Multiply(Matrix.Create(rows, columns, d), z, y, Probes, Workers.Shared);
        MatrixProduct.Multiply(Matrix.Create(columns, rows, transposed), y, back, Probes, Workers.Shared);
        return squares * squares / Math.Max(back.Sum(v => (double)v * v) / Probes, double.Epsilon);
    }

    IEnumerable<int> ChangedRows(string name)
    {
        var width = now.FileOf(name).Entry(name).Shape[1];
        var (a, b) = (Values(before, name), Values(now, name));
        for (var row = 0; row < a.Length / width; row++)
            if (!a.AsSpan(row * width, width).SequenceEqual(b.AsSpan(row * width, width)))
                yield return row;
    }

    string RowName(int row) => row < talker.CodePredictorConfig.VocabSize ? "code"
        : ListControlRows().FirstOrDefault(c => c.Row == row).Name ?? "unnamed row";

    IEnumerable<(string Name, int Row)> ListControlRows() =>
        [("codec_pad", talker.CodecPadId), ("codec_bos", talker.CodecBosId), ("codec_eos", talker.CodecEosTokenId),
            ("think", talker.CodecThinkId), ("nothink", talker.CodecNothinkId),
            ("think_bos", talker.CodecThinkBosId), ("think_eos", talker.CodecThinkEosId),
            .. talker.CodecLanguageId.Select(l => ($"language {l.Key}", l.Value)), .. talker.SpkId
                .Select(s => ($"speaker {s.Key}", s.Value))];
}
