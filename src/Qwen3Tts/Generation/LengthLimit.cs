// How long speech may be before it counts as speech that does not end, for its text and its conditions. The limit that a caller gives is
// meant for ordinary speech, of about four frames for each token. Two things are known before the first frame that make speech slower:
//   An instruction may ask for slow speech or for pauses, so any instruction doubles the limit. Half the usual rate is very slow speech;
//   the factor is a choice, because no model that takes instructions was at hand to measure it.
//   Cloning in context reproduces the pace of its recording, which is known: frames for each token of its transcript. A slow recording
//   raises the limit in the same ratio; a fast one does not lower it. The ratio is at most two, because a transcript that lacks half the
//   words looks like slow speech, too.
// Both together are at most a factor of four: twelve frames for each token become 48, which is 3.8 s for each token.
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Generation;

static class LengthLimit
{
    /// <summary>Frames of ordinary speech for each token of its text, which are 3 to 5.</summary>
    public const double FramesOfAToken = 4;

    const double Instructed = 2, MostForPace = 2;

    /// <summary>Most frames for each token.</summary>
    /// <param name="framesPerToken">Most frames of ordinary speech; null is no limit.</param>
    /// <param name="utterance">The conditions of the speech.</param>
    public static double? Of(double? framesPerToken, Utterance utterance) =>
        framesPerToken * (utterance.Instruct.Count > 0 ? Instructed : 1) * Pace(utterance);

    static double Pace(Utterance utterance) => utterance.ReferenceText.Count == 0 ? 1
        : Math.Clamp(utterance.ReferenceFrames.Count / (FramesOfAToken * utterance.ReferenceText.Count), 1, MostForPace);
}
