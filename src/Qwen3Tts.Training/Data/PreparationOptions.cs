// What prepare is told, and what it tells.
using Qwen3Tts.Audio;
using Qwen3Tts.Data;

namespace Qwen3Tts.Training.Data;

/// <summary>How recordings are prepared.</summary>
sealed record PreparationOptions
{
    /// <summary>Folder or list of recordings, in any of the formats.</summary>
    public required string Input { get; init; }
    /// <summary>Null sees it in the input.</summary>
    public ListFormat? Format { get; init; }
    /// <summary>The codes.jsonl to write.</summary>
    public required string Output { get; init; }
    /// <summary>
    /// Recording that the voice is taken from; null takes what each line names, and where it names none, the medoid of the speaker's clips.
    /// </summary>
    public string? Reference { get; init; }
    /// <summary>Language of clips that the input gives none for; null leaves them without.</summary>
    public string? Language { get; init; }
    /// <summary>
    /// Cut to the speech. Null does, but leaves a list that names references or brings codes, as the official script reads it, as it is.
    /// </summary>
    public bool? Trim { get; init; }
    /// <summary>Bring the speech to one loudness. Null as for <see cref="Trim"/>.</summary>
    public bool? Level { get; init; }
    /// <summary>Leave out what cannot be used, instead of stopping.</summary>
    public bool SkipBad { get; init; }
    /// <summary>How many clips are encoded at a time.</summary>
    public int Parallel { get; init; } = Environment.ProcessorCount;
}

/// <summary>A clip that is ready to be trained on.</summary>
/// <param name="Clip">With its codes and its reference.</param>
/// <param name="Levels">Of the recording as it was; null where its codes were given and it was not read.</param>
/// <param name="Shaped">What was changed in the recording; null: nothing.</param>
/// <param name="Known">Its codes were in the cache or in the list.</param>
sealed record PreparedClip(Clip Clip, ClipLevels? Levels, ShapedClip? Shaped, bool Known)
{
    /// <summary>Of the text; null without a tokenizer.</summary>
    public int? Tokens { get; init; }
    /// <summary>
    /// How far its voice is from the speaker's clip that is most like all others, in deviations; null where that was not measured.
    /// </summary>
    public double? VoiceDistance { get; init; }
}

/// <summary>What was done.</summary>
/// <param name="Clips">In the order of the input.</param>
/// <param name="LeftOut">Messages of what was left out.</param>
/// <param name="Doubts">Messages of what may be wrong and was not left out.</param>
/// <param name="Chosen">References that were chosen among the clips, one a speaker; none where all were given.</param>
sealed record PreparationReport(IReadOnlyList<PreparedClip> Clips, ListProblems LeftOut, IReadOnlyList<string> Doubts,
    IReadOnlyList<string> Chosen)
{
    /// <summary>Of the codec that encoded them.</summary>
    public required double FramesPerSecond { get; init; }

    /// <summary>How many clips a run is to hold out where it is not told: none of its own choice where the data holds out some.</summary>
    public int HeldOut(int usual) => Clips.Any(c => c.Clip.HeldOut is not null) ? 0 : usual;
}
