using Qwen3Tts.Checkpoint;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Faults;

/// <summary>The input of the talker has only the first code of each frame.</summary>
sealed class FirstCodebookOnly : Fault
{
    public override FaultSet Bit => FaultSet.FirstCodebookOnly;
    public override string Name => "first_codebook_only";
    public override Stage Stage => Stage.Input;
    public override string Meaning => "only the first code of each frame entered the talker";
    public override string Remedy => "Retrain from the base with all codes of a frame summed";
    public override string Symptom => "losses, heads; the last codebook's embedding never moved";
    public override bool ChangesStates => true;

    public override FaultSource Source => new("finetuning/sft_12hz.py with pull request 178, which was not merged", null,
        "leaves codebooks 1 to 15 out of what the talker reads", "add the embeddings of all sixteen codes, as the script does without it");

    public override TrainingExample Edit(TrainingExample example, SpecialTokens ids) => example with
    {
        Positions = [.. example.Positions.Select(p =>
            p.Codec is CodecStep.Frame f ? p with { Codec = new CodecStep.Token(f.Codes[0]) } : p)],
    };

    public override RowEvidence? ReadRows(IMovedParts moved)
    {
        if (moved.HasMoved(TensorNames.PredictorEmbedding(0)) != true)
            return null;
        return moved.HasMoved(TensorNames.PredictorEmbedding(moved.LastHead)) == true
            ? CreateEvidence(false, "the embeddings of all codebooks moved")
            : CreateEvidence(true, "the embeddings of the codebooks moved, but that of the last one, which only the talker reads, got no "
                + "gradient at all");
    }
}
