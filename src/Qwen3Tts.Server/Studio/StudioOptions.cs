namespace Qwen3Tts.Server;

/// <summary>Runs <c>qwen3tts-train</c> in a process of its own until it ends; returns its exit code.</summary>
/// <param name="arguments">The command and its arguments.</param>
/// <param name="line">Receives each line that it writes, from any thread.</param>
/// <param name="stop">Asks it to stop; it keeps what is done.</param>
public delegate int TrainerRun(IReadOnlyList<string> arguments, Action<string> line, CancellationToken stop);

/// <summary>A folder that the page can examine.</summary>
/// <param name="Name">Name on the page.</param>
/// <param name="Folder">The model folder.</param>
/// <param name="Base">Folder of the model that it was fine-tuned from; null if it is not known.</param>
/// <param name="Data">List of the clips that it was trained on; null if it is not known.</param>
public sealed record StudioCheckpoint(string Name, string Folder, string? Base = null, string? Data = null);

/// <summary>What the page at <c>/</c> can do beside speaking. Pages never name a folder: all folders are named here.</summary>
public sealed record StudioOptions
{
    /// <summary>Folder of the recordings that people bring for training, and of what is made of them; null for no training.</summary>
    public string? Folder { get; init; }

    /// <summary>Runs the trainer; null if it is not installed.</summary>
    public TrainerRun? Trainer { get; init; }

    /// <summary>Loads a model that was trained on the page, from its folder.</summary>
    public Func<string, Tts> Load { get; init; } = folder => Tts.Load(folder);

    /// <summary>The folders of the served models, under their names, and further ones that may be examined.</summary>
    public IReadOnlyList<StudioCheckpoint> Checkpoints { get; init; } = [];
}
