using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Faults;

/// <summary>Position p is taught the code of position p + 2, not p + 1. So frame 0 is taught at the position before codec_bos, and the end
/// at the last frame but one.</summary>
sealed class LabelsShiftedTwice : Fault
{
    public override FaultSet Bit => FaultSet.LabelsShiftedTwice;
    public override string Name => "labels_shifted_twice";
    public override Stage Stage => Stage.Label;
    public override string Meaning => "every position was taught the code after the next one: the labels were shifted twice";
    public override string Remedy => "Retrain from the base with labels shifted once";
    public override bool ChangesStates => true;

    public override FaultSource Source => new("official finetuning/sft_12hz.py (022e286), lines 101 to 103",
        "inputs[:, :-1], labels[:, 1:]",
        "shift the labels by one, and the loss of the model (ForCausalLMLoss) shifts them again",
        "pass inputs and labels whole, and cut the hidden states by `[:, :-1]` before the code predictor's are chosen");

    public override TrainingExample Edit(TrainingExample example, SpecialTokens ids) =>
        example with { Talker = [.. example.Talker.Select(t => t with { Position = t.Position - 1 })] };
}
