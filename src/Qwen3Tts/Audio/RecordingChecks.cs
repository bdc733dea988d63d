// The checks that every recording passes: clips that are imported, prepared or measured, reference recordings of runs, and recordings that
// a voice is cloned from. A recording that cannot be used has a problem; a recording that may be wrong has a doubt. The wording is the same
// everywhere. A message begins with the verb, and the caller puts the file name before it: "'a.wav' is silent: …".
using System.Globalization;

namespace Qwen3Tts.Audio;

static class RecordingChecks
{
    /// <summary>Shortest recording that is accepted, in seconds: less than this is less than a syllable.</summary>
    public const double Shortest = 0.2;
    /// <summary>
    /// Longest recording that is accepted, in seconds. Models are trained on sentences: the longest clips of the usual corpora have 35 s.
    /// The longest clip of a batch also decides how much memory a step needs.
    /// </summary>
    public const double Longest = 40;
    /// <summary>Seconds from which on a clip is longer than a long sentence, so that a doubt is reported.</summary>
    public const double Long = 30;
    /// <summary>
    /// Range of the samples of a recording that is silent. A 16-bit converter writes its last bit, in both directions, where nothing
    /// sounds.
    /// </summary>
    const double LastBit = 2.0 / 32768;
    /// <summary>24 dB above full scale. No converter and no mix reaches this level: such samples were stored on another scale.</summary>
    public const double OtherScale = 16;
    /// <summary>
    /// 2 dB above full scale. Decoders of compressed audio reach this level where the original recording touched full scale.
    /// </summary>
    const double Overshoot = 1.26;
    /// <summary>Speech takes 3 to 5 frames a token. A clip outside these two limits holds more than its text says, or less.</summary>
    public const double FastestPace = 1, SlowestPace = 12;

    /// <summary>A complete sentence: the file name, or "The recording" where there is no file, followed by the message.</summary>
    public static string Named(string? file, string what) =>
        file is null ? $"The recording {what}" : $"'{Files.Printable.Text(Path.GetFileName(file))}' {what}";

    /// <summary>Why a recording cannot be used and what to do about it, or null if it can be used.</summary>
    public static string? Problem(Waveform wave, ClipLevels levels)
    {
        const string Another = "Record it again, or take another one.";
        if (wave.Samples.Length == 0)
            return $"has no samples. {Another}";
        if (wave.Seconds < Shortest)
            return F($"is {wave.Seconds:0.00} s long; at least {Shortest} s are needed. Record a whole sentence, or take another one.");
        if (Array.FindIndex(wave.Samples, s => !float.IsFinite(s)) is >= 0 and var at)
            return $"has no finite number as its sample {at + 1}. Look for the cause where it was made.";
        var channels = levels.Channels;
        // The mean of the channels is 34 dB below what one channel alone would leave in it.
        if (channels.Count > 1 && channels.Peak > LastBit && channels.Count * levels.Peak < 0.02 * channels.Peak)
            return F($"has {channels.Count} channels that cancel each other: one of them reaches {channels.Peak:0.00}, ")
                + F($"their mean {levels.Peak:0.0000}. ")
                + "Take one of them: ffmpeg -i in.wav -af \"pan=mono|c0=c0\" out.wav";
        if (levels.Peak == 0)
            return $"is silent: all of its samples are 0. {Another}";
        if (levels.Range <= LastBit)
            return F($"is silent: its samples differ by {levels.Range:0.000000} at most, where full scale is 1. ") + Another;
        if (levels.Peak > OtherScale)
            return OnAnotherScale(levels.Peak);
        return wave.Seconds <= Longest ? null
            : F($"is {wave.Seconds:0.#} s long, and {Longest:0} s are the most: models learn sentences, and the longest clip decides the ")
                + "memory. Cut it between two sentences; 'qwen3tts slice' does.";
    }

    /// <summary>What is wrong with samples that reach a peak above <see cref="OtherScale"/>, and what to do about it.</summary>
    public static string OnAnotherScale(double peak)
    {
        var bits = peak <= 1 << 15 ? 16 : peak <= 1 << 23 ? 24 : 32;
        return F($"reaches {peak:0.#} where full scale is 1; it looks like {bits}-bit numbers in a float file. ")
            + F($"Divide its samples by {1L << (bits - 1)}.");
    }

