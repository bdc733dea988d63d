// Someone else's ears. A recogniser on the PATH writes down what it hears, so that speech is judged by words and not by its own model.
// Two are known: pocketsphinx (small, wants a grammar) and whisper.cpp (wants a model file). Neither is needed for anything but judging.
using Qwen3Tts.Audio;
using Qwen3Tts.Statistics;

namespace Qwen3Tts.Listening;

/// <summary>What a recogniser needs to know of the texts it will hear.</summary>
/// <param name="Grammar">A JSGF file with all that may be said, or null for free speech.</param>
/// <param name="Dictionaries">Files with pronunciations of words that the recogniser's own dictionary lacks, in the format of
/// cmudict.</param>
sealed record ExpectedSpeech(string? Grammar = null, params IReadOnlyList<string> Dictionaries);

/// <summary>Turns speech into words with a program of this machine.</summary>
abstract class SpeechRecogniser
{
    const int Rate = 16000;
    const float Peak = 0.6f;
    const float Noise = 2e-4f; // so that silence is not digital zero, which pocketsphinx takes for a fault

    /// <summary>What to print beside a figure that it gave.</summary>
    public abstract string Name { get; }

    /// <summary>What each clip says, in order; an empty string where nothing was heard.</summary>
    /// <exception cref="InvalidOperationException">The program failed; the message ends with its last words.</exception>
    public abstract IReadOnlyList<string> Hear(IReadOnlyList<Waveform> clips, CancellationToken cancel = default);

    /// <summary>
    /// The recogniser that fits: pocketsphinx where there is a grammar, whisper.cpp otherwise or where pocketsphinx is missing.
    /// </summary>
    /// <param name="expected">What will be said.</param>
    /// <param name="reason">Why there is none, and how to get one; empty when there is one.</param>
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

    /// <summary>The words of all clips against what they should say.</summary>
    /// <param name="clips">Speech, and the text that was spoken.</param>
    /// <param name="language">Decides how digits are read: German, or English for everything else.</param>
    /// <param name="cancel">Ends the program that listens.</param>
    public WordErrorRate Judge(IReadOnlyList<(Waveform Clip, string Text)> clips, string? language = null,
        CancellationToken cancel = default)
    {
        var heard = Hear([.. clips.Select(c => c.Clip)], cancel);
        return clips.Select((c, i) => WordErrorRate.Compare(SpokenWords.Split(c.Text, language), SpokenWords.Split(heard[i], language)))
            .Aggregate(default(WordErrorRate), (sum, one) => sum + one);
    }

    /// <summary>16 kHz, 16 bits, silence around, one loudness, a little noise that is the same every time.</summary>
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
