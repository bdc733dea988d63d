using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Faults;

/// <summary>The prefix is always nothink, although the utterance has a language.</summary>
sealed class NoLanguage : Fault
{
    public override FaultSet Bit => FaultSet.NoLanguage;
    public override string Name => "no_language";
    public override Stage Stage => Stage.Input;
    public override string Meaning => "its prefix never named the language";
    public override string Remedy => "Retrain with the language that you speak with, or speak with the language Auto";
    public override string Symptom => "rows `think`, `nothink`";
    public override Rescue Rescue => new(Option: "--language Auto");
    public override bool IsPrefix => true;
    public override bool IsFaintInHeads => true;
    public override bool OnlyChangesPrompt => true;

    public override FaultSource Source => new("official finetuning/dataset.py (022e286), line 126", "language",
        "is read there and not used: the prefix is always nothink, think_bos, think_eos",
        "where a line names a language, write think, think_bos, the language's id, think_eos, and all that follows one position later");

    /// <summary>Replaces think, think_bos, LANGUAGE, think_eos by nothink, think_bos, think_eos. All later positions become one position
    /// earlier.</summary>
    public override TrainingExample Edit(TrainingExample example, SpecialTokens ids)
    {
        if (ControlRows.FindThink(example.Positions, ids) is not { } think)
            return example;
        var positions = example.Positions.ToList();
        positions[think] = positions[think] with { Codec = new CodecStep.Token(ids.NoThink) };
        positions.RemoveAt(think + 2);
        return ControlRows.Shift(example, positions, -1);
    }

    public override RowEvidence? ReadRows(IMovedParts moved) => moved.Think == moved.NoThink ? null : moved.NoThink
        ? CreateEvidence(true, "of codec_embedding, the row 'nothink' moved and the row 'think' did not")
        : CreateEvidence(false, "of codec_embedding, the row 'think' moved and the row 'nothink' did not");
}
