using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Model;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

public sealed class TalkerWeightsTests
{
    public static TheoryData<string> Models => [.. Golden.Checkpoints];

    [Theory]
    [MemberData(nameof(Models))]
    public void LoadedAndExportedUnchangedInEitherType(string model)
    {
        using var before = Weights.Open(Golden.Checkpoint(model));
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
        {
            using var scope = NewDisposeScope();
            var target = Path.Combine(Scratch.New(), "out");
            Export.Write(TrainingGolden.Folder(model), target,
                TalkerWeights.Values(TalkerWeights.Load(TrainingGolden.Folder(model), new(type, CPU))), []);
            using var after = Weights.Open(target);
            foreach (var tensor in before.Entries.Select(e => e.Name).Where(n => n.StartsWith("talker.", StringComparison.Ordinal)))
                Assert.Equal(before.FileOf(tensor).Float32(tensor), after.FileOf(tensor).Float32(tensor));
        }
    }

    [Fact]
    public void AnotherModelsWeightsAreAnErrorWithNames()
    {
        var models = Golden.Checkpoints.ToList();
        var (config, weights) = (Scratch.New(), Golden.Checkpoint(models[0]));
        File.Copy(Path.Combine(Golden.Checkpoint(models[1]), "config.json"), Path.Combine(config, "config.json"));
        foreach (var file in Directory.GetFiles(weights, "model*"))
            File.Copy(file, Path.Combine(config, Path.GetFileName(file)));
        Assert.Contains("talker.model.layers.0.self_attn.q_proj.weight",
            Assert.Throws<InvalidDataException>(() => TalkerWeights.Load(ModelFolder.Open(config), Placement.Float32OnCpu)).Message);
    }
}
