// Why a stretch of a recording does not become a clip. What is measured: its length, overload, the level of its speech, and the distance of
// the speech from the sound in its pauses, which is small where music, noise or a second voice goes on. What is not: music or a second
// voice that stops in the pauses, reverberation, and whether a loud voice sings.
using System.Globalization;
using Qwen3Tts.Audio;

namespace Qwen3Tts.Training.Slicing;

static class SliceChecks
{
    const double Quietest = 0.003, LoudEnd = 0.5; // as RecordingChecks has them: -50 dBFS, and half the level of the speech

    /// <summary>The reason and its kind, or null.</summary>
    /// <param name="clip">The samples, with the quiet at both ends.</param>
    /// <param name="speech">From the first to the last sound.</param>
    /// <param name="whole">Seconds of the whole recording.</param>
    /// <param name="distance">See <see cref="Slice.Distance"/>.</param>
    /// <param name="options">The limits.</param>
    public static (string Reason, string Kind)? Problem(Waveform clip, Span speech, double whole, double? distance, SliceOptions options)
    {
        const double Edge = 0.05; // seconds
        if (speech.Begin < Edge)
            return ("the recording begins in the middle of it", "cut off");
        if (speech.End > whole - Edge)
            return ("the recording ends in the middle of it", "cut off");
        if (clip.Seconds > options.Longest)
            return (F($"it has {clip.Seconds:0.0} s without a pause of {SpeechMap.ShorterPause} s at which it may be cut"), "too long");
        if (clip.Seconds < options.Shortest)
            return (F($"it has {clip.Seconds:0.0} s, and no other speech is within {options.LongestPause} s of it"), "too short");
        var levels = ClipLevels.Measure(clip);
        if (Math.Max(levels.Start, levels.End) > LoudEnd)
            return ("it begins or ends in the middle of a sound", "cut off");
        if (levels.Clipped > options.MostClipped)
            return (F($"it is clipped: {100 * levels.Clipped:0.00} % of its samples lie in flat tops"), "clipped");
        if (levels.Rms < Quietest)
            return (F($"it is very quiet: its speech has {RecordingChecks.Decibel(levels.Rms):0} dBFS"), "quiet");
        return distance < options.LeastDistance
            ? (F($"its speech is only {distance:0} dB above the noise, music or voices in its pauses"), "noise") : null;
    }

    static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
