using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Faults;

/// <summary>Rows of padding carry the projection of a zero vector. No other row attends to them, and a single sequence has no padding, so
/// this changes nothing.</summary>
sealed class MaskBeforeProjection : Fault
{
    public override FaultSet Bit => FaultSet.MaskBeforeProjection;
    public override string Name => "mask_before_projection";
    public override Stage Stage => Stage.Input;
    public override string Meaning => "rows of padding carried the projection of a zero vector";
    public override string Remedy => "None is needed";
    public override string Symptom => "nothing: no number differs";
    public override bool IsMismatch => false;
    public override bool IsVisible => false;

    public override TrainingExample Edit(TrainingExample example, SpecialTokens ids) => example;
}
