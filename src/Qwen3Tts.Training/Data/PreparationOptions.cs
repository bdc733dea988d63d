// The options of the preparation, and its results.
using Qwen3Tts.Audio;
using Qwen3Tts.Data;

namespace Qwen3Tts.Training.Data;

/// <summary>How recordings are prepared.</summary>
sealed record PreparationOptions
{
    /// <summary>Folder or list of recordings, in any of the formats.</summary>
    public required string Input { get; init; }
    /// <summary>Format of the input; null detects it.</summary>
    public ListFormat? Format { get; init; }
    /// <summary>The codes.jsonl to write.</summary>
    public required string Output { get; init; }
    /// <summary>
    /// Recording that the voice is taken from. Null takes the one that a line names; if a line names none, the medoid of the speaker's
    /// clips.
    /// </summary>
    public string? Reference { get; init; }
    /// <summary>Language of clips for which the input names none; null leaves them without a language.</summary>
    public string? Language { get; init; }
    /// <summary>
    /// Trim to the speech. Null trims, except for a list that names references or has codes: such a list is left as it is, because the
    /// official script reads it so.
    /// </summary>
    public bool? Trim { get; init; }
    /// <summary>Bring the speech to a fixed loudness. Null: as for <see cref="Trim"/>.</summary>
    public bool? Level { get; init; }
    /// <summary>Leave out clips that cannot be used, instead of stopping.</summary>
    public bool SkipBad { get; init; }
    /// <summary>
    /// Compare the texts with the recordings, see <see cref="TranscriptScores"/>. Null compares them with a miniature only, because a
    /// released model needs seconds for each clip.
    /// </summary>
    public bool? CompareTexts { get; init; }
    /// <summary>Texts that may be recorded next; null takes sentences of ours for English.</summary>
    public IReadOnlyList<string>? Candidates { get; init; }
    /// <summary>
    /// Number of clips that are held out, where the input does not say which; null leaves the choice to the run, unless clips are spliced:
    /// then none is held out.
    /// </summary>
    public int? HeldOut { get; init; }
    /// <summary>Number of new sentences that are spliced from the recordings; 0 for none.</summary>
    public int Splice { get; init; }
    /// <summary>Texts that are not spliced, because the result is measured on them.</summary>
    public IReadOnlyCollection<string> NotSpliced { get; init; } = [];
    /// <summary>Called when it is known that nothing of others is in the place of an output, before the first recording is read.</summary>
    public Action? Begins { get; init; }
    /// <summary>Number of clips that are encoded at a time.</summary>
    public int Parallel { get; init; } = Environment.ProcessorCount;
}

/// <summary>A clip that is ready to be trained on.</summary>
/// <param name="Clip">The clip with its codes and its reference.</param>
/// <param name="Levels">Levels of the original recording; null if its codes were given, so that it was not read.</param>
/// <param name="Shaped">The changed recording; null if nothing was changed.</param>
/// <param name="Known">True if its codes were in the cache or in the list.</param>
sealed record PreparedClip(Clip Clip, ClipLevels? Levels, ShapedClip? Shaped, bool Known)
{
    /// <summary>Number of tokens of the text; null without a tokenizer.</summary>
    public int? Tokens { get; init; }
    /// <summary>
    /// Distance of its voice from that of the speaker's medoid clip, in robust standard deviations; null if it was not measured.
    /// </summary>
    public double? VoiceDistance { get; init; }
    /// <summary>Quality of the original recording; null if it was not read.</summary>
    public SoundQuality? Sound { get; init; }
    /// <summary>See <see cref="TranscriptScores.Saved"/>.</summary>
    public double? TextSaves { get; init; }
}

/// <summary>The results of the preparation.</summary>
/// <param name="Clips">The clips in the order of the input.</param>
/// <param name="LeftOut">Messages about clips that were left out.</param>
/// <param name="Doubts">Messages about clips that may be wrong and were not left out.</param>
/// <param name="Chosen">References that were chosen among the clips, one for each speaker; empty if all were given.</param>
sealed record PreparationReport(IReadOnlyList<PreparedClip> Clips, ListProblems LeftOut, IReadOnlyList<string> Doubts,
    IReadOnlyList<string> Chosen)
{
    /// <summary>Frames a second of the codec that encoded them.</summary>
    public required double FramesPerSecond { get; init; }

    /// <summary>How the texts fit the recordings, in one line.</summary>
    public string Texts { get; init; } = "";

    /// <summary>The sounds in the texts; null if they were not counted.</summary>
    public Coverage? Coverage { get; init; }

    /// <summary>Number of clips that a run holds out by default; 0 if the data has held-out clips already.</summary>
    public int HeldOut(int usual) => Clips.Any(c => c.Clip.HeldOut is not null) ? 0 : usual;
}
