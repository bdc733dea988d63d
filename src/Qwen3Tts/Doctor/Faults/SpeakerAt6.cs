using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Faults;

/// <summary>With a language in the prefix, the speaker replaces think_eos at position 6, and position 7 has no codec side.</summary>
sealed class SpeakerAt6 : Fault
{
    public override FaultSet Bit => FaultSet.SpeakerAt6;
    public override string Name => "speaker_at_6";
    public override Stage Stage => Stage.Input;
    public override string Meaning => "with a language in the prefix, its speaker stood at position 6, in place of think_eos";
    public override string Remedy => "Retrain with the speaker after think_eos, or speak with the language Auto";
    public override string Symptom => "row `think_eos` never moved";
    public override Rescue Rescue => new(Compatibility: "speaker-at-6");
    public override bool IsPrefix => true;
    public override bool IsFaintInHeads => true;
    public override bool OnlyChangesPrompt => true;
    public override FaultSet Excludes => FaultSet.NoLanguage | FaultSet.NoSpeaker;

    public override FaultSource Source => new(
        "finetuning/sft_12hz.py, changed so that the prefix names a language, line 91", null,
        "puts the speaker at position 6, which is right in the official script, whose prefix never names one",
        "put the speaker at position 7 where there is a language");

    public override TrainingExample Edit(TrainingExample example, SpecialTokens ids)
    {
        if (ControlRows.FindThink(example.Positions, ids) is not { } think)
            return example;
        var positions = example.Positions.ToList();
        ControlRows.PutSpeakerAt6(positions, think, ids);
        return example with { Positions = positions };
    }

    public override RowEvidence? ReadRows(IMovedParts moved)
    {
        // If both rows moved, some prompts had a language and some had none. Then think_eos moves with this fault, too.
        if (moved.Think == moved.NoThink && !(moved.Think && !moved.ThinkEos))
            return null;
        return moved.ThinkEos ? CreateEvidence(false, "of codec_embedding, the row 'think_eos' moved")
            : CreateEvidence(true, "of codec_embedding, the row 'think' moved and the row 'think_eos' did not");
    }
}
