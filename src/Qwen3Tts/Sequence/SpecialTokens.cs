// The ids that prompts are made of. All of them come from config.json; none has a default.
using Qwen3Tts.Files;

namespace Qwen3Tts.Sequence;

/// <summary>A speaker that the model knows by name: a row of the talker's codec embedding.</summary>
/// <param name="Row">Row of <c>codec_embedding</c>.</param>
/// <param name="Dialect">Name of the language that the speaker's dialect has in the model, or null.</param>
sealed record NamedSpeaker(int Row, string? Dialect);

/// <summary>Control ids, languages and speakers of one model.</summary>
sealed record SpecialTokens
{
    /// <summary>Text ids of <c>&lt;|im_start|&gt;assistant\n</c>, three rows.</summary>
    public required IReadOnlyList<int> Role { get; init; }
    /// <summary>Text id <c>tts_pad</c>.</summary>
    public required int TextPad { get; init; }
    /// <summary>Text id <c>tts_bos</c>.</summary>
    public required int TextBos { get; init; }
    /// <summary>Text id <c>tts_eos</c>.</summary>
    public required int TextEos { get; init; }
    /// <summary>Codec id <c>codec_pad</c>.</summary>
    public required int CodecPad { get; init; }
    /// <summary>Codec id <c>codec_bos</c>.</summary>
    public required int CodecBos { get; init; }
    /// <summary>Codec id <c>codec_eos</c>: end of speech.</summary>
    public required int CodecEos { get; init; }
    /// <summary>Codec id <c>think</c>: a language id follows.</summary>
    public required int Think { get; init; }
    /// <summary>Codec id <c>nothink</c>: no language id follows.</summary>
    public required int NoThink { get; init; }
    /// <summary>Codec id <c>think_bos</c>.</summary>
    public required int ThinkBos { get; init; }
    /// <summary>Codec id <c>think_eos</c>.</summary>
    public required int ThinkEos { get; init; }
    /// <summary>Codes per frame, 16 in every released model.</summary>
    public required int CodeGroups { get; init; }
    /// <summary>Codec ids of the languages by name in lower case.</summary>
    public required IReadOnlyDictionary<string, int> Languages { get; init; }
    /// <summary>Speakers by name in lower case.</summary>
    public required IReadOnlyDictionary<string, NamedSpeaker> Speakers { get; init; }

    /// <summary>The speaker of that name; the case does not matter.</summary>
    /// <exception cref="ArgumentException">The model has no such speaker; the message lists those it has.</exception>
    public NamedSpeaker Speaker(string name) => Speakers.TryGetValue(SpeakerName.Key(name), out var s) ? s
        : throw new ArgumentException(
            $"The model has no speaker '{Printable.Text(name)}'. " +
            (Speakers.Count == 0 ? "It has none at all: give a recording as the voice."
                : $"Choose one of: {string.Join(", ", Speakers.Keys)}."));

    /// <summary>The key in <see cref="Languages"/>, or Auto, for a name or a code of a language.</summary>
    /// <exception cref="ArgumentException">The model has no such language; the message lists those it has.</exception>
    internal string LanguageName(string? language) =>
        LanguageNames.Find(language, Languages.Keys) ?? throw new ArgumentException(LanguageNames.Unknown(language!, Languages.Keys));

    /// <summary>
    /// The language id that the prompt gets, or null for none. For a speaker with a dialect, Auto and Chinese become the dialect.
    /// </summary>
    /// <exception cref="ArgumentException">The model has no such language; the message lists those it has.</exception>
    public int? Language(string? language, string? speaker)
    {
        var name = LanguageName(language);
        var automatic = name == LanguageNames.Auto;
        if ((automatic || name.Equals("chinese", StringComparison.OrdinalIgnoreCase)) && !string.IsNullOrEmpty(speaker)
            && Speaker(speaker).Dialect is { } dialect)
            return Languages[dialect];
        return automatic ? null : Languages[name];
    }
}
