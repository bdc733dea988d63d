using System.Text.Json;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Sequence;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Step;
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

    /// <summary>The cases whose numbers are in files of their own, with this beginning of their names.</summary>
    public static TheoryData<string> CasesOfFiles(string prefix) =>
        [.. Directory.GetFiles(Golden.File("training"), $"{prefix}*.safetensors")
        .Select(f => Path.GetFileNameWithoutExtension(f)[prefix.Length..].Replace('_', ' '))];

    /// <summary>The names of an object with the names of the object in each of its values.</summary>
    public static TheoryData<string, string> Pairs(JsonElement outer, Func<JsonElement, JsonElement> inner)
    {
        var pairs = new TheoryData<string, string>();
        foreach (var o in outer.EnumerateObject())
            foreach (var i in inner(o.Value).EnumerateObject())
                pairs.Add(o.Name, i.Name);
        return pairs;
    }

    public static void CheckLosses(string mode, string what, JsonElement golden, Loss.LossSums ours, double tolerance)
    {
        foreach (var (key, value) in new[] { ("talker", ours.Talker), ("predictor", ours.Predictor), ("total", ours.Total),
            ("talker_without_eos", ours.TalkerWithoutEnd), ("eos", ours.End) })
            if (golden.TryGetProperty(key, out var expected)) // the official script reports only the first three
                Parity.Check("training", mode, Math.Abs(value - expected.GetDouble()), tolerance, $"{what}, {key}");
        foreach (var (key, count) in new[] { ("talker_targets", ours.Counts.Talker), ("predictor_targets", ours.Counts.Predictor),
            ("eos_targets", ours.Ends) })
            if (golden.TryGetProperty(key, out var expected))
                Assert.Equal(expected.GetInt64(), count);
    }
}
