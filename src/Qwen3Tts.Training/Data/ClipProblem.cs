using Qwen3Tts.Data;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Data;

/// <summary>Why one clip cannot be used.</summary>
/// <param name="Place">Place in the list.</param>
/// <param name="Message">Full sentences.</param>
/// <param name="Cause">A text that is equal for all clips with the same mistake; null: only this clip has it.</param>
sealed record ClipProblem(string Place, string Message, string? Cause = null)
{
    public static ClipProblem From(Clip clip, Exception error) => new(clip.Place, error.Message, error.Cause());

    public void AddTo(ListProblems problems) => problems.Add(Place, Message, Cause, "recording");
}
