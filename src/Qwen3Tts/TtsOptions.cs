using Qwen3Tts.Hub;
using Qwen3Tts.Sequence;

namespace Qwen3Tts;

/// <summary>How a model is loaded.</summary>
public sealed record TtsOptions
{
    /// <summary>Number of threads; null takes one for each processor. It changes the speed, never a result.</summary>
    public int? Threads { get; init; }

    /// <summary>Folder of a LoRA adapter in the layout of PEFT, as training writes it. It is added to the weights.</summary>
    public string? Adapter { get; init; }

    /// <summary>Departures from the format for a fine-tune that was trained with faults; the doctor reports which ones it needs.</summary>
    public Compatibility Compatibility { get; init; }

    /// <summary>How the weights of the language model are stored in memory.</summary>
    public WeightPrecision Precision { get; init; }

    /// <summary>
    /// True to keep weights that are converted to another precision in the user's cache folder, or in the one that QWEN3TTS_CACHE names:
    /// the next load reads them. Such a file takes as much room as the converted weights. <see cref="Tts.Warnings"/> says if it could not
    /// be written.
    /// </summary>
    public bool KeepConverted { get; init; }

    /// <summary>True to use the weights where they lie in the system's cache of files instead of copying them: loading is faster, and
    /// processes with the same model share the memory. If a file is cut short while it is used, the process ends.</summary>
    public bool MapWeights { get; init; }

    /// <summary>
    /// True to download a model of the hub, or what the cache lacks of it. Only <see cref="Tts.LoadAsync"/> does; without it, nothing is
    /// ever downloaded.
    /// </summary>
    public bool Download { get; init; }

    /// <summary>Where the hub and its cache are; null takes the environment.</summary>
    public HubOptions? Hub { get; init; }
}

/// <summary>What <see cref="Tts.LoadAsync"/> does.</summary>
public enum LoadStage
{
    /// <summary>Downloads files from the hub.</summary>
    Download,
    /// <summary>Reads the weights of the language model.</summary>
    LanguageModel,
    /// <summary>Reads the weights of the codec.</summary>
    Codec,
}

/// <summary>How far a model is loaded.</summary>
/// <param name="Stage">What is done.</param>
/// <param name="Share">How much of this stage is done, 0 to 1.</param>
/// <param name="Download">The file that is downloaded; null in the other stages.</param>
public sealed record LoadProgress(LoadStage Stage, double Share, HubProgress? Download = null);
