using System.Text.Json;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Tests;

/// <summary>The faulty checkpoints among the goldens. Only their talker is stored; the other files of the model folder are those of the
/// base.</summary>
static class FaultyCheckpoints
{
    public static JsonElement Doctor { get; } = Golden.Json("faults", "doctor.json");
    public static string Base { get; } = Doctor.GetProperty("model").GetString()!;
    public static IEnumerable<string> Stored =>
        Directory.GetFiles(Golden.File("faulty"), "*.safetensors").Select(f => Path.GetFileNameWithoutExtension(f))
        .Order(StringComparer.Ordinal);

    static readonly Dictionary<string, string> Assembled = [];

    /// <summary>Writes the complete model folder of a checkpoint.</summary>
    public static string Folder(string name)
    {
        lock (Assembled)
            return Assembled.TryGetValue(name, out var done) ? done
                : Assembled[name] = Assemble(Golden.Checkpoint(Base), Golden.File("faulty", $"{name}.safetensors"));
    }

    static string Assemble(string source, string talker)
    {
        var folder = Scratch.New("faulty");
        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories).Where(f => !Golden.HoldsWeights(f, source)))
        {
            var to = Path.Combine(folder, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
        using var untouched = Weights.Open(source);
        using var trained = SafetensorsFile.Open(talker);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. untouched.Entries.Select(e =>
            trained.Tensors.TryGetValue(e.Name, out var other) ? TensorToWrite.Copy(trained, other)
                : TensorToWrite.Copy(untouched.FileOf(e.Name), e))]);
        return folder;
    }

    /// <summary>The utterances that the checkpoints were trained on.</summary>
    public static List<TrainingExample> Examples()
    {
        using var references = SafetensorsFile.Open(Golden.File("prompts", "references.safetensors"));
        return [.. Golden.Json("faults", "doctor_samples.json").EnumerateArray()
            .Select(u => GoldenExample.Create(u, GoldenExample.Ids(Base, u),
                references.Float32($"{u.GetProperty("ref").GetString()}.{Base}.x_vector")))];
    }
}
