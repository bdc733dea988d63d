// The request to speak a text: the input of the sequence writer. Training and speaking fill the same record, so both can describe exactly
// the same utterances.
namespace Qwen3Tts.Sequence;

/// <summary>Where the text stands relative to the frames.</summary>
public enum Layout
{
    /// <summary>The whole text stands before the first frame ("non-streaming"). Default of named speakers and of voice design.</summary>
    TextFirst,
    /// <summary>One text token stands beside each frame ("streaming"). Default of cloning.</summary>
    Interleaved,
}

/// <summary>
/// Departures from the format, for models that were trained with them and cannot speak without them. Never needed for a model that was
/// trained correctly.
/// </summary>
[Flags]
public enum Compatibility
{
    /// <summary>The format without departures.</summary>
    None = 0,
    /// <summary>Text is fed to the talker without text_projection. Possible if text and talker have the same width.</summary>
    RawText = 1,
    /// <summary>
    /// If the prompt has a language, the speaker stands in the place of think_eos, and the speaker's own row has no codec side.
    /// </summary>
    SpeakerAt6 = 2,
}

/// <summary>One utterance, with text already as ids.</summary>
sealed record Utterance
{
    /// <summary>Ids of the text alone, without any wrapper.</summary>
    public required IReadOnlyList<int> Text { get; init; }

    /// <summary>
    /// True if more text follows with <see cref="TalkerSequence.AppendText"/>; <see cref="Text"/> may be empty then. Only in the
    /// interleaved layout.
    /// </summary>
    public bool TextFollows { get; init; }

    /// <summary>Ids of the whole instruction turn (<c>&lt;|im_start|&gt;user\n … &lt;|im_end|&gt;\n</c>), or empty.</summary>
    public IReadOnlyList<int> Instruct { get; init; } = [];

    /// <summary>Language name in any case; null or "auto" lets the model decide.</summary>
    public string? Language { get; init; }

    /// <summary>Name of one of the model's speakers, in any case.</summary>
    public string? Speaker { get; init; }

    /// <summary>A voice as a vector [hidden] of the speaker encoder. Cannot be combined with <see cref="Speaker"/>.</summary>
    public float[]? Voice { get; init; }

    /// <summary>For in-context cloning: ids of the transcript of the reference recording.</summary>
    public IReadOnlyList<int> ReferenceText { get; init; } = [];

    /// <summary>For in-context cloning: the frames of the reference recording, each of 16 codes.</summary>
    public IReadOnlyList<int[]> ReferenceFrames { get; init; } = [];

    /// <summary>Where the text stands.</summary>
    public Layout Layout { get; init; } = Layout.TextFirst;

    /// <summary>
    /// Departures that the model was trained with. Text without its projection is handled by the talker's input, not by the positions.
    /// </summary>
    public Compatibility Compatibility { get; init; }
}
