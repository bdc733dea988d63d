// What is to be said, and by whom: the request from which the one sequence writer makes positions. Training and speaking fill the same
// record, so neither can describe an utterance in a way the other does not know.
namespace Qwen3Tts.Sequence;

/// <summary>Where the text lies relative to the codes.</summary>
public enum Layout
{
    /// <summary>All text before the first code ("non-streaming"): default of named speakers and voice design.</summary>
    TextFirst,
    /// <summary>One text token beside each codec step ("streaming"): default of cloning.</summary>
    Interleaved,
}

/// <summary>
/// Departures from the format, for models that were trained with them and can be spoken with in no other way. Never for a right model.
/// </summary>
[Flags]
public enum Compatibility
{
    /// <summary>The format as it is.</summary>
    None = 0,
    /// <summary>Text enters without text_projection; possible where text and talker are equally wide.</summary>
    RawText = 1,
    /// <summary>With a language in the prefix, the speaker stands in place of think_eos, and its own row has no codec side.</summary>
    SpeakerAt6 = 2,
}

/// <summary>One utterance, with text already as ids.</summary>
public sealed record Utterance
{
    /// <summary>Ids of the text alone, without wrapper.</summary>
    public required IReadOnlyList<int> Text { get; init; }

    /// <summary>Ids of the whole instruction turn (<c>&lt;|im_start|&gt;user\n … &lt;|im_end|&gt;\n</c>), or empty.</summary>
    public IReadOnlyList<int> Instruct { get; init; } = [];

    /// <summary>Language name in any case; null or "auto" leaves it unresolved.</summary>
    public string? Language { get; init; }

    /// <summary>A speaker of the model by name, in any case.</summary>
    public string? Speaker { get; init; }

    /// <summary>A voice as the speaker encoder's vector [hidden]. Not together with <see cref="Speaker"/>.</summary>
    public float[]? Voice { get; init; }

    /// <summary>In-context cloning: ids of the reference's transcript.</summary>
    public IReadOnlyList<int> ReferenceText { get; init; } = [];

    /// <summary>In-context cloning: the reference's frames, each of 16 codes.</summary>
    public IReadOnlyList<int[]> ReferenceFrames { get; init; } = [];

    /// <summary>Where the text lies.</summary>
    public Layout Layout { get; init; } = Layout.TextFirst;

    /// <summary>How the model was trained otherwise. Raw text is the talker's matter, not that of positions.</summary>
    public Compatibility Compatibility { get; init; }
}
