// Makes the manifest of a run's result: what the run trained.
using System.Reflection;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Batching;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Run;

static class Manifest
{
    /// <summary>Program and version, without the commit.</summary>
    static string Version { get; } =
        "qwen3tts-train "
        + typeof(Manifest).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static RunManifest Create(ModelFolder model, TrainingOptions options, TrainingData data, IReadOnlyList<TrainingVoice> voices,
        IReadOnlyList<int> rows, int steps)
    {
        using var weights = model.OpenWeights();
        return new()
        {
            MadeBy = Version,
            BaseName = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model.Path))),
            BaseSha256 = Adapter.HashOf(weights),
            Voices = [.. voices.Zip(rows, (v, row) =>
                new TrainedVoice(Files.SpeakerName.Key(v.Name), row, Math.Sqrt(v.Vector.Sum(x => (double)x * x)),
                Path.GetFileName(v.Reference), v.ReferenceSha256))],
            Layouts = options.Layout switch
            {
                LayoutPolicy.TextFirst => [RunManifest.TextFirst],
                LayoutPolicy.Interleaved => [RunManifest.Interleaved],
                _ => [RunManifest.TextFirst, RunManifest.Interleaved],
            },
            Languages = [.. data.HasAuto ? [RunManifest.Auto] : Array.Empty<string>(), .. data.Languages],
            Instruct = data.HasInstruct,
            InContext = options.InContext > 0,
            InContextShare = options.InContext,
            Method = new(TrainingOptions.Written(options.Method.Precision), options.Lora is null ? options.Frozen
                : [], options.Lora?.Rank, options.Lora?.Alpha, options.Device!),
            Steps = steps,
            Forced = options.Force,
        };
    }
}
