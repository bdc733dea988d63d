using System.Text.Json;
using System.Text.Json.Nodes;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Training.Model;

namespace Qwen3Tts.Tests;

/// <summary>Compares the exported folder with that of the official script, which is in golden <c>export/*</c>.</summary>
public sealed class ExportTests
{
    public static TheoryData<string> Cases =>
        [.. Directory.GetFiles(Golden.File("export"), "*_tensors.json").Select(f => Path.GetFileName(f)[..^"_tensors.json".Length])];

    static readonly Dictionary<string, Func<float[]>> Nothing = [];

    [Theory]
    [MemberData(nameof(Cases))]
    public void LikeTheOfficialScriptButForTheCaseOfTheName(string model)
    {
        var facts = Golden.Json("export", $"{model}_tensors.json");
        var (name, row) = (facts.GetProperty("name_as_written").GetString()!, facts.GetProperty("row").GetInt32());
        using var rows = SafetensorsFile.Open(Golden.File("export", $"{model}_row.safetensors"));
        var voice = rows.Float32("x_vector");
        var target = Path.Combine(Scratch.New(), "out");
        Export.Write(ModelFolder.Open(Golden.Checkpoint(model)), target, Nothing, [new(name, voice)]);

        var expected = JsonNode.Parse(File.ReadAllText(Golden.File("export", $"{model}_after.json")))!;
        foreach (var map in new[] { "spk_id", "spk_is_dialect" })
        {
            var o = expected["talker_config"]![map]!.AsObject();
            var value = o[name]!.DeepClone();
            o.Remove(name);
            o[facts.GetProperty("lookup_in_generate").GetString()!] = value;
        }
        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(File.ReadAllText(Path.Combine(target, "config.json")))),
            "config.json differs from the official one.");

        using var weights = Weights.Open(target);
        Assert.Equal(facts.GetProperty("kept").EnumerateArray().Select(v => v.GetString()), weights.Entries.Select(e => e.Name)
            .Order(StringComparer.Ordinal));
        using var before = Weights.Open(Golden.Checkpoint(model));
        foreach (var e in weights.Entries)
        {
            var (now, then) = (Bytes(weights, e.Name), Bytes(before, e.Name));
            if (e.Name == "talker.model.codec_embedding.weight")
            {
                var width = now.Length / e.Shape[0];
                float[] Row(Weights w) => w.FileOf(e.Name).Float32(e.Name)[(row * e.Shape[1])..((row + 1) * e.Shape[1])];
                Assert.Equal(rows.Float32("before"), Row(before));
                Assert.Equal(rows.Float32("after_bfloat16"), Row(weights));
                now.AsSpan(row * width, width).CopyTo(then.AsSpan(row * width));
            }
            Assert.Equal(before.Entries.Single(b => b.Name == e.Name).Type, e.Type);
            Assert.True(now.AsSpan().SequenceEqual(then), $"{e.Name} changed.");
        }
        using var file = SafetensorsFile.Open(Path.Combine(target, "model.safetensors"));
        Assert.Equal("pt", file.Metadata["format"]);
    }

    [Fact]
    public void EveryOtherFileIsThereAndEqual()
    {
        var source = Golden.Checkpoint(Golden.Checkpoints.First());
        var target = Path.Combine(Scratch.New(), "out");
        Export.Write(ModelFolder.Open(source), target, Nothing, [Voice(source, "anna")]);
        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories)
            .Where(f => !Golden.HoldsWeights(f, source)).Select(f => Path.GetRelativePath(source, f)).Where(f => f != "config.json"))
            Assert.Equal(File.ReadAllBytes(Path.Combine(source, file)), File.ReadAllBytes(Path.Combine(target, file)));
        Assert.Equal([target], Directory.GetFileSystemEntries(Path.GetDirectoryName(target)!));
    }

    [Fact]
    public void ExistingVoicesStayAndTheNewRowIsAFreeOne()
    {
        foreach (var checkpoint in Golden.Checkpoints)
        {
            var from = ModelFolder.Open(Golden.Checkpoint(checkpoint));
            var target = Path.Combine(Scratch.New(), "out");
            Export.Write(from, target, Nothing, [Voice(from.Path, "Anna"), Voice(from.Path, "bert")]);
            var (before, after) = (from.Config.TalkerConfig, ModelFolder.Open(target).Config.TalkerConfig);
            Assert.Equal([.. before.SpkId.Keys, "anna", "bert"], after.SpkId.Keys);
            Assert.All(before.SpkId, p => Assert.Equal(p.Value, after.SpkId[p.Key]));
            Assert.All(before.SpkIsDialect, p => Assert.Equal(p.Value.ToString(), after.SpkIsDialect[p.Key].ToString()));
            var used = after.SpkId.Values.Concat(after.CodecLanguageId.Values)
                .Concat([after.CodecPadId, after.CodecBosId, after.CodecEosTokenId, after.CodecThinkId, after.CodecNothinkId]).ToList();
            Assert.Equal(used.Count, used.Distinct().Count());
            Assert.All(["anna", "bert"], n =>
                Assert.InRange(after.SpkId[n], after.CodePredictorConfig.VocabSize + 952, after.VocabSize - 1));
        }
    }

    [Fact]
    public void TrainedTensorsAreWrittenInTheBasesType()
    {
        var from = ModelFolder.Open(Golden.Checkpoint(Golden.Checkpoints.First()));
        var target = Path.Combine(Scratch.New(), "out");
        using var before = from.OpenWeights();
        var name = before.Entries.First(e => e.Name.EndsWith("q_proj.weight", StringComparison.Ordinal)).Name;
        var trained = before.FileOf(name).Float32(name).Select(v => v * 1.7f + 1e-3f).ToArray();
        Export.Write(from, target, new Dictionary<string, Func<float[]>> { [name] = () => trained }, [Voice(from.Path, "anna")]);
        using var after = Weights.Open(target);
        Assert.Equal(trained.Select(v => BFloat16.Widen(BFloat16.Round(v))), after.FileOf(name).Float32(name));
    }

    [Fact]
    public void ShardsHoldTheSameTensors()
    {
        var from = ModelFolder.Open(Golden.Checkpoint(Golden.Checkpoints.First()));
        var folder = Scratch.New();
        Export.Write(from, Path.Combine(folder, "one"), Nothing, [Voice(from.Path, "anna")]);
        Export.Write(from, Path.Combine(folder, "many"), Nothing, [Voice(from.Path, "anna")], shardBytes: 200_000);
        using var one = Weights.Open(Path.Combine(folder, "one"));
        using var many = Weights.Open(Path.Combine(folder, "many"));
        Assert.False(File.Exists(Path.Combine(folder, "many", "model.safetensors")));
        Assert.Equal(one.Entries.Select(e => e.Name).Order(StringComparer.Ordinal), many.Entries.Select(e => e.Name)
            .Order(StringComparer.Ordinal));
        Assert.All(one.Entries, e => Assert.Equal(Bytes(one, e.Name), Bytes(many, e.Name)));
        Assert.All(Directory.GetFiles(Path.Combine(folder, "many"), "*.safetensors"), f =>
            {
                using var shard = SafetensorsFile.Open(f); Assert.True(shard.Tensors.Count == 1 || shard.Tensors.Values
            .Sum(t => t.Bytes) <= 200_000);
            });
        var index = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "many", "model.safetensors.index.json"))).RootElement;
        Assert.Equal(one.Entries.Sum(e => e.Bytes), index.GetProperty("metadata").GetProperty("total_size").GetInt64());
    }

    [Fact]
    public void AModelIsReplacedOnlyWhenAskedAndNothingElseEver()
    {
        var from = ModelFolder.Open(Golden.Checkpoint(Golden.Checkpoints.First()));
        var target = Path.Combine(Scratch.New(), "out");
        Export.Write(from, target, Nothing, [Voice(from.Path, "anna")]);
        Assert.Contains("--overwrite",
            Assert.Throws<IOException>(() => Export.Write(from, target, Nothing, [Voice(from.Path, "bert")])).Message);
        Export.Write(from, target, Nothing, [Voice(from.Path, "bert")], overwrite: true);
        Assert.Equal("bert", ModelFolder.Open(target).Config.TalkerConfig.SpkId.Keys.Last());
        Assert.Equal([target], Directory.GetFileSystemEntries(Path.GetDirectoryName(target)!));

        var precious = Scratch.New();
        File.WriteAllText(Path.Combine(precious, "thesis.txt"), "years of work");
        Assert.Throws<IOException>(() => Export.Write(from, precious, Nothing, [Voice(from.Path, "anna")], overwrite: true));
        Assert.Throws<IOException>(() => Export.Write(from, from.Path, Nothing, [Voice(from.Path, "anna")], overwrite: true));
        Assert.Single(Directory.GetFiles(precious));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("a\nb")]
    [InlineData(" anna")]
    public void ANameThatCannotBeUsedIsRefused(string name)
    {
        var from = ModelFolder.Open(Golden.Checkpoint(Golden.Checkpoints.First()));
        var folder = Scratch.New();
        Assert.Contains("name", Assert.Throws<ArgumentException>(
            () => Export.Write(from, Path.Combine(folder, "out"), Nothing, [Voice(from.Path, name)])).Message);
        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public void ATakenNameIsRefusedInAnyCase()
    {
        var from = Golden.Checkpoints.Select(c => ModelFolder.Open(Golden.Checkpoint(c))).First(m => m.Config.TalkerConfig.SpkId.Count > 0);
        var taken = from.Config.TalkerConfig.SpkId.Keys.First().ToUpperInvariant();
        Assert.Throws<ArgumentException>(() => Export.CheckName(from.Config.TalkerConfig, taken));
        Assert.Throws<ArgumentException>(
            () => Export.Write(from, Path.Combine(Scratch.New(), "out"), Nothing, [Voice(from.Path, "anna"), Voice(from.Path, "Anna")]));
    }

    [Fact]
    public void WhatFailsLeavesNothingBehind()
    {
        var from = ModelFolder.Open(Golden.Checkpoint(Golden.Checkpoints.First()));
        var folder = Scratch.New();
        using var weights = from.OpenWeights();
        var last = weights.Entries.Last(e => e.Name.StartsWith("talker.", StringComparison.Ordinal));
        foreach (var (name, values, word) in new (string, float[],
            string)[] { (last.Name, Enumerable.Repeat(float.NaN, (int)last.Elements).ToArray(), "NaN"), (last.Name, [1], "elements"),
            ("talker.other", [1], "talker.other") })
            Assert.Contains(word, Assert.Throws<InvalidDataException>(
                () => Export.Write(from, Path.Combine(folder, "out"), new Dictionary<string, Func<float[]>> { [name] = () => values },
                [Voice(from.Path, "anna")])).Message);
        Assert.Contains("speaker encoder",
            Assert.Throws<InvalidDataException>(
            () => Export.Write(from, Path.Combine(folder, "out"), Nothing, [new("anna", [1, 2])])).Message);
        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    /// <summary>Training takes hours, and a user may edit the model's files meanwhile.</summary>
    [Fact]
    public void AConfigurationThatWasDamagedSinceIsNamed()
    {
        var (model, target) = (ModelFolder.Open(CopyOfAModel()), Path.Combine(Scratch.New(), "out"));
        var config = Path.Combine(model.Path, "config.json");
        foreach (var damaged in new[] { "", "{", "[1]", "{\"talker_config\": {}}" })
        {
            File.WriteAllText(config, damaged);
            var thrown = Assert.Throws<InvalidDataException>(() => Export.Write(
                model, target, Nothing, [new("anna", new float[model.Config.TalkerConfig.HiddenSize])]));
            Assert.Contains(config, thrown.Message);
            Assert.False(Path.Exists(target));
        }
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    public void AConfigurationWithAByteOrderMarkIsExported(string encoding)
    {
        var folder = CopyOfAModel();
        var (config, target) = (Path.Combine(folder, "config.json"), Path.Combine(Scratch.New(), "out"));
        File.WriteAllText(config, File.ReadAllText(config), System.Text.Encoding.GetEncoding(encoding));
        var model = ModelFolder.Open(folder);
        Export.Write(model, target, Nothing, [new("anna", new float[model.Config.TalkerConfig.HiddenSize])]);
        Assert.Contains("anna", ModelFolder.Open(target).Config.TalkerConfig.SpkId.Keys);
    }

    static string CopyOfAModel()
    {
        var (source, copy) = (Golden.Checkpoint(Golden.Checkpoints.First()), Path.Combine(Scratch.New(), "model"));
        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(copy, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
        return copy;
    }

    static NewVoice Voice(string model, string name) =>
        new(name, Enumerable.Range(0, ModelFolder.Open(model).Config.TalkerConfig.HiddenSize).Select(i => i / 7f).ToArray());

    static byte[] Bytes(Weights weights, string name)
    {
        var file = weights.FileOf(name);
        var bytes = new byte[file.Entry(name).Bytes];
        file.Read(file.Entry(name), bytes);
        return bytes;
    }
}
