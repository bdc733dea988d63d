// A speech recogniser on the PATH transcribes speech, so that speech is judged by its words and not by the model that made it. Two are
// supported: pocketsphinx (small, needs a grammar) and whisper.cpp (needs a model file). They are only needed to judge speech.
using Qwen3Tts.Audio;
using Qwen3Tts.Statistics;

namespace Qwen3Tts.Listening;

/// <summary>What a recogniser needs to know about the texts that it will hear.</summary>
/// <param name="Grammar">A JSGF file with all sentences that may occur, or null for free speech.</param>
/// <param name="Dictionaries">Files with pronunciations of words that the recogniser's own dictionary lacks, in the format of
/// cmudict.</param>
sealed record ExpectedSpeech(string? Grammar = null, params IReadOnlyList<string> Dictionaries);

/// <summary>Transcribes speech with a program of this machine.</summary>
abstract class SpeechRecogniser
{
    const int Rate = 16000;
    const float Peak = 0.6f;
    const float Noise = 2e-4f; // added to every sample, because pocketsphinx treats digital zero as an error

    /// <summary>Name of the recogniser, to be printed beside its results.</summary>
    public abstract string Name { get; }

    /// <summary>The words of each clip, in the order of the clips; an empty text if nothing was recognised.</summary>
    /// <exception cref="InvalidOperationException">The program failed; the message ends with the last lines that it wrote.</exception>
    public abstract IReadOnlyList<string> Hear(IReadOnlyList<Waveform> clips, CancellationToken cancel = default);

    /// <summary>Chooses a recogniser: pocketsphinx if there is a grammar and pocketsphinx is installed, otherwise whisper.cpp.</summary>
    /// <param name="expected">What will be said.</param>
    /// <param name="reason">Why there is no recogniser and how to install one; empty if there is one.</param>
    public static SpeechRecogniser? Find(ExpectedSpeech expected, out string reason)
    {
        reason = "";
        var noPocketSphinx = "pocketsphinx needs a grammar";
        if (expected.Grammar is not null && PocketSphinx.Find(expected, out noPocketSphinx) is { } sphinx)
            return sphinx;
        if (WhisperCli.Find(out var noWhisper) is { } whisper)
            return whisper;
        reason = $"no speech recogniser: {noPocketSphinx}; {noWhisper}";
        return null;
    }

    /// <summary>Compares the words of all clips with the words that they should say.</summary>
    /// <param name="clips">Speech, and the text that was spoken.</param>
    /// <param name="language">Language in which digits are read: German, or English for all other languages.</param>
    /// <param name="cancel">Ends the recogniser.</param>
    public WordErrorRate Judge(IReadOnlyList<(Waveform Clip, string Text)> clips, string? language = null,
        CancellationToken cancel = default) =>
        JudgeEach(clips, language, cancel).Aggregate(default(WordErrorRate), (sum, one) => sum + one);

    /// <summary>The same for each clip.</summary>
    public IReadOnlyList<WordErrorRate> JudgeEach(IReadOnlyList<(Waveform Clip, string Text)> clips, string? language = null,
        CancellationToken cancel = default)
    {
        var heard = Hear([.. clips.Select(c => c.Clip)], cancel);
        return [.. clips.Select((c, i) => Compare(c.Text, heard[i], language))];
    }

    /// <summary>Compares the words that were recognised with those of the text.</summary>
    public static WordErrorRate Compare(string text, string heard, string? language = null) =>
        WordErrorRate.Compare(SpokenWords.Split(text, language), SpokenWords.Split(heard, language));

    /// <summary>
    /// Prepares a clip for recognisers: 16 kHz, 16 bits, silence at both ends, a fixed loudness, and a little noise from a fixed seed.
    /// </summary>
    internal static short[] Prepare(Waveform clip)
    {
        var speech = clip.ToRate(Rate).Samples;
        var gain = Peak / Math.Max(1e-9f, speech.Select(Math.Abs).DefaultIfEmpty().Max());
        var (before, after) = (Rate / 5, Rate * 3 / 10);
        var random = new Pcg32(seed: 0);
        var result = new short[before + speech.Length + after];
        for (var i = 0; i < result.Length; i++)
        {
            var sample = i >= before && i < before + speech.Length ? gain * speech[i - before] : 0;
            var noise = Noise * Math.Sqrt(-2 * Math.Log(1 - random.NextUnit())) * Math.Cos(2 * Math.PI * random.NextUnit());
            result[i] = (short)Math.Round(short.MaxValue * (sample + noise));
        }
        return result;
    }
}
