using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Tests;

/// <summary>Adapters as other programs write them: only with the names and the configuration of PEFT.</summary>
public sealed class AdapterTests
{
    const string Name = "talker.model.layers.0.self_attn.k_proj";
    const string Config = """{"peft_type": "LORA", "r": 3, "lora_alpha": 7, "lora_dropout": 0.1, "bias": "none", "task_type": null, "target_modules": ["k_proj"], "unknown_key": {}}""";

    [Theory]
    [InlineData(Config, 7.0 / 3)]
    [InlineData("""{"peft_type": "LORA", "lora_alpha": 7, "use_rslora": true}""", 4.04145188432738)] // 7 / √3
    [InlineData("""{"peft_type": "LORA"}""", 8.0 / 3)]
    public void AddsTheProductOfEachPair(string config, double scale)
    {
        using var weights = Base.OpenWeights();
        var (stored, shape) = (weights.FileOf(Name + ".weight").Float32(Name + ".weight"),
            weights.Entries.Single(e => e.Name == Name + ".weight").Shape);
        var (a, b) = (Numbers(3 * shape[1], 1), Numbers(shape[0] * 3, 2));
        var adapter = Adapter.Open(Written(config, a, b, shape));
        Assert.Null(adapter.Base);

        var expected = (float[])stored.Clone();
        for (var o = 0; o < shape[0]; o++)
            for (var r = 0; r < 3; r++)
                for (var i = 0; i < shape[1]; i++)
                    expected[o * shape[1] + i] += (float)scale * b[o * 3 + r] * a[r * shape[1] + i];
        var added = (float[])stored.Clone();
        adapter.AddTo(Name + ".weight", added);
        Assert.Equal(expected, added);

        using var changed = Base.With(adapter).OpenWeights();
        Assert.Equal(Array.ConvertAll(expected, BFloat16.Round), changed.Take(Name + ".weight", shape).BFloat16!.Value.ToArray());
        Assert.Equal(weights.Take(Name.Replace("k_proj", "v_proj") + ".weight", shape).BFloat16!.Value.ToArray(),
            changed.Take(Name.Replace("k_proj", "v_proj") + ".weight", shape).BFloat16!.Value.ToArray());
    }

    [Theory]
    [InlineData("""{"peft_type": "LORA", "use_dora": true}""")]
    [InlineData("""{"peft_type": "LORA", "bias": "all"}""")]
    [InlineData("""{"peft_type": "LORA", "fan_in_fan_out": true}""")]
    [InlineData("""{"peft_type": "LORA", "alpha_pattern": {"q_proj": 4}}""")]
    [InlineData("""{"peft_type": "LOHA"}""")]
    [InlineData("""{}""")]
    public void AnotherKindIsRefused(string config) =>
        Assert.Contains("plain LoRA",
        Assert.Throws<InvalidDataException>(() => Adapter.Open(Written(config, [1, 2], [3], [1, 2], 1))).Message);

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Assert.Throws<FileNotFoundException>(() => Adapter.Open(Scratch.New()));
        var strange = Adapter.Open(Written(Config, new float[3 * 5], new float[4 * 3], [4, 5]));
        Assert.Contains("shape", Assert.Throws<InvalidDataException>(() => Base.With(strange).OpenWeights()).Message);
        var elsewhere = Adapter.Open(Written(Config, new float[3 * 5], new float[4 * 3], [4, 5], name: "talker.nowhere"));
        Assert.Contains("talker.nowhere", Assert.Throws<InvalidDataException>(() => Base.With(elsewhere).OpenWeights()).Message);
        Assert.Contains("not half", Assert.Throws<InvalidDataException>(
            () => Adapter.Open(Written(Config, [1], [1], [1, 1], 1, suffix: ".lora_magnitude"))).Message);
        Assert.Contains("do not multiply",
            Assert.Throws<InvalidDataException>(() => Adapter.Open(Written(Config, [1, 2], [1, 2, 3, 4], [2, 2], otherRank: 1))).Message);
    }

    [Fact]
    public void ASpeakerOfTheAdapterIsARowLikeAnyOther()
    {
        var hidden = Base.Config.TalkerConfig.HiddenSize;
        var vector = Numbers(hidden, 5);
        Adapter With(int width)
        {
            var folder = Written("""{"peft_type": "LORA"}""", [], [], [0, 0], 0);
            SafetensorsWriter.Write(Path.Combine(folder, Adapter.VoicesName), [TensorToWrite.FromArray("anna", [width], vector[..width])]);
            return Adapter.Open(folder);
        }
        var model = Base.With(With(hidden));
        var row = model.Config.TalkerConfig.SpkId["anna"];
        Assert.DoesNotContain(row, Base.Config.TalkerConfig.SpkId.Values);
        using var weights = model.OpenWeights();
        var table = weights.Float32("talker.model.codec_embedding.weight", Base.Config.TalkerConfig.VocabSize, hidden);
        Assert.Equal(vector.Select(v => BFloat16.Widen(BFloat16.Round(v))), table[(row * hidden)..((row + 1) * hidden)]);
        Assert.Contains("width", Assert.Throws<InvalidDataException>(() => Base.With(With(hidden - 1)).OpenWeights()).Message);
        Assert.Contains("anna", Assert.Throws<InvalidDataException>(() => model.With(With(hidden))).Message);
    }

    [Fact]
    public void TheHashIsOfTheWeightsAlone()
    {
        var hashes = Golden.Checkpoints.Select(c => Hash(Golden.Checkpoint(c))).ToList();
        Assert.Equal(hashes.Count, hashes.Distinct().Count());
        var copy = Scratch.New(); // in another order, in one file
        using (var weights = Base.OpenWeights())
            SafetensorsWriter.Write(Path.Combine(copy, "model.safetensors"),
                [.. weights.Entries.Reverse().Select(e => TensorToWrite.Copy(weights.FileOf(e.Name), e))]);
        Assert.Equal(Hash(Base.Path), Hash(copy));

        static string Hash(string folder)
        {
            using var weights = Weights.Open(folder);
            return Adapter.HashOf(weights);
        }
    }

    static ModelFolder Base => ModelFolder.Open(Golden.Checkpoint(Golden.Checkpoints.First()));

    static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }

    static string Written(string config, float[] a, float[] b, int[] shape, int rank = 3, string name = Name,
        string suffix = ".lora_B.weight", int? otherRank = null)
    {
        var folder = Scratch.New();
        File.WriteAllText(Path.Combine(folder, Adapter.ConfigName), config);
        TensorToWrite[] pair = rank == 0 ? []
            : [TensorToWrite.FromArray($"base_model.model.{name}.lora_A.weight", [otherRank ?? rank, a.Length / (otherRank ?? rank)], a),
            TensorToWrite.FromArray($"base_model.model.{name}{suffix}", [shape[0], b.Length / shape[0]], b)];
        SafetensorsWriter.Write(Path.Combine(folder, Adapter.TensorsName), pair);
        return folder;
    }
}
