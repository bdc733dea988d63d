using System.Text.Json;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Sequence;
using Qwen3Tts.Training.Model;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

/// <summary>The training goldens as types of the engine: a sample becomes an utterance, and the sequence writer does the rest.</summary>
static class TrainingGolden
{
    static readonly Lazy<JsonElement> Samples = new(() => Golden.Json("training", "samples.json"));
    static readonly Lazy<SafetensorsFile> Batches = new(() => SafetensorsFile.Open(Golden.File("training", "batches.safetensors")));

    public static IEnumerable<string> Cases => Samples.Value.EnumerateObject().Select(c => c.Name);

    public static string Model(string name) => Samples.Value.GetProperty(name).GetProperty("model").GetString()!;

    public static List<TrainingExample> Examples(string name) => [.. Samples.Value.GetProperty(name).GetProperty("samples").EnumerateArray()
        .Select((u, i) => GoldenExample.Create(u, GoldenExample.Ids(Model(name), u), Batches.Value.Tensors.ContainsKey($"{name}.{i}.voice")
            ? Batches.Value.Float32($"{name}.{i}.voice") : null))];

    public static TrainingBatch Batch(string name) => Batch(Model(name), Examples(name));
    public static TrainingBatch Batch(string model, IReadOnlyList<TrainingExample> examples) =>
        new(examples, Folder(model).Config.TalkerConfig.CodecEosTokenId, CPU);

    public static ModelFolder Folder(string model) => ModelFolder.Open(Golden.Checkpoint(model));
    public static TalkerModule Talker(string model) => TalkerWeights.Load(Folder(model), Placement.Float32OnCpu);

    public static float[] Values(Tensor t)
    {
        using var flat = t.detach().cpu().contiguous();
        return flat.data<float>().ToArray();
    }

    public static long[] Whole(Tensor t) => t.data<long>().ToArray();
}
