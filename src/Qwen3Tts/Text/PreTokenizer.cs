namespace Qwen3Tts.Text;

/// <summary>
/// Which regular expression cuts text into the pieces that byte pairs are merged within. Both are in use by the official package.
/// </summary>
public enum PreTokenizer
{
    /// <summary>
    /// What the official loader does with a local folder: <see cref="Mistral"/> if the vocabulary has more than 100,000 entries and
    /// <c>transformers_version</c> in <c>config.json</c> is missing or above 4.57.2 and below 5.0.0, which holds for all released models;
    /// <see cref="Qwen"/> otherwise.
    /// </summary>
    Auto,
    /// <summary>The expression Qwen models were trained with; the official package keeps it for models loaded by hub id.</summary>
    Qwen,
    /// <summary>The expression of Mistral's tokenizer, which cuts words where the case changes: <c>i|Phone</c>.</summary>
    Mistral,
}
