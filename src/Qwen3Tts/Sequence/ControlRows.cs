// The rows of the prefix, found and moved in lists of positions: by the writer, where it writes as a faulty trainer did, and by the faults
// that the doctor knows, which are edits of what the writer wrote.
namespace Qwen3Tts.Sequence;

static class ControlRows
{
    /// <summary>The first control row, if a language follows it.</summary>
    public static int? FindThink(IReadOnlyList<Position> positions, SpecialTokens ids)
    {
        for (var p = 0; p < positions.Count; p++)
            if (positions[p].Codec is CodecStep.Token first)
                return first.Id == ids.Think ? p : null;
        return null;
    }

    /// <summary>With a language and a speaker, the speaker replaces think_eos, and its own row loses its codec side.</summary>
    /// <param name="positions">A prefix as it should be, up to tts_bos or beyond.</param>
    /// <param name="think">Its first control row.</param>
    /// <param name="ids">The model's control ids.</param>
    public static void PutSpeakerAt6(List<Position> positions, int think, SpecialTokens ids)
    {
        if (positions[think + 4].Text != ids.TextPad) // tts_bos: there is no speaker row
            return;
        positions[think + 3] = positions[think + 3] with { Codec = positions[think + 4].Codec };
        positions[think + 4] = positions[think + 4] with { Codec = null };
    }

    /// <summary>The example with other positions, whose targets stand so many positions later.</summary>
    public static TrainingExample Shift(TrainingExample example, IReadOnlyList<Position> positions, int by) => example with
    {
        Positions = positions,
        Talker = [.. example.Talker.Select(t => t with { Position = t.Position + by })],
        Frames = [.. example.Frames.Select(f => f with { Position = f.Position + by })],
    };
}
