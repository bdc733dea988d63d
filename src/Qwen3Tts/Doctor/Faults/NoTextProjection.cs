using Qwen3Tts.Checkpoint;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Faults;

/// <summary>The text embedding enters the talker without text_projection. This is only possible if text and talker have the same
/// width.</summary>
sealed class NoTextProjection : Fault
{
    public override FaultSet Bit => FaultSet.NoTextProjection;
    public override string Name => "no_text_projection";
    public override Stage Stage => Stage.Input;
    public override string Meaning => "its text entered without text_projection";
    public override string Remedy => "Retrain from the base with the projection";
    public override string Symptom => "losses, heads; ruled out where text_projection moved";
    public override Rescue Rescue => new(Compatibility: "raw-text");
    public override bool ChangesStates => true;

    public override FaultSource Source => new("official finetuning/sft_12hz.py (022e286), line 89", "text_embedding(ids) * mask",
        "enters the sum as it is stored, where speaking adds its projection",
        "write `text_projection(text_embedding(ids)) * mask`, with the mask after the projection");

    public override TrainingExample Edit(TrainingExample example, SpecialTokens ids) => example with { ProjectsText = false };

    public override RowEvidence? ReadRows(IMovedParts moved) => moved.HasMoved($"{TensorNames.TextProjection1}.weight") == true
        ? CreateEvidence(false, "text_projection moved, so text went through it") : null;
}
