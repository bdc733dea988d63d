using System.Text.Json;
using System.Text.RegularExpressions;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Generation;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Optimizer;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Step;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

public sealed class LoraTests
{
    static readonly string Case = TrainingGolden.Cases.First();
    static readonly ModelFolder Model = TrainingGolden.Folder(TrainingGolden.Model(Case));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PairsAloneAreTrainedAndChangeNothingAtFirst(bool codePredictor)
    {
        using var scope = NewDisposeScope();
        using var batch = TrainingGolden.Batch(Case);
        var talker = TrainingGolden.Talker(TrainingGolden.Model(Case));
        var before = TrainingStep.Accumulate(talker, [batch]);
        foreach (var (_, parameter) in TalkerWeights.Named(talker))
            parameter.grad = null;
        Lora.Apply(talker, new() { Rank = 2, CodePredictor = codePredictor });
        foreach (var recompute in new[] { false, true })
            Assert.Equal(before, TrainingStep.Accumulate(talker, [batch], new(recompute, int.MaxValue)));
        var layers = Model.Config.TalkerConfig.NumHiddenLayers
            + (codePredictor ? Model.Config.TalkerConfig.CodePredictorConfig.NumHiddenLayers : 0);
        Assert.Equal(layers * 7 * 2, Freezing.ListTrained(talker).Count());
        Assert.All(TalkerWeights.Named(talker), p => Assert.Equal(p.Name.Contains(".lora_"), p.Parameter.grad is not null));
        Assert.All(Freezing.ListTrained(talker).Where(p => p.Name.Contains("lora_B")), p =>
            Assert.True(p.Parameter.grad!.abs().max().item<float>() > 0, p.Name));
    }

    [Fact]
    public void TheMergedMatricesComputeWhatThePairsDo()
    {
        using var scope = NewDisposeScope();
        using var batch = TrainingGolden.Batch(Case);
        var (talker, folder) = Trained(new() { Rank = 3, Alpha = 5, CodePredictor = true });
        var expected = Loss.Compute(talker, batch).ToNumbers();
        using var weights = Model.OpenWeights();
        var merged = TrainingGolden.Talker(TrainingGolden.Model(Case));
        Assert.True(Math.Abs(Loss.Compute(merged, batch).ToNumbers().Total - expected.Total) > 0.1); // the pairs have an effect
        var named = TalkerWeights.Named(merged).ToDictionary(p => p.Name, p => p.Parameter);
        using (no_grad())
            foreach (var (name, values) in Lora.Merged(Adapter.Open(folder), weights))
                named[name].copy_(tensor(values()).view(named[name].shape));
        Assert.Equal(expected.Total, Loss.Compute(merged, batch).ToNumbers().Total, 1e-4);
    }

    /// <summary>Speaking with the adapter and with the merged export is equal: every number is the same.</summary>
    [Fact]
    public void TheExportIsTheBaseWithTheAdapterBitForBit()
    {
        using var scope = NewDisposeScope();
        var (_, folder) = Trained(new() { Rank = 2 });
        var adapter = Adapter.Open(folder);
        var target = Path.Combine(Scratch.New(), "out");
        using (var weights = Model.OpenWeights())
            Export.Write(Model, target, Lora.Merged(adapter, weights), [new("Anna", adapter.Voices["anna"])]);
        var export = ModelFolder.Open(target);
        var beside = Model.With(adapter);
        Assert.Equal(export.Config.TalkerConfig.SpkId, beside.Config.TalkerConfig.SpkId);
        using var a = export.OpenWeights();
        using var b = beside.OpenWeights();
        Assert.All(a.Entries, e => Assert.Equal(a.Take(e.Name, e.Shape).Widen(), b.Take(e.Name, e.Shape).Widen()));

        var options = new SpeechOptions { Speaker = "anna", Sampling = new() { Greedy = true, PredictorGreedy = true, MaxFrames = 3 } };
        using var first = Tts.Load(target, new() { Threads = 1 });
        using var second = Tts.Load(Model.Path, new() { Threads = 1, Adapter = folder });
        Assert.Equal(first.Say("one", options).Samples, second.Say("one", options).Samples);
    }

