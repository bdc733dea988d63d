using Qwen3Tts.Files;

namespace Qwen3Tts.Text;

/// <summary>The normal form that the tokenizer reads.</summary>
static class NormalFormC
{
    /// <summary>The text in normal form C. Lone surrogates become U+FFFD, as in any UTF-8.</summary>
    public static string Of(string text) => NormalForm.C(text);
}
