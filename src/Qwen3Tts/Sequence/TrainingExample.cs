// One sequence with its targets: the positions, and every prediction as an explicit pair. A faulty trainer differs from a correct one only
// in these lists (see Doctor/Faults), so a fault can be described, planted and recognised as an edit of them.
namespace Qwen3Tts.Sequence;

/// <summary>
/// Head <paramref name="Head"/> of the code predictor reads slot <paramref name="Head"/> + 1; its target is the code of codebook
/// <paramref name="Codebook"/>.
/// </summary>
readonly record struct HeadTarget(int Head, int Codebook);

/// <summary>One complete sequence as a training example.</summary>
sealed record TrainingExample(IReadOnlyList<Position> Positions, IReadOnlyList<TalkerTarget> Talker, IReadOnlyList<FrameTarget> Frames,
    IReadOnlyList<HeadTarget> Heads)
{
    /// <summary>False only under the hypothesis that text was fed to the talker without its projection.</summary>
    public bool ProjectsText { get; init; } = true;

    /// <param name="sequence">Prompt, frames and end of speech.</param>
    /// <param name="ids">The model's control ids.</param>
    /// <exception cref="ArgumentException">There is no frame, or the sequence does not end with the end of speech.</exception>
    public static TrainingExample FromSequence(TalkerSequence sequence, SpecialTokens ids)
    {
        var frames = sequence.FrameTargets().ToList();
        var targets = sequence.TalkerTargets().ToList();
        if (frames.Count == 0 || targets.Count != frames.Count + 1 || targets[^1].Code != ids.CodecEos)
            throw new ArgumentException(
                $"The sequence has {frames.Count} frames and {targets.Count} targets. An example needs a frame or more, then exactly one " +
                $"end of speech.", nameof(sequence));
        return new(sequence.Positions, targets, frames, [.. Enumerable.Range(1, ids.CodeGroups - 1).Select(c => new HeadTarget(c - 1, c))]);
    }
}
