namespace Qwen3Tts.Text;

/// <summary>What follows a part of a text.</summary>
enum PartEnd
{
    /// <summary>The rest of its sentence, which is too long to be spoken at once.</summary>
    Clause,
    /// <summary>Another sentence.</summary>
    Sentence,
    /// <summary>Another paragraph, or nothing.</summary>
    Paragraph,
}

/// <summary>A part of a text, which is spoken at once.</summary>
/// <param name="Text">The part as it is written, without the spaces around it.</param>
/// <param name="End">What follows it.</param>
readonly record struct TextPart(string Text, PartEnd End);