    /// <summary>Reasons to doubt a recording that can be used.</summary>
    /// <param name="sound">Levels of the recording.</param>
    /// <param name="trimmed">Silence at both ends will be cut, so it is not reported.</param>
    public static IEnumerable<string> Doubts(ClipLevels sound, bool trimmed)
    {
        if (sound.Seconds > Long)
            yield return F($"is {sound.Seconds:0} s long; more than {Long:0} s need much memory. Cut it between two sentences.");
        if (sound.Speech < 0.4)
            yield return F($"has {sound.Speech:0.00} s of speech. Record a whole sentence, or remove it.");
        if (sound.Peak > Overshoot)
            yield return F($"goes beyond full scale: it reaches {sound.Peak:0.00}. ")
                + F($"Divide its samples by {Math.Ceiling(10 * sound.Peak) / 10:0.0}.");
        if (sound.Clipped > 1e-4)
            yield return F($"is clipped: {100 * sound.Clipped:0.00} % of its samples lie in flat tops at {Decibel(sound.Peak):0.0} dBFS. ")
                + "Record it with less gain.";
        if (sound.Rms is > 0 and < 0.003)
            yield return F($"is very quiet: its speech has {Decibel(sound.Rms):0} dBFS. ")
                + "Record it with more gain: raising it later raises the noise, too.";
        if (sound.Pause > 2)
            yield return F($"has a pause of {sound.Pause:0.0} s. Shorten it, or cut the recording in two there.");
        if (!trimmed && sound.Seconds - sound.Speech - sound.Pause > 2)
            yield return F($"is silent for {sound.Seconds - sound.Speech:0.0} of {sound.Seconds:0.0} s. ")
                + "Cut the silence off; 'qwen3tts-train prepare --trim true' does.";
        if (sound.Start > 0.5)
            yield return "begins in the middle of a sound. Cut it with some silence before the first word.";
        if (sound.End > 0.5)
            yield return "ends in the middle of a sound. Cut it with some silence after the last word: the end of speech is learned from " +
                "it.";
    }

    /// <summary>
    /// RMS of the quietest tenth of a recording, in dBFS, and how many dB below the speech it is. Samples that are 0 do not count: no
    /// microphone recorded them. Both are null if there are no others.
    /// </summary>
    public static (double? Level, double? BelowSpeech) Noise(Waveform wave)
    {
        const double WindowSeconds = 0.02;
        var levels = ClipLevels.Windows(wave.Samples, Math.Max(1, (int)Math.Round(WindowSeconds * wave.SampleRate)))
            .Where(l => l > 0).Order().ToArray();
        if (levels.Length == 0)
            return (null, null);
        var noise = Decibel(levels[levels.Length / 10]);
        return (noise, Decibel(Math.Sqrt(levels.Where(l => l > ClipLevels.Floor * levels[^1]).Average(l => l * l))) - noise);
    }

    /// <summary>
    /// Why a recording is too noisy to clone from, or null: its quietest tenth lies less than 25 dB below its speech. Clean recordings
    /// have 30 dB or more; the measurement is in docs/voices.md.
    /// </summary>
    public static string? NoiseDoubt(Waveform wave)
    {
        const double Least = 25;
        var distance = Noise(wave).BelowSpeech;
        return distance is not < Least ? null
            : F($"is noisy: its quietest parts lie {distance:0} dB below its speech, and clean speech has {Least:0} dB or more. ")
                + "The voice will have the noise. Record it in a quiet room, or take another recording.";
    }

    /// <summary>
    /// Why the text may differ from what is said in a recording (frames for each token are outside the range of speech), or null.
    /// </summary>
    public static string? PaceDoubt(int frames, int tokens)
    {
        var pace = (double)frames / Math.Max(1, tokens);
        return pace is >= FastestPace and <= SlowestPace ? null
            : F($"{frames} frames for {tokens} token{(tokens == 1 ? "" : "s")}, {pace:0.0} each, ")
                + F($"where speech has {FastestPace:0} to {SlowestPace:0}. ") + PaceRemedy(pace > SlowestPace);
    }

    public static string PaceRemedy(bool slow) => slow ? "Its text may leave out what is said; complete it, or cut the recording."
        : "The recording may lack what the text says; shorten the text, or record it again.";

    public static double Decibel(double amplitude) => 20 * Math.Log10(Math.Max(amplitude, 1e-9));

    static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
