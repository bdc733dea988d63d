using Qwen3Tts.Files;

namespace Qwen3Tts.Sequence;

/// <summary>Checks a sequence against the longest one that the model supports: <c>max_position_embeddings</c>.</summary>
static class ContextLimit
{
    /// <param name="sequence">A whole clip: prompt, frames and end of speech.</param>
    /// <param name="positions">The model's max_position_embeddings.</param>
    /// <param name="place">The place in the list that the clip comes from, for the message.</param>
    /// <exception cref="InvalidDataException">The sequence is longer.</exception>
    public static void Check(TalkerSequence sequence, int positions, string place)
    {
        if (sequence.Positions.Count > positions)
            throw new InvalidDataException(
                $"{Printable.Text(place)}: the clip's text and frames are a sequence of {sequence.Positions.Count} positions, "
                + $"and the model sees {positions} (max_position_embeddings in its config.json). Cut the clip into shorter ones, or " +
                    $"remove it.");
    }
}
