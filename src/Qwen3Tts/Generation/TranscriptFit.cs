// Does a transcript fit its recording? The model itself says it: with the right words, it predicts the recording's first codes better than
// without words. docs/voices.md has the measurement that the threshold comes from.
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;

namespace Qwen3Tts.Generation;

static class TranscriptFit
{
    /// <summary>A transcript that saves less than this many nats for each frame is doubted.</summary>
    const double Least = 1;

    /// <summary>Why the transcript may be wrong, or null.</summary>
    /// <param name="talker">The model.</param>
    /// <param name="ids">Its control ids.</param>
    /// <param name="spoken">The transcript as text, with the recording's voice.</param>
    /// <param name="frames">The recording's frames.</param>
    /// <param name="nothing">Ids of a text without words.</param>
    public static string? Doubt(TalkerModel talker, SpecialTokens ids, Utterance spoken, IReadOnlyList<int[]> frames, int[] nothing)
    {
        var saved = FrameSteps.Of(talker).Alone(t => Loss(t, ids, spoken with { Text = nothing }, frames) - Loss(t, ids, spoken, frames));
        return saved >= Least ? null : FormattableString.Invariant(
            $"The transcript may not be what the recording says: it saves {saved:0.0} nats a frame, and a right one {Least:0} or more. ")
            + "Compare them; a wrong transcript spoils speech in context.";
    }

    /// <summary>The mean loss of the frames' first codes, in nats, with the text before them.</summary>
    public static double Loss(TalkerModel talker, SpecialTokens ids, Utterance spoken, IReadOnlyList<int[]> frames)
    {
        var sequence = TalkerSequence.Prompt(spoken, ids);
        foreach (var frame in frames)
            sequence.Append(new CodecStep.Frame(frame));
        var state = talker.CreateState();
        var (width, hidden) = (talker.Config.HiddenSize, talker.Advance(sequence.Positions, state).ToArray()); // [positions, hidden]
        talker.Return(state);
        return sequence.TalkerTargets().Average(t => CrossEntropy.Nats(talker.Logits(hidden.AsSpan(t.Position * width, width)), t.Code));
    }
}
