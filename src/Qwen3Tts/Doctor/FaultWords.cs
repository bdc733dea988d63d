// Each deviation in words: what a trainer with it did, and what to do about a checkpoint that was trained so.
namespace Qwen3Tts.Doctor;

static class FaultWords
{
    static readonly Dictionary<Faults, (string Meaning, string Remedy)> Words = new()
    {
        [Faults.NoTextProjection] = ("its text entered without text_projection", "Retrain from the base with the projection"),
        [Faults.LabelsShiftedTwice] = ("every position was taught the code after the next one: the labels were shifted twice", "Retrain from the base with labels shifted once"),
        [Faults.OwnHidden] = ("the code predictor was trained on the talker's state of its own frame, which has already seen the answer", "Retrain from the base with the state one position earlier"),
        [Faults.SubLabelsShifted] = ("each head of the code predictor was taught the codebook after its own", "Retrain from the base with head i on codebook i"),
        [Faults.NoLanguage] = ("its prefix never named the language", "Retrain with the language that you speak with, or speak with `--language Auto`"),
        [Faults.SpeakerAt6] = ("with a language in the prefix, its speaker stood at position 6, in place of think_eos", "Retrain with the speaker after think_eos, or speak with `--language Auto`"),
        [Faults.NoEos] = ("the end of speech was not taught", "Retrain with one end target in every sample; until then, limit the length"),
        [Faults.FirstCodebookOnly] = ("frames entered the talker by their first code alone", "Retrain from the base with all codes of a frame summed"),
        [Faults.Interleaved] = ("its text ran beside the codes", "Speak with `--layout interleaved`"),
        [Faults.NoSpeaker] = ("its prompts had no speaker", "Speak without a voice, describing it in words"),
    };

    /// <summary>Those of the flags that change what a right trainer would have done.</summary>
    public const Faults Mismatch = ~(Faults.Interleaved | Faults.NoSpeaker | Faults.MaskBeforeProjection);

    /// <summary>Those that can be spoken with, by speaking as it was trained.</summary>
    public const Faults Rescuable = Faults.NoTextProjection | Faults.NoLanguage | Faults.SpeakerAt6 | Faults.Interleaved | Faults.NoSpeaker;

    /// <summary>The single deviations in a combination.</summary>
    public static IEnumerable<Faults> Parts(Faults faults) => Words.Keys.Where(f => faults.HasFlag(f));

    /// <summary>What a trainer with all of these did, as the end of a sentence that begins "it was trained with faults:".</summary>
    public static string Meaning(Faults faults) => string.Join("; ", Parts(faults).Select(f => Words[f].Meaning));

    public static string Remedy(Faults fault) => $"{Words[fault].Remedy}.";

    /// <summary>How to speak with a checkpoint as it was trained, or null where no way of speaking is like its training.</summary>
    public static string? Rescue(Faults faults)
    {
        if (faults == Faults.None || (faults & ~Rescuable) != 0)
            return null;
        var compat = string.Join(",", new[] { (Faults.NoTextProjection, "raw-text"), (Faults.SpeakerAt6, "speaker-at-6") }.Where(c => faults.HasFlag(c.Item1)).Select(c => c.Item2));
        return "say" + (compat.Length > 0 ? $" --compat {compat}" : "") + (faults.HasFlag(Faults.NoLanguage) ? " --language Auto" : "") + $" --layout {(faults.HasFlag(Faults.Interleaved) ? "interleaved" : "text-first")}";
    }
}
