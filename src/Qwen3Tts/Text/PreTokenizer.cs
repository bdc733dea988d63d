namespace Qwen3Tts.Text;

/// <summary>
/// The regular expression that splits text into pieces. Byte pairs merge only within a piece. The official package uses both expressions.
/// </summary>
enum PreTokenizer
{
    /// <summary>
    /// The choice of the official loader for a local folder: <see cref="Mistral"/> if the vocabulary has more than 100,000 entries and
    /// <c>transformers_version</c> in <c>config.json</c> is missing, or above 4.57.2 and below 5.0.0. All released models fulfil this.
    /// Otherwise <see cref="Qwen"/>.
    /// </summary>
    Auto,
    /// <summary>
    /// The expression that Qwen models were trained with. The official package uses it for models that are loaded by hub id.
    /// </summary>
    Qwen,
    /// <summary>The expression of Mistral's tokenizer, which also splits a word where the case changes: <c>i|Phone</c>.</summary>
    Mistral,
}
