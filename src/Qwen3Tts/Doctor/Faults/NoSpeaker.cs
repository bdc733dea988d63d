using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Faults;

/// <summary>The prompt has no speaker row. This is no fault in a model whose voice is described in words.</summary>
sealed class NoSpeaker : Fault
{
    public override FaultSet Bit => FaultSet.NoSpeaker;
    public override string Name => "no_speaker";
    public override Stage Stage => Stage.Input;
    public override string Meaning => "its prompts had no speaker";
    public override string Remedy => "Speak without a voice, describing it in words";
    public override Rescue Rescue => new();
    public override bool IsMismatch => false;
    public override bool IsPrefix => true;
    public override bool OnlyChangesPrompt => true;

    public override TrainingExample Edit(TrainingExample example, SpecialTokens ids)
    {
        var positions = example.Positions.ToList();
        var row = positions.FindIndex(p => p.Text == ids.TextBos && p.Codec is not null) - 1;
        if (row < 0 || positions[row].Codec is null || positions[row].Codec == new CodecStep.Token(ids.ThinkEos))
            return example;
        positions.RemoveAt(row);
        return ControlRows.Shift(example, positions, -1);
    }
}
