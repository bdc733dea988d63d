// Finds and moves the control rows of the prompt in lists of positions. Used by the sequence writer, where it reproduces a departure of a
// faulty trainer, and by the faults that the doctor knows, which are edits of what the writer wrote.
namespace Qwen3Tts.Sequence;

static class ControlRows
{
    /// <summary>Index of the first control row if a language follows it.</summary>
    public static int? FindThink(IReadOnlyList<Position> positions, SpecialTokens ids)
    {
        for (var p = 0; p < positions.Count; p++)
            if (positions[p].Codec is CodecStep.Token first)
                return first.Id == ids.Think ? p : null;
        return null;
    }

    /// <summary>
    /// In a prompt with a language and a speaker, puts the speaker in the place of think_eos, and removes the codec side of the speaker's
    /// own row.
    /// </summary>
    /// <param name="positions">A correct prompt, up to tts_bos or beyond. It is changed in place.</param>
    /// <param name="think">Index of its first control row.</param>
    /// <param name="ids">The model's control ids.</param>
    public static void PutSpeakerAt6(List<Position> positions, int think, SpecialTokens ids)
    {
        if (positions[think + 4].Text != ids.TextPad) // then it is tts_bos, and there is no speaker row
            return;
        positions[think + 3] = positions[think + 3] with { Codec = positions[think + 4].Codec };
        positions[think + 4] = positions[think + 4] with { Codec = null };
    }

    /// <summary>The example with other positions; its targets are moved by the given number of positions.</summary>
    public static TrainingExample Shift(TrainingExample example, IReadOnlyList<Position> positions, int by) => example with
    {
        Positions = positions,
        Talker = [.. example.Talker.Select(t => t with { Position = t.Position + by })],
        Frames = [.. example.Frames.Select(f => f with { Position = f.Position + by })],
    };
}
