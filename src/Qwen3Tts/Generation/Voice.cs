// A voice that is not one of the model's named speakers.
namespace Qwen3Tts.Generation;

/// <summary>A voice that <c>Tts.Clone</c> made from a recording. It can be used with models of the same size.</summary>
/// <param name="Vector">The vector [hidden] of the speaker encoder.</param>
public sealed record Voice(float[] Vector)
{
    /// <summary>
    /// The words of the recording. With it, the model continues the recording (in-context cloning), which reproduces more than the vector
    /// contains. Null clones with the vector alone.
    /// </summary>
    public string? Transcript { get; init; }

    /// <summary>The recording as frames of codes [frames][16]; null if there is no transcript.</summary>
    public IReadOnlyList<int[]> Frames { get; init; } = [];

    /// <summary>Reasons to doubt the recording or its transcript, each of a sentence or two. The voice can be used all the same.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
