// Takes the ids of the format from a model's config.json. Only the newline of the role rows comes from the tokenizer.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Talker;

static class ConfigTokens
{
    /// <summary>Control ids, languages and speakers of a model; <paramref name="newline"/> is the text id of <c>\n</c>.</summary>
    public static SpecialTokens SpecialTokens(this ModelConfig config, int newline)
    {
        var t = config.TalkerConfig;
        return new()
        {
            Role = [config.ImStartTokenId, config.AssistantTokenId, newline],
            TextPad = config.TtsPadTokenId,
            TextBos = config.TtsBosTokenId,
            TextEos = config.TtsEosTokenId,
            CodecPad = t.CodecPadId,
            CodecBos = t.CodecBosId,
            CodecEos = t.CodecEosTokenId,
            Think = t.CodecThinkId,
            NoThink = t.CodecNothinkId,
            ThinkBos = t.CodecThinkBosId,
            ThinkEos = t.CodecThinkEosId,
            CodeGroups = t.NumCodeGroups,
            Languages = LowerCase(t.CodecLanguageId, "codec_language_id"),
            Speakers = LowerCase(t.SpkId, "spk_id").ToDictionary(s => s.Key, s => new NamedSpeaker(s.Value, Dialect(t, s.Key))),
        };
    }

    // The official wrapper looks up the lower-case name in a map whose keys it does not lower, so a fine-tuned 'Speaker_Test' is never
    // found.
    static Dictionary<string, int> LowerCase(Dictionary<string, int> stored, string key)
    {
        var lower = new Dictionary<string, int>();
        foreach (var (name, id) in stored)
            if (!lower.TryAdd(SpeakerName.Key(name), id))
                throw new InvalidDataException(
                    $"config.json: talker_config.{key} has '{Printable.Text(name)}' twice, in different case or Unicode form. Rename one " +
                    $"of the two.");
        return lower;
    }

    static string? Dialect(TalkerConfig t, string lower) =>
        t.SpkIsDialect.Keys.FirstOrDefault(k => SpeakerName.IsSame(k, lower)) is { } stored && t.DialectOf(stored) is { } dialect
            ? SpeakerName.Key(dialect) : null;
}
