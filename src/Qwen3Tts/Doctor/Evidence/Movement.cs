// What training moved, against the model it began from. Which rows of the embeddings moved tells what stood in the prompts, even where no
// loss can: a row that no example showed gets no gradient, and at most shrinks by weight decay. So "moved" means: beyond what scaling the
// old values explains, and beyond what rounding to the stored type explains.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Kernels;
using Qwen3Tts.Sequence;
using Qwen3Tts.Statistics;

namespace Qwen3Tts.Doctor.Evidence;

/// <summary>Compares two open checkpoints.</summary>
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
                .Select(g => Moved(g.Key, [.. g.OrderBy(e => e.Name, StringComparer.Ordinal)]))],
            names.Contains(TextEmbedding) ? ChangedRows(TextEmbedding).Count() : 0,
            names.Contains(CodecEmbedding)
                ? [.. ChangedRows(CodecEmbedding).Select(RowName).GroupBy(n => n)
                .Select(g => g.Count() == 1 ? g.Key : $"{g.Count()} {g.Key}s")]
                : [],
            [.. now.Entries.Concat(before.Entries).Select(e => e.Name).Distinct().Where(n => !names.Contains(n))
                .Order(StringComparer.Ordinal)]);
    }

    /// <summary>Whether a tensor, or one row of it, moved by more than decay does; null if one of the two checkpoints lacks it.</summary>
    bool? HasMoved(string name, int? row = null)
    {
        if (!now.Contains(name) || !before.Contains(name))
            return null;
        var entry = now.FileOf(name).Entry(name);
        var part = row is { } r ? (r * entry.Shape[1])..((r + 1) * entry.Shape[1]) : Range.All;
        return !IsScaled(Values(before, name).AsSpan()[part], Values(now, name).AsSpan()[part], entry.Type);
    }

    /// <summary>Whether one factor makes all of a into b, but for the rounding of b: a row without gradients shrinks so under weight decay.
    /// A BF16 lies within half a step of what was rounded to it, so even updates that are smaller than a step show in the few numbers that
    /// take one.</summary>
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

    /// <summary>What the rows and tensors that moved, or stayed, say about the training.</summary>
    public IEnumerable<RowEvidence> ReadRows()
    {
        var moved = new MovedParts(this);
        return KnownFaults.All.Select(f => f.ReadRows(moved)).OfType<RowEvidence>();
    }

    /// <summary>Each row and tensor that a fault asks for is compared once.</summary>
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

    /// <summary>Which clips may have been trained on: each code of a clip that was got a gradient, so its row moved. The last frame is left
    /// out, and the last codebook, which the code predictor does not read: with some faults nothing is predicted from them. Where updates
    /// are so small that rounding hides most, it may hide all of a row's: if no row moved that these data do not have, and no more stayed
    /// than rounding explains, every clip may have been trained on.</summary>
    /// <param name="clips">The clips.</param>
    /// <param name="data">All frames of the data that the clips are from; null if the clips are all.</param>
    public IReadOnlyList<bool> MayBeTrainedOn(IReadOnlyList<TrainingExample> clips, IEnumerable<int[]>? data = null)
    {
        int[][] frames = [.. data ?? clips.SelectMany(c => c.Frames).Select(f => f.Frame)];
        // rows of which none, one and two elements show an update
        var (seen, rows, foreign) = (clips.Select(_ => true).ToArray(), new int[3], false);
        for (var group = 0; group < talker.NumCodeGroups - 1; group++)
        {
            var name = group == 0 ? CodecEmbedding : TensorNames.PredictorEmbedding(group - 1);
            if (!now.Contains(name) || !before.Contains(name))
                return [.. clips.Select(_ => false)];
            var (a, b, entry) = (Values(before, name), Values(now, name), now.FileOf(name).Entry(name));
            int Shown(int code) => Updates(a.AsSpan(code * entry.Shape[1], entry.Shape[1]),
                b.AsSpan(code * entry.Shape[1], entry.Shape[1]), entry.Type);
            var updates = clips.SelectMany(c => c.Frames.SkipLast(1)).Select(f => f.Frame[group]).Distinct()
                .ToDictionary(code => code, Shown);
            foreach (var shown in updates.Values.Where(n => n < rows.Length))
                rows[shown]++;
            for (var clip = 0; clip < clips.Count; clip++)
                seen[clip] &= clips[clip].Frames.SkipLast(1).All(f => updates[f.Frame[group]] > 0);
            foreign = foreign || Enumerable.Range(0, talker.CodePredictorConfig.VocabSize).Except(frames.Select(f => f[group]))
                .Any(code => Shown(code) > 0);
        }
        return !foreign && IsHidden(rows[0], rows[1], rows[2]) ? [.. clips.Select(_ => true)] : seen;
    }

    /// <summary>Whether rounding explains that so many rows show no update, to two standard deviations. How many of a row's elements show
    /// one is a Poisson number, whose mean differs from row to row; by Chao's estimate, at least once² / (2 twice) rows then show
    /// none.</summary>
    /// <param name="never">Rows of which no element shows an update.</param>
    /// <param name="once">Rows of which one does.</param>
    /// <param name="twice">Rows of which two do.</param>
    public static bool IsHidden(int never, double once, double twice)
    {
        var expected = once * Math.Max(once - 1, 0) / (2 * (twice + 1)); // the form that holds for few, too
        var ratio = once / (twice + 1);
        return never - expected <= 2 * Math.Sqrt(expected + once * ratio * ratio + twice * Math.Pow(ratio, 4) / 4);
    }

    /// <summary>How many elements of a row show an update; none where decay explains what changed.</summary>
    static int Updates(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ElementType type)
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

    MovedGroup Moved(string group, List<TensorEntry> tensors)
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

    /// <summary>
    /// (sum of s²)² / sum of s⁴ over the singular values s of the change. The denominator is the mean of |DᵀDz|² over random signs z.
    /// </summary>
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
        : Control().FirstOrDefault(c => c.Row == row).Name ?? "unnamed row";

    IEnumerable<(string Name, int Row)> Control() =>
        [("codec_pad", talker.CodecPadId), ("codec_bos", talker.CodecBosId), ("codec_eos", talker.CodecEosTokenId),
            ("think", talker.CodecThinkId), ("nothink", talker.CodecNothinkId),
            ("think_bos", talker.CodecThinkBosId), ("think_eos", talker.CodecThinkEosId),
            .. talker.CodecLanguageId.Select(l => ($"language {l.Key}", l.Value)), .. talker.SpkId
                .Select(s => ($"speaker {s.Key}", s.Value))];
}
