using Qwen3Tts.Files;

namespace Qwen3Tts.Sequence;

/// <summary>The longest sequence that a model was made for: <c>max_position_embeddings</c>.</summary>
static class ContextLimit
{
    /// <param name="sequence">A whole clip: prompt, frames and end.</param>
    /// <param name="positions">Of the model.</param>
    /// <param name="place">Where the clip was listed.</param>
    /// <exception cref="InvalidDataException">It is longer.</exception>
    public static void Check(TalkerSequence sequence, int positions, string place)
    {
        if (sequence.Positions.Count > positions)
            throw new InvalidDataException(
                $"{Printable.Text(place)}: the clip's text and frames are a sequence of {sequence.Positions.Count} positions, "
                + $"and the model sees {positions} (max_position_embeddings in its config.json). Cut the clip into shorter ones, or " +
                    $"remove it.");
    }
}
