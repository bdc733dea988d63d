// Who speaks, when it is no speaker that the model knows by name.
namespace Qwen3Tts.Generation;

/// <summary>A voice made from a recording, by <c>Tts.Clone</c>. It belongs to models of the size that made it.</summary>
/// <param name="Vector">The speaker encoder's vector [hidden].</param>
public sealed record Voice(float[] Vector)
{
    /// <summary>What is said in the recording. With it the model continues the recording (in-context cloning), which copies more than the
    /// vector can hold; null leaves the vector alone.</summary>
    public string? Transcript { get; init; }

    /// <summary>The recording as frames of codes [frames][16]; there exactly when a transcript is.</summary>
    public IReadOnlyList<int[]> Frames { get; init; } = [];

    /// <summary>What lets one doubt the recording or its transcript, a sentence or two each; the voice can be used all the same.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
