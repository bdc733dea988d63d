using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Faults;

/// <summary>The end of speech is never taught.</summary>
sealed class NoEos : Fault
{
    public override FaultSet Bit => FaultSet.NoEos;
    public override string Name => "no_eos";
    public override Stage Stage => Stage.End;
    public override string Meaning => "the end of speech was not taught";
    public override string Remedy => "Retrain with one end target in every sample; until then, limit the length";
    public override string Symptom =>
        "the end's row moved as it does when no end is taught, and its loss did not fall; without the base, its loss";

    public override FaultSource Source => new("finetuning/sft_12hz.py of a fork; the official script has the end", "labels[:, :-1]",
        "cuts off the end label of the longest clip of each batch; with a batch of 1, that of every clip",
        "do not slice the labels, and count one end for each clip");

    public override TrainingExample Edit(TrainingExample example, SpecialTokens ids) =>
        example with { Talker = [.. example.Talker.Where(t => t.Code != ids.CodecEos)] };
}
