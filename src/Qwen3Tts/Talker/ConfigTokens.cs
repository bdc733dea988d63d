// The ids of the format, out of a model's config.json. Only the newline of the role rows is not there: it is the tokenizer's.
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

    // The official wrapper asks in lower case a map that it does not lower, so that a fine-tuned 'Speaker_Test' could never speak.
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
