// Measures what text_projection does to the text. Every model of the family was trained on its output. A trainer that leaves it out shows
// the model other vectors; if the widths are equal, nothing crashes. The question is whether text_projection is nearly an identity.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Doctor.Evidence;

/// <summary>How far the output of text_projection is from its input, over some text ids.</summary>
/// <param name="Ids">How many ids.</param>
/// <param name="RawNorm">Median norm of x, the stored embedding.</param>
/// <param name="ProjectedNorm">Median norm of P(x).</param>
/// <param name="Cosine">Median cosine of x and P(x); null if their widths differ.</param>
/// <param name="Distance">Median of |P(x) - x| / |P(x)|: 0 for an identity; null if the widths differ.</param>
sealed record ProjectionDistance(int Ids, double RawNorm, double ProjectedNorm, double? Cosine, double? Distance);

/// <param name="Layers">The tensors of text_projection and their shapes.</param>
/// <param name="Vocabulary">The distance over ids that are spread evenly over the vocabulary.</param>
/// <param name="Text">The distance over the ids of the user's texts; null if there are none.</param>
/// <param name="Identity">Whether text_projection changes vectors by no more than BF16 rounding does.</param>
/// <param name="Sentence">The answer in words.</param>
sealed record TextProjectionReport(IReadOnlyList<string> Layers, ProjectionDistance Vocabulary, ProjectionDistance? Text, bool Identity,
    string Sentence);

static class TextProjection
{
    const int Sample = 2048;
    const double Rounding = 1.0 / 256; // relative step of BF16

    /// <param name="model">The checkpoint.</param>
    /// <param name="text">Ids of the user's texts, or none.</param>
    public static TextProjectionReport Measure(ModelFolder model, IReadOnlyCollection<int> text)
    {
        const string Name = "talker.text_projection";
        using var weights = model.OpenWeights();
        var talker = model.Config.TalkerConfig;
        var projection = new Projection(weights, talker);
        var vocabulary = projection.Distance(
            [.. Enumerable.Range(0, Math.Min(Sample, talker.TextVocabSize))
            .Select(i => (int)((long)i * talker.TextVocabSize / Math.Min(Sample, talker.TextVocabSize)))]);
        var own = text.Count == 0 ? null : projection.Distance([.. text.Distinct().Where(i => i < talker.TextVocabSize)]);
        var identity = vocabulary.Distance < Rounding;
        return new(
            [.. weights.Entries.Where(e => e.Name.StartsWith(Name, StringComparison.Ordinal)).OrderBy(e => e.Name, StringComparer.Ordinal)
                .Select(e => $"{e.Name[TensorNames.Talker.Length..]} [{string.Join(", ", e.Shape)}]")],
            vocabulary, own, identity, Sentence(talker, own ?? vocabulary, own is null
                ? $"{vocabulary.Ids} ids, spread over the vocabulary" : $"the {own.Ids} ids of the data's text", identity));
    }

    /// <param name="talker">Configuration of the talker.</param>
    /// <param name="d">The measured distance.</param>
    /// <param name="over">The ids that it was measured over, in words.</param>
    /// <param name="identity">Whether text_projection is an identity.</param>
    static string Sentence(TalkerConfig talker, ProjectionDistance d, string over, bool identity) =>
        $"text_projection is two linear layers with a SiLU between them ({talker.TextHiddenSize} → {talker.TextHiddenSize} → " +
            $"{talker.HiddenSize}), " + (
        d.Distance is not { } distance ? $"which also changes the width: a trainer that leaves it out stops with an error of shapes."
        : identity ? "and here it changes vectors by no more than rounding: it is an identity."
        : $"and no identity: what the talker reads, P(x), is {distance:p0} of its own length away from the stored embedding x, at a " +
            $"cosine of {d.Cosine:0.00} (medians over {over}). The widths agree ({talker.HiddenSize}), so a trainer that leaves it out " +
            $"does not crash: its model saw vectors that no speaking runtime will ever show it.");

    sealed class Projection
    {
        readonly Matrix _text;
        readonly Func<float[], int, float[]> _project;

        public Projection(Weights weights, TalkerConfig talker)
        {
            var workers = Workers.Shared;
            _text = Layers.WeightsMatrix.Matrix(weights, TensorNames.TextEmbedding, talker.TextVocabSize, talker.TextHiddenSize);
            var first = Layers.Linear.Load(weights, TensorNames.TextProjection1, talker.TextHiddenSize, talker.TextHiddenSize,
                bias: true);
            var second = Layers.Linear.Load(weights, TensorNames.TextProjection2, talker.HiddenSize, talker.TextHiddenSize,
                bias: true);
            _project = (x, count) =>
            {
                var (inner, y) = (new float[count * talker.TextHiddenSize], new float[count * talker.HiddenSize]);
                first.Apply(x, inner, count, workers);
                Activations.Silu(inner);
                second.Apply(inner, y, count, workers);
                return y;
            };
        }

        public ProjectionDistance Distance(int[] ids)
        {
            var width = _text.Columns;
            var x = new float[ids.Length * width];
            for (var i = 0; i < ids.Length; i++)
                _text.CopyRow(ids[i], x.AsSpan(i * width, width));
            var y = _project(x, ids.Length);
            var hidden = y.Length / ids.Length;
            var rows = Enumerable.Range(0, ids.Length)
                .Select(i => (Raw: x[(i * width)..((i + 1) * width)], Projected: y[(i * hidden)..((i + 1) * hidden)])).ToList();
            var same = width == hidden;
            return new(ids.Length, Median(rows.Select(r => Norm(r.Raw))), Median(rows.Select(r => Norm(r.Projected))),
                same ? Median(rows.Select(r => Cosine(r.Raw, r.Projected))) : null,
                same ? Median(rows.Select(r => Norm([.. r.Raw.Zip(r.Projected, (a, b) => a - b)]) / Math.Max(Norm(r.Projected), 1e-30)))
                    : null);
        }
    }

    static double Norm(float[] v) => Math.Sqrt(v.Sum(a => (double)a * a));
    // rows of padding are zero
    static double Cosine(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum() / Math.Max(Norm(a) * Norm(b), 1e-30);

    static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
