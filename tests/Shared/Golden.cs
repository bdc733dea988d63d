using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Qwen3Tts.Tests;

/// <summary>
/// The golden folder: what the official implementation computed. <c>QWEN3TTS_GOLDEN</c> names another one, such as a set with other sizes
/// and texts. The default is the repository's copy, in which files that all checkpoints share are stored once, in
/// <c>checkpoints/common</c>.
/// </summary>
static class Golden
{
    public static string Repository { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", ".."));
    public static string Folder { get; } = Environment.GetEnvironmentVariable("QWEN3TTS_GOLDEN") is { Length: > 0 } other
        ? Path.GetFullPath(other) : Path.Combine(Repository, "tests", "Golden");

    public static string File(params string[] parts) => Path.Combine([Folder, .. parts]);
    public static JsonElement Json(params string[] parts) => JsonDocument.Parse(System.IO.File.ReadAllBytes(File(parts))).RootElement;

    /// <summary>Names of the checkpoints in the golden folder, in order.</summary>
    public static IEnumerable<string> Checkpoints =>
        Directory.GetDirectories(File("checkpoints")).Select(d => Path.GetFileName(d)!).Where(n => n != "common")
        .Order(StringComparer.Ordinal);

    /// <summary>
    /// A complete model folder in the official layout. If the golden folder stores shared files separately, the folder is assembled once
    /// per process.
    /// </summary>
    public static string Checkpoint(string name)
    {
        var folder = File("checkpoints", name);
        var common = File("checkpoints", "common");
        if (!Directory.Exists(common))
            return folder;
        lock (Assembled)
        {
            if (Assembled.TryGetValue(name, out var done))
                return done;
            var target = Path.Combine(Scratch.Folder, name);
            foreach (var source in new[] { common, folder })
                foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
                {
                    var to = Path.Combine(target, Path.GetRelativePath(source, file));
                    Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                    System.IO.File.Copy(file, to, overwrite: true);
                }
            return Assembled[name] = target;
        }
    }

    /// <summary>True if a file of a model folder has the talker's weights: all of them, a shard, or the list of shards.</summary>
    public static bool HoldsWeights(string file, string folder) =>
        Path.GetRelativePath(folder, file) is var name
        && name.StartsWith("model", StringComparison.Ordinal) && name.Contains(".safetensors", StringComparison.Ordinal);

    /// <summary>Replaces the weights of a model folder by those of another one, which may be one file or shards.</summary>
    public static void ReplaceWeights(string from, string to)
    {
        foreach (var old in Directory.GetFiles(to).Where(f => HoldsWeights(f, to)))
            System.IO.File.Delete(old);
        foreach (var file in Directory.GetFiles(from).Where(f => HoldsWeights(f, from)))
            System.IO.File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    static readonly Dictionary<string, string> Assembled = [];

    static string Here([CallerFilePath] string path = "") => path;
}

/// <summary>The miniature, a small model that speaks. <c>QWEN3TTS_MINI</c> names another folder; the default is the repository's.</summary>
static class Mini
{
    public static string Model { get; } = Other is { } o ? Directory.GetDirectories(o, "Qwen3-TTS*").FirstOrDefault() ?? o
        : Path.Combine(Golden.Repository, "models", "mini");
    public static string Recordings { get; } = Other is { } o && Directory.Exists(Path.Combine(o, "recordings", "nora"))
        ? Path.Combine(o, "recordings", "nora") : Path.Combine(Golden.Repository, "recordings", "nora");
    /// <summary>Recordings of the same voice with other texts: announcements of trains, most of whose words the miniature does not
    /// know.</summary>
    public static string Station { get; } = Path.Combine(Golden.Repository, "recordings", "station");
    /// <summary>Folder of the miniature's sentences, clips, grammar and expected numbers.</summary>
    public static string Folder { get; } = Other ?? Path.Combine(Golden.Repository, "tests", "Mini");

    static string? Other => Environment.GetEnvironmentVariable("QWEN3TTS_MINI") is { Length: > 0 } o ? Path.GetFullPath(o) : null;
}

/// <summary>
/// A scratch folder of this test run. The runner removes it after the last test, not when the process ends: the runner treats a process
/// that takes ten seconds to end as hanging, and on a busy disk removing hundreds of checkpoints takes longer.
/// </summary>
sealed class Scratch : IDisposable
{
    public static string Folder { get; } = Directory.CreateTempSubdirectory("qwen3tts-tests-").FullName;
    static int _next;

    /// <summary>A fresh, empty folder.</summary>
    public static string New(string name = "t")
    {
        var path = Path.Combine(Folder, $"{name}-{Interlocked.Increment(ref _next)}");
        Directory.CreateDirectory(path);
        return path;
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(Folder, true);
        }
        catch (IOException)
        {
            // The system clears its temporary folder.
        }
    }
}
