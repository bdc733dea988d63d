// Cross-entropy over explicit pairs: a row of the talker's output with the code that it predicts; a head of the code predictor with the
// codebook that it predicts. Losses are stored as sums with counts, because the mean is taken over the whole effective batch: three
// micro-batches of one sample have the gradient of one batch of three, whatever the lengths of the samples.
using Qwen3Tts.Sequence;
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Model;
using TorchSharp;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Step;

/// <summary>Sums of cross-entropy in nats, float32. They belong to the dispose scope in which they were computed.</summary>
/// <param name="Talker">Sum over all codes of codebook 0 and the ends of speech.</param>
/// <param name="Predictor">Sum over all frames and heads.</param>
/// <param name="End">The part of <paramref name="Talker"/> for the ends of speech; without gradient.</param>
/// <param name="Ends">Number of ends of speech.</param>
/// <param name="Counts">Number of predictions in the first two sums.</param>
sealed record Loss(Tensor Talker, Tensor Predictor, Tensor End, long Ends, TargetCounts Counts)
{
    public static Loss Compute(TalkerModule talker, TrainingBatch batch) => Compute(talker, batch, talker.Embed(batch));

    /// <param name="talker">The network.</param>
    /// <param name="batch">The pairs; its positions were embedded as <paramref name="inputs"/>.</param>
    /// <param name="inputs">[Samples, Length, hidden].</param>
    public static Loss Compute(TalkerModule talker, TrainingBatch batch, Tensor inputs)
    {
        using var scope = NewDisposeScope();
        var hidden = talker.model.call(inputs).flatten(0, 1); // [rows, hidden]
        var (sum, end) = ComputeTalker(talker, batch, hidden);
        var predictor = ComputePredictor(talker, batch,
            talker.PredictFrames(hidden.index_select(0, batch.PredictorRows), batch.PredictorCodes), batch.PredictorCodes);
        return new(sum.MoveToOuterDisposeScope(), predictor.MoveToOuterDisposeScope(), end.MoveToOuterDisposeScope(),
            batch.EndTargets.shape[0], batch.Counts);
    }

    /// <summary><see cref="Talker"/> and <see cref="End"/>, from the talker's output [rows, hidden].</summary>
    public static (Tensor Sum, Tensor End) ComputeTalker(TalkerModule talker, TrainingBatch batch, Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var logits = talker.codec_head.call(hidden.index_select(0, batch.TargetRows)); // [targets, codes and control ids]
        var each = nn.functional.cross_entropy(logits.to(ScalarType.Float32), batch.TargetCodes, reduction: nn.Reduction.None);
        return (each.sum().MoveToOuterDisposeScope(), each.detach().index_select(0, batch.EndTargets).sum().MoveToOuterDisposeScope());
    }

    /// <summary>
    /// <see cref="Predictor"/>, of these frames, from the code predictor's output [frames, 16, hidden] and their codes [frames, 16].
    /// </summary>
    public static Tensor ComputePredictor(TalkerModule talker, TrainingBatch batch, Tensor states, Tensor codes)
    {
        using var scope = NewDisposeScope();
        Tensor ComputeHead(HeadTarget pair)
        {
            using var each = NewDisposeScope();
            return nn.functional.cross_entropy(talker.code_predictor.Head(pair.Head, states).to(ScalarType.Float32),
                codes.select(1, pair.Codebook), reduction: nn.Reduction.Sum).MoveToOuterDisposeScope();
        }
        return stack(batch.Heads.Select(ComputeHead), 0).sum().MoveToOuterDisposeScope();
    }

    /// <summary>Losses without gradients of each example, computed one by one.</summary>
    public static IReadOnlyList<LossSums> MeasureEach(TalkerModule talker, IEnumerable<Sequence.TrainingExample> examples,
        int endOfSpeech) => [.. examples.Select(e => Measure(talker, [e], endOfSpeech, 1)!.Value)];

    /// <summary>
    /// Losses without gradients, computed in batches of <paramref name="atATime"/> examples; null where there is no example.
    /// </summary>
    public static LossSums? Measure(TalkerModule talker, IReadOnlyList<Sequence.TrainingExample> examples, int endOfSpeech, int atATime)
    {
        using var still = no_grad();
        var sums = default(LossSums);
        foreach (var part in examples.Chunk(atATime))
        {
            using var scope = NewDisposeScope();
            using var batch = new TrainingBatch(part, endOfSpeech, talker.On.Device);
            sums += Compute(talker, batch).ToNumbers();
        }
        return examples.Count == 0 ? null : sums;
    }

    /// <summary>
    /// What is minimised: the share of this micro-batch in an effective batch of <paramref name="effective"/> predictions.
    /// </summary>
    public Tensor Share(TargetCounts effective) => TalkerShare(Talker, effective).Plus(PredictorShare(Predictor, effective));

    public static Tensor TalkerShare(Tensor sum, TargetCounts effective)
    {
        using Scalar targets = effective.Talker;
        return sum / targets;
    }

    public static Tensor PredictorShare(Tensor sum, TargetCounts effective)
    {
        using Scalar weight = TotalLoss.PredictorWeight / effective.Predictor;
        return sum * weight;
    }

    /// <summary>Copies the sums from the device into plain numbers.</summary>
    public LossSums ToNumbers() => new(Talker.item<float>(), Predictor.item<float>(), End.item<float>(), Ends, Counts);

    /// <summary>The sums as plain numbers; they add up over micro-batches.</summary>
    public readonly record struct LossSums(double TalkerSum, double PredictorSum, double EndSum, long Ends, TargetCounts Counts)
    {
        public double Talker => TalkerSum / Counts.Talker;
        public double Predictor => PredictorSum / Counts.Predictor;
        public double Total => TotalLoss.Compute(Talker, Predictor);

        /// <summary>Mean over the ends of speech, and over everything else of the talker.</summary>
        public double End => EndSum / Math.Max(Ends, 1);
        public double TalkerWithoutEnd => (TalkerSum - EndSum) / Math.Max(Counts.Talker - Ends, 1);

        public static LossSums operator +(LossSums a, LossSums b) =>
            new(a.TalkerSum + b.TalkerSum, a.PredictorSum + b.PredictorSum, a.EndSum + b.EndSum, a.Ends + b.Ends, a.Counts + b.Counts);
    }
}
