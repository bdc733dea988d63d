// A language that the model does not have yet. It gets a free row of the codec embedding. The row starts as a copy of the row of a similar
// language, or as the mean of all language rows, and is trained by the sequences that contain it.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;
using Qwen3Tts.Sequence;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Options;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Batching;

/// <param name="Name">Name in lower case, as in config.json.</param>
/// <param name="Row">Its row of the codec embedding.</param>
/// <param name="StartRows">Rows of the codec embedding whose mean is the initial value of its row.</param>
sealed record NewLanguage(string Name, int Row, IReadOnlyList<int> StartRows)
{
    /// <exception cref="ArgumentException">The name is no name of a language, or the model already has the language, or the model lacks the
    /// similar language.</exception>
    public static NewLanguage Choose(TalkerConfig talker, TrainingOptions options, int voices)
    {
        var languages = talker.CodecLanguageId.ToDictionary(l => l.Key.ToLowerInvariant(), l => l.Value);
        var name = options.NewLanguage!.Trim().ToLowerInvariant();
        var known = LanguageNames.Find(name, languages.Keys);
        if (name is "data" or "mixed" || name.Contains(',') || name.Any(char.IsControl) || known == LanguageNames.Auto)
            throw new ArgumentException(
                $"--new-language is '{Printable.Text(options.NewLanguage)}', which cannot be a language's name. Give a name such as " +
                $"bengali.");
        if (known is not null)
            throw new ArgumentException($"--new-language is '{options.NewLanguage}', which the model has already. Leave the option out.");
        var like = options.NewLanguageLike is { } wanted ? LanguageNames.Find(wanted, languages.Keys) : null;
        if (options.NewLanguageLike is { } missing && (like is null || !languages.ContainsKey(like)))
            throw new ArgumentException(
                $"--new-language-like is '{Printable.Text(missing)}', which the model lacks. Choose one of: " +
                $"{string.Join(", ", languages.Keys)}.");
        IReadOnlyList<int> from = like is not null ? [languages[like]] : [.. languages.Values];
        return new(name, talker.FreeRows(voices + 1)[^1], from); // the free rows before it are for the voices
    }

    public SpecialTokens AddTo(SpecialTokens ids) => ids with { Languages = new Dictionary<string, int>(ids.Languages) { [Name] = Row } };

    /// <exception cref="ArgumentException">No sequence has this language.</exception>
    public void CheckIsUsed(TrainingData data)
    {
        if (!data.Languages.Contains(Name))
            throw new ArgumentException(
                $"No sequence has --new-language {Name}. Name it in the 'language' of lines, or train all of them with --language {Name}.");
    }

    /// <summary>Sets the initial value of its row in a loaded talker.</summary>
    public void InitializeRow(TalkerModule talker)
    {
        using var scope = NewDisposeScope();
        talker.model.codec_embedding.SetToMean(Row, tensor(StartRows.Select(r => (long)r).ToArray(), device: talker.On.Device));
    }
}
