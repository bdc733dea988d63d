// The table of everything that is fuzzed: every reader of the library and of the trainer.
namespace Qwen3Tts.Fuzz;

public static class AllTargets
{
    /// <summary>Folder of the repository's files, from which the targets take valid inputs.</summary>
    public static string Repository { get; } = FindRepository();

    static readonly Dictionary<string, Func<string, FuzzTarget>> Targets = new[]
    {
        CheckpointTargets.All, LoadTargets.All, TextTargets.All, AudioTargets.All, CompressedTargets.All, VoiceTargets.All, ListTargets.All,
        RunTargets.All, CommandLineTargets.All, ChangingTargets.All, LayoutTargets.All,
        SliceTargets.All, StudioTargets.All,
    }.SelectMany(t => t).ToDictionary();

    public static IReadOnlyList<string> Names { get; } = [.. Targets.Keys];

    /// <summary>Creates a target.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="folder">A folder for the files that the target prepares.</param>
    public static FuzzTarget Create(string name, string folder) =>
        Targets.TryGetValue(name, out var create) ? create(folder)
            : throw new ArgumentException($"There is no target '{name}'. Choose one of: {string.Join(", ", Names)}.");

    internal static byte[] MiniFile(string file) => File.ReadAllBytes(Path.Combine(Repository, "models", "mini", file));

    static string FindRepository()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Qwen3Tts.slnx")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("The harness runs inside the repository, where it was built.");
    }
}
