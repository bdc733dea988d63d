// What a run trained, for the manifest beside its result.
using System.Reflection;
using Qwen3Tts.Checkpoint;

namespace Qwen3Tts.Training;

static class Manifest
{
    /// <summary>Program and version, without the commit.</summary>
    static string Version { get; } = $"qwen3tts-train {typeof(Manifest).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]}";

    public static RunManifest Of(ModelFolder model, TrainingOptions options, TrainingData data, float[] voice, int row, (string Name, string Sha256) reference, int steps)
    {
        using var weights = model.OpenWeights();
        return new()
        {
            MadeBy = Version,
            BaseName = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model.Path))),
            BaseSha256 = Adapter.HashOf(weights),
            Voices = [new(options.Speaker.ToLowerInvariant(), row, Math.Sqrt(voice.Sum(v => (double)v * v)), reference.Name, reference.Sha256)],
            Layouts = options.Layout switch
            {
                LayoutPolicy.TextFirst => [RunManifest.TextFirst],
                LayoutPolicy.Interleaved => [RunManifest.Interleaved],
                _ => [RunManifest.TextFirst, RunManifest.Interleaved],
            },
            Languages = [.. data.HasAuto ? [RunManifest.Auto] : Array.Empty<string>(), .. data.Languages],
            Steps = steps,
            Forced = options.Force,
        };
    }
}
