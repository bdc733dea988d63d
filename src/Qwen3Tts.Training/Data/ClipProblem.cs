using Qwen3Tts.Data;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Data;

/// <summary>Why one clip cannot be used.</summary>
/// <param name="Place">Where it was listed.</param>
/// <param name="Message">Full sentences.</param>
/// <param name="Cause">What clips with the same mistake share; null: this clip alone has it.</param>
sealed record ClipProblem(string Place, string Message, string? Cause = null)
{
    public static ClipProblem From(Clip clip, Exception error) => new(clip.Place, error.Message, error.Cause());

    public void AddTo(ListProblems problems) => problems.Add(Place, Message, Cause, "recording");
}
