// The one place where a clip and its conditions become the sequence that is trained. The trainer, its preflight and the doctor build here,
// so what the doctor measures is what the trainer showed, position by position.
using Qwen3Tts.Sequence;
using Qwen3Tts.Text;

namespace Qwen3Tts.Data;

/// <summary>What a clip is written with, beside its own text, instruction and frames.</summary>
sealed record ClipConditions
{
    /// <summary>A language of the model, in any case; null or "auto" writes none.</summary>
    public string? Language { get; init; }
    /// <summary>The voice's vector [hidden]; null for a model that is told its voice in words.</summary>
    public float[]? Voice { get; init; }
    /// <summary>The clip that stands in the prompt as the voice's reference, with its codes; null for none.</summary>
    public Clip? Reference { get; init; }
    public Layout Layout { get; init; } = Layout.TextFirst;
}

/// <param name="tokenizer">The model's.</param>
/// <param name="ids">The model's.</param>
/// <param name="mostPositions">That the model sees.</param>
sealed class ExampleBuilder(TextTokenizer tokenizer, SpecialTokens ids, int mostPositions)
{
    /// <summary>The clip as a training example.</summary>
    /// <param name="clip">With its codes.</param>
    /// <param name="conditions">What it is written with.</param>
    /// <exception cref="InvalidDataException">It is longer than the model can see.</exception>
    /// <exception cref="ArgumentException">The clip has no frame, or the model lacks the language.</exception>
    public TrainingExample Build(Clip clip, ClipConditions conditions) =>
        TrainingExample.FromSequence(WriteSequence(clip, conditions), ids);

    /// <summary>The clip as it will be spoken. Its own recording is never its reference: the answer would stand in the prompt.</summary>
    /// <param name="clip">With its codes.</param>
    /// <param name="conditions">What it is written with.</param>
    /// <exception cref="InvalidDataException">It is longer than the model can see.</exception>
    /// <exception cref="ArgumentException">The model lacks the language.</exception>
    public TalkerSequence WriteSequence(Clip clip, ClipConditions conditions)
    {
        var reference = conditions.Reference is { } r && r.Text != clip.Text ? r : null;
        var sequence = TalkerSequence.Prompt(new Utterance
        {
            Text = tokenizer.Encode(clip.Text),
            Instruct = string.IsNullOrWhiteSpace(clip.Instruct) ? [] : tokenizer.Instruct(SpokenText.Words(clip.Instruct)),
            Voice = conditions.Voice,
            ReferenceText = reference is null ? [] : tokenizer.Encode(reference.Text),
            ReferenceFrames = reference?.Codes ?? [],
            Language = conditions.Language,
            Layout = conditions.Layout,
        }, ids);
        foreach (var frame in clip.Codes!)
            sequence.Append(new CodecStep.Frame(frame));
        sequence.AppendEnd();
        ContextLimit.Check(sequence, mostPositions, clip.Place);
        return sequence;
    }
}
