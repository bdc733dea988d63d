// What is measured of the speech of one voice beside its words: colour, pitch, pace and pauses, and the distance from recordings of the
// same texts. Each figure says one thing; none is a mark for the quality of speech, and together they are no judgement. docs/likeness.md
// says what each is, and what it is not.
using Qwen3Tts.Audio;

namespace Qwen3Tts.Likeness;

/// <summary>An utterance to be measured.</summary>
/// <param name="Speech">What was spoken.</param>
/// <param name="Text">Its text.</param>
/// <param name="Recording">The recording of this text; null if there is none.</param>
/// <param name="Voice">The recordings of the voice; null if there are too few.</param>
readonly record struct MeasuredSpeech(Waveform Speech, string Text, Waveform? Recording = null, LongTermSpectrum? Voice = null);

/// <summary>The figures of several utterances. A figure is null where it could not be measured.</summary>
/// <param name="Spectrum">Mean distance from the voice's recordings by the long-term spectrum: 1 is usual for a recording.</param>
/// <param name="PitchMedian">Median pitch in hertz.</param>
/// <param name="PitchRange">Semitones from the tenth to the ninetieth percentile of the pitch.</param>
/// <param name="Pace">Letters and digits of the text for each second of sound, without pauses.</param>
/// <param name="Pauses">Share of the time, from the first to the last sound, that is in pauses.</param>
/// <param name="Distortion">Mean mel-cepstral distortion from the recordings of the same texts, in decibels.</param>
sealed record SpeechFigures(double? Spectrum, double? PitchMedian, double? PitchRange, double? Pace, double? Pauses, double? Distortion)
{
    const double WindowSeconds = 0.01;
    const double ShortestPause = 0.15; // shorter silences belong to stops such as p and t

    /// <summary>Measures utterances. Silent ones have no part in it.</summary>
    public static SpeechFigures Measure(IEnumerable<MeasuredSpeech> speech)
    {
        var spoken = speech.Where(s => IsMeasurable(s.Speech)).ToList();
        var pitch = spoken.SelectMany(s => Pitch.Track(s.Speech)).Order().ToList();
        var times = spoken.ConvertAll(s => Times(s.Speech));
        var (sound, pauses) = (times.Sum(t => t.Sound), times.Sum(t => t.Pauses));
        return new(
            Mean(spoken.Where(s => s.Voice is not null).Select(s => s.Voice!.Distance(s.Speech))),
            pitch.Count == 0 ? null : Pitch.Quantile(pitch, 0.5),
            pitch.Count == 0 ? null : 12 * Math.Log2(Pitch.Quantile(pitch, 0.9) / Pitch.Quantile(pitch, 0.1)),
            sound == 0 ? null : spoken.Sum(s => s.Text.EnumerateRunes().Count(System.Text.Rune.IsLetterOrDigit)) / sound,
            sound == 0 ? null : pauses / (sound + pauses),
            Mean(spoken.Where(s => s.Recording is { } r && IsMeasurable(r)).Select(s => MelCepstrum.Distortion(s.Speech, s.Recording!))));
    }

    /// <summary>True if speech is neither silent nor too short to be measured, and has no NaN or infinity.</summary>
    public static bool IsMeasurable(Waveform wave) =>
        wave.Seconds >= 0.1 && wave.Samples.Any(s => s != 0) && wave.Samples.All(float.IsFinite);

    /// <summary>Seconds of sound and seconds of pauses, from the first to the last sound.</summary>
    static (double Sound, double Pauses) Times(Waveform wave)
    {
        var loudness = ClipLevels.Windows(wave.Samples, Math.Max(1, (int)Math.Round(WindowSeconds * wave.SampleRate)));
        var floor = ClipLevels.Floor * loudness.Max();
        var (sound, pauses, last) = (0.0, 0.0, -1);
        foreach (var (i, l) in loudness.Index())
            if (l > floor)
            {
                var silence = last < 0 ? 0 : (i - last - 1) * WindowSeconds;
                (sound, pauses) = silence >= ShortestPause ? (sound + WindowSeconds, pauses + silence)
                    : (sound + WindowSeconds + silence, pauses);
                last = i;
            }
        return (sound, pauses);
    }

    static double? Mean(IEnumerable<double> values) => values.ToList() is { Count: > 0 } list ? list.Average() : null;
}
