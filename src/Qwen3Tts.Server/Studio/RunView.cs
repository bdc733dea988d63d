// What the trainer has written of a run so far. It may be writing at this moment, so a last line without its end is left for the next time.
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Qwen3Tts.Checkpoint;

namespace Qwen3Tts.Server.Studio;

static class RunView
{
    const int MostPoints = 400, MostBytes = 64 << 20;
    const double PredictorShare = 0.3; // of the code predictor in the total, as the trainer counts it

    /// <summary>The losses, thinned out; all measurements of held-out clips stay.</summary>
    public static IReadOnlyList<LossPoint> Losses(Project project)
    {
        var all = Lines(Path.Combine(project.Voice, "run", "log.jsonl")).Select(Point).OfType<LossPoint>().ToList();
        var every = Math.Max(1, (all.Count + MostPoints - 1) / MostPoints);
        return [.. all.Where((p, i) => i % every == 0 || i == all.Count - 1 || p.HeldOut is not null)];
    }

    static IEnumerable<string> Lines(string path)
    {
        if (!File.Exists(path))
            return [];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[Math.Min(file.Length, MostBytes)];
        var text = System.Text.Encoding.UTF8.GetString(bytes, 0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    static LossPoint? Point(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            double? Number(string name) => json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble()
                : null;
            double? Total(string prefix) => Number(prefix + "talker") + PredictorShare * Number(prefix + "predictor");
            return Number("step") is { } step && Number("of") is { } of && Total("") is { } loss && double.IsFinite(loss)
                ? new((int)step, (int)of, loss, Total("held_out_") is { } held && double.IsFinite(held) ? held : null) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the second one: half a character in a name
        {
            return null; // not of this program, or damaged: the curve has a gap
        }
    }

    /// <summary>What the run spoke, in the order of its steps, and last what the voice says at its end.</summary>
    static List<string> Sounds(Project project)
    {
        var takes = Path.Combine(project.Voice, "run", "takes");
        List<string> all = Directory.Exists(takes)
            ? [.. Directory.GetFiles(takes, "*.wav", SearchOption.AllDirectories).Order(StringComparer.Ordinal)] : [];
        if (Directory.Exists(project.Voice))
            all.AddRange(Directory.GetFiles(project.Voice, "*.wav").Order(StringComparer.Ordinal));
        return all;
    }

    public static IReadOnlyList<TakeView> Takes(Project project) => [.. Sounds(project).Select((path, i) => new TakeView(i,
        Path.GetRelativePath(project.Voice, Path.ChangeExtension(path, null)).Replace('\\', '/').Replace("run/takes/", "",
            StringComparison.Ordinal)))];

    /// <exception cref="ApiError">There is no such take.</exception>
    public static string TakeAt(Project project, int id) => Sounds(project) is var all && id >= 0 && id < all.Count ? all[id]
        : throw new ApiError(StatusCodes.Status404NotFound, $"There is no take {id}. Load the page again.");

    public static string AdapterOf(Project project) => Path.Combine(project.Export, "adapter");

    /// <summary>What was trained; null if nothing is complete yet.</summary>
    public static ResultView? Result(Project project, ServerState state)
    {
        var adapter = AdapterOf(project);
        return File.Exists(Path.Combine(adapter, Adapter.ConfigName))
            ? new("adapter", adapter, state.Voices.All.TryGetValue(project.Name, out var voice) && voice.File is null)
            : File.Exists(Path.Combine(project.Export, "config.json"))
            ? new("checkpoint", project.Export, state.Models.All.Exists(m => m.Name == project.Name && m.IsTrained)) : null;
    }
}