    [Fact]
    public void AnotherBaseIsRefused()
    {
        using var scope = NewDisposeScope();
        var (_, folder) = Trained(new() { Rank = 2 });
        var other = Path.Combine(Scratch.New(), "other");
        using (var weights = Model.OpenWeights())
        {
            // not adapted
            var name = weights.Entries.First(e => e.Name.StartsWith("talker.text_projection", StringComparison.Ordinal)).Name;
            var values = weights.FileOf(name).Float32(name);
            values[0] += 1;
            Export.Write(Model, other, new Dictionary<string, Func<float[]>> { [name] = () => values },
                [new("bert", new float[Model.Config.TalkerConfig.HiddenSize])]);
        }
        Assert.Contains("hash", Assert.Throws<InvalidDataException>(() => Tts.Load(other, new() { Adapter = folder })).Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheFilesAreThoseOfPeft(bool codePredictor)
    {
        using var scope = NewDisposeScope();
        var (talker, folder) = Trained(new() { Rank = 2, Alpha = 3, Targets = ["q_proj", "down_proj"], CodePredictor = codePredictor });
        var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "adapter_config.json"))).RootElement;
        Assert.Equal(("LORA", 2, 3.0, "none"),
            (config.GetProperty("peft_type").GetString(), config.GetProperty("r").GetInt32(), config.GetProperty("lora_alpha").GetDouble(),
            config.GetProperty("bias").GetString()));
        using var file = SafetensorsFile.Open(Path.Combine(folder, "adapter_model.safetensors"));
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal([2, Model.Config.TalkerConfig.HiddenSize],
            file.Entry("base_model.model.talker.model.layers.0.self_attn.q_proj.lora_A.weight").Shape);
        Assert.Equal([Model.Config.TalkerConfig.HiddenSize, 2],
            file.Entry("base_model.model.talker.model.layers.0.mlp.down_proj.lora_B.weight").Shape);

        // PEFT adapts the modules whose full names match the expression: they must be those whose pairs are in the file.
        var expression = new Regex($"^(?:{config.GetProperty("target_modules").GetString()})$");
        var modules = talker.named_modules().Select(m => $"talker.{m.name}").Where(n => !n.Contains("lora_"));
        Assert.Equal(file.Tensors.Keys.Select(n => n["base_model.model.".Length..n.IndexOf(".lora_", StringComparison.Ordinal)]).Distinct()
            .Order(), modules.Where(n => expression.IsMatch(n)).Order());
        Assert.Equal(codePredictor, file.Tensors.Keys.Any(n => n.Contains("code_predictor")));
    }

    [Fact]
    public void LoadsWhatWasSaved()
    {
        using var scope = NewDisposeScope();
        var options = new LoraOptions { Rank = 2 };
        var (talker, folder) = Trained(options);
        var fresh = TrainingGolden.Talker(TrainingGolden.Model(Case));
        Lora.Apply(fresh, options with { Seed = 99 });
        Lora.Load(folder, fresh);
        foreach (var ((name, a), (_, b)) in Freezing.ListTrained(talker).Zip(Freezing.ListTrained(fresh)))
            Assert.True(a.Equals(b), name);
        var other = TrainingGolden.Talker(TrainingGolden.Model(Case));
        Lora.Apply(other, options with { Targets = ["q_proj"] });
        Assert.Throws<InvalidDataException>(() => Lora.Load(folder, other));
    }

    [Fact]
    public void UnknownTargetsAreRefused()
    {
        var talker = TrainingGolden.Talker(TrainingGolden.Model(Case));
        Assert.Contains("gate_proj", Assert.Throws<ArgumentException>(() => Lora.Apply(talker, new() { Targets = ["mlp"] })).Message);
        Assert.Contains("rank", Assert.Throws<ArgumentException>(() => Lora.Apply(talker, new() { Rank = 0 })).Message);
    }

    static (TalkerModule Talker, string Folder) Trained(LoraOptions options)
    {
        var talker = TrainingGolden.Talker(TrainingGolden.Model(Case));
        Lora.Apply(talker, options);
        using var optimizer = new AdamW(Freezing.ListTrained(talker), new());
        using var batch = TrainingGolden.Batch(Case);
        for (var step = 0; step < 3; step++)
            TrainingStep.Run(talker, [batch], optimizer, 0.02, double.PositiveInfinity);
        var folder = Scratch.New();
        Lora.Save(folder, talker, options, Model,
            [new("Anna", [.. Enumerable.Range(0, Model.Config.TalkerConfig.HiddenSize).Select(i => i / 7f)])]);
        return (talker, folder);
    }
}
