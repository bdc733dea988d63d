using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Loading;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;
using Qwen3Tts.Tests.Cli;

namespace Qwen3Tts.Tests.Loading;

/// <summary>Converted weights that are kept for the next load.</summary>
public sealed class QuantizedCacheTests
{
    [Theory]
    [InlineData(WeightPrecision.Int8)]
    [InlineData(WeightPrecision.Int4)]
    public void TheNextLoadReadsWhatTheFirstConverted(WeightPrecision precision)
    {
        var (cache, type) = (Scratch.New("cache"), precision.ToWeightType()!.Value);
        var converted = Logits(Mini.Model, type, null);
        Assert.Equal(converted, Logits(Mini.Model, type, cache));
        var kept = Assert.Single(Directory.GetFiles(cache));
        var written = File.ReadAllBytes(kept);
        Assert.Equal(converted, Logits(Mini.Model, type, cache));
        Assert.Equal(written, File.ReadAllBytes(kept));
        Assert.Equal(converted, Logits(Mini.Model, type, cache, map: true));

        // Another number in the file changes the result, so the file is what is read.
        using (var file = SafetensorsFile.Open(kept))
        {
            var scales = file.Entry(TensorNames.CodecHead + TensorNames.ScaleSuffix);
            written.AsSpan((int)scales.Offset, (int)scales.Bytes).Clear();
        }
        File.WriteAllBytes(kept, written);
        Assert.NotEqual(converted, Logits(Mini.Model, type, cache));
    }

    [Fact]
    public void ChangedWeightsAreConvertedAgain()
    {
        var (cache, model) = (Scratch.New("cache"), CopyOfMini());
        var before = Logits(model, WeightType.Int8, cache);
        var file = Path.Combine(model, "model.safetensors");
        var time = File.GetLastWriteTimeUtc(file);
        TensorEntry head;
        using (var weights = ModelFolder.Open(model).OpenWeights())
            head = weights.FileOf(TensorNames.CodecHead).Entry(TensorNames.CodecHead);
        using (var change = File.OpenWrite(file))
        {
            change.Position = head.Offset;
            change.Write(new byte[head.Bytes]);
        }
        File.SetLastWriteTimeUtc(file, time); // the samples show it where the time does not
        Assert.NotEqual(before, Logits(model, WeightType.Int8, cache));
        Assert.Single(Directory.GetFiles(cache));
    }

    [Fact]
    public void ADamagedFileIsMadeAgain()
    {
        var cache = Scratch.New("cache");
        var converted = Logits(Mini.Model, WeightType.Int8, cache);
        var kept = Assert.Single(Directory.GetFiles(cache));
        var length = new FileInfo(kept).Length;
        using (var cut = File.OpenWrite(kept))
            cut.SetLength(length / 2);
        Assert.Equal(converted, Logits(Mini.Model, WeightType.Int8, cache));
        Assert.Equal(length, new FileInfo(kept).Length);
    }

    [Fact]
    public void AFolderThatCannotBeWrittenCostsOnlyTime()
    {
        var occupied = Path.Combine(Scratch.New("cache"), "file");
        File.WriteAllText(occupied, "");
        Assert.Equal(Logits(Mini.Model, WeightType.Int8, null), Logits(Mini.Model, WeightType.Int8, occupied));
    }

    [Fact]
    public void AFolderThatCannotBeWrittenIsSaid()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no program env.");
        var folder = Scratch.New();
        File.WriteAllText(Path.Combine(folder, "occupied"), "");
        var (code, _, error) = UseTests.Bytes(["/usr/bin/env", $"QWEN3TTS_CACHE={folder}/occupied"], folder, "say",
            "Set white at B four now.", "--precision", "int8", "--max-seconds", "0.2");
        Assert.Equal(0, code);
        Assert.Contains($"could not be kept for the next time in '{folder}/occupied'", error, StringComparison.Ordinal);
        Assert.Contains("QWEN3TTS_CACHE, or write", error, StringComparison.Ordinal);
    }

    [Fact]
    public void FilesOfRemovedModelsAreRemoved()
    {
        var (cache, model) = (Scratch.New("cache"), CopyOfMini());
        Logits(model, WeightType.Int8, cache);
        Directory.Delete(model, true);
        var other = Path.Combine(cache, "other.safetensors");
        File.WriteAllText(other, "not ours");
        Logits(Mini.Model, WeightType.Int8, cache);
        Assert.Equal(2, Directory.GetFiles(cache).Length);
        Assert.True(File.Exists(other));
    }

    static string CopyOfMini()
    {
        var model = Scratch.New("model");
        foreach (var file in Directory.GetFiles(Mini.Model))
            File.Copy(file, Path.Combine(model, Path.GetFileName(file)));
        return model;
    }

    /// <summary>Scores of the first code after a short prompt.</summary>
    static float[] Logits(string model, WeightType type, string? cache, bool map = false)
    {
        var folder = ModelFolder.Open(model);
        var (talker, _) = ModelNetworks.Load(folder, Workers.Shared, type, map, cache: cache is null ? null : new(cache));
        using var input = talker.Input;
        var ids = folder.Config.SpecialTokens(0);
        var prompt = TalkerSequence.Prompt(new() { Text = [5, 6, 7], Voice = new float[folder.Config.TalkerConfig.HiddenSize] }, ids);
        var state = talker.CreateState();
        var hidden = talker.Advance(prompt.Positions, state)[^folder.Config.TalkerConfig.HiddenSize..].ToArray();
        var scores = new float[folder.Config.TalkerConfig.VocabSize];
        talker.Logits(hidden, scores, 1);
        return scores;
    }
}
