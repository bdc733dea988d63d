using Qwen3Tts.Checkpoint;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Faults;

/// <summary>Each head of the code predictor is taught the codebook after its own; the last head is never taught.</summary>
sealed class SubLabelsShifted : Fault
{
    public override FaultSet Bit => FaultSet.SubLabelsShifted;
    public override string Name => "sub_labels_shifted";
    public override Stage Stage => Stage.Head;
    public override string Meaning => "each head of the code predictor was taught the codebook after its own";
    public override string Remedy => "Retrain from the base with head i on codebook i";
    public override string Symptom => "losses, heads; the last head never moved";

    public override FaultSource Source => new(
        "official modeling_qwen3_tts.py (022e286), lines 1234 to 1242, which finetuning/sft_12hz.py trains with", "codec_ids[:, 1:]",
        "are the labels of the fifteen heads already, and go through ForCausalLMLoss, which shifts them by a codebook",
        "take the cross-entropy of slot i and code i, i = 1 to 15, without a shift");

    public override TrainingExample Edit(TrainingExample example, SpecialTokens ids) =>
        example with { Heads = [.. example.Heads.SkipLast(1).Select(h => h with { Codebook = h.Codebook + 1 })] };

    public override RowEvidence? ReadRows(IMovedParts moved)
    {
        if (moved.HasMoved(TensorNames.PredictorHead(0)) != true)
            return null;
        return moved.HasMoved(TensorNames.PredictorHead(moved.LastHead)) == true
            ? CreateEvidence(false, "all heads of the code predictor moved")
            : CreateEvidence(true, $"the code predictor's heads moved, but the last one, lm_head.{moved.LastHead}, got no gradient at all");
    }
}
