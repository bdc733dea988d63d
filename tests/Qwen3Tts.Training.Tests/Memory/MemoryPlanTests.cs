using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Tests;

/// <summary>What a training needs, and the choice of a method by it.</summary>
public sealed class MemoryPlanTests
{
    [Theory]
    [InlineData("0.6B", 594.6e6)] // the tensors of the released checkpoint, without text_embedding's 311 million
    [InlineData("1.7B", 1.61e9)]
    public void WhatIsTrainedIsWhatTheReleasedModelsHave(string model, double elements)
    {
        var tensors = Freezing.ListTensors(ReleasedShapes.Model(model).TalkerConfig, new());
        Assert.Equal(elements, tensors.Where(t => t.IsTrained).Sum(t => t.Elements), 0.005 * elements);
        Assert.Equal(151_936 * 2048, tensors.Single(t => !t.IsTrained).Elements);
    }

    /// <summary>Twenty seconds of speech; the sizes are those of graphics cards.</summary>
    [Theory]
    [InlineData("1.7B", false, "24GB", nameof(Precision.Bfloat16))]
    [InlineData("1.7B", false, "20GB", nameof(Precision.Bfloat16Moments))]
    [InlineData("1.7B", false, "16GB", nameof(Precision.Bfloat16Moments))]
    [InlineData("1.7B", true, "12GB", nameof(Precision.Mixed))]
    [InlineData("1.7B", true, "8GB", nameof(Precision.Mixed))]
    [InlineData("0.6B", false, "16GB", nameof(Precision.Mixed))]
    [InlineData("0.6B", false, "12GB", nameof(Precision.Mixed))]
    [InlineData("0.6B", false, "8GB", nameof(Precision.Bfloat16Moments))]
    [InlineData("0.6B", true, "8GB", nameof(Precision.Mixed))]
    public void AReleasedModelFits(string model, bool lora, string memory, string precision)
    {
        var config = ReleasedShapes.Model(model).TalkerConfig;
        var plan = MemoryChoice.Choose(config, Wish(lora), Batch, MemoryChoice.Parse(memory),
            method => Freezing.ListTensors(config, method));
        Assert.Equal(precision, plan.Method.Precision.ToString());
        Assert.True(MemoryChoice.ComputeTotal(plan) <= MemoryChoice.Parse(memory));
    }

    /// <summary>A miniature needs a little more than a gigabyte: the message must not say that 1.0 GB do not fit into 1.0 GB.</summary>
    [Fact]
    public void TwoSizesThatDifferAreWrittenDifferently()
    {
        var config = ModelFolder.Open(Mini.Model).Config.TalkerConfig;
        var error = Assert.Throws<ArgumentException>(() => MemoryChoice.Choose(config, Wish(false), Batch with { Samples = 1 },
            MemoryChoice.Parse("1GB"), method => Freezing.ListTensors(config, method), onCpu: true)).Message;
        Assert.Matches("more memory than the 1024 MB that are available. The smallest setting needs 1[0-9]{3} MB", error);
        Assert.DoesNotContain("needs 1024 MB", error);
    }

    /// <summary>
    /// The peak that others measured on a 16 GB card: 1.7B, one clip at a time, BF16 weights and moments, gradient checkpointing, fused
    /// update.
    /// </summary>
    [Fact]
    public void OthersMeasuredThePlanOnACard()
    {
        var config = ReleasedShapes.Model("1.7B").TalkerConfig;
        var way = new TrainingMethod { Precision = Precision.Bfloat16Moments, Checkpointing = new(true, 128) };
        var plan = MemoryPlan.Compute(config, Freezing.ListTensors(config, way), way, Batch with { Samples = 1 }, several: true);
        Assert.InRange(plan.Peak / 1e9, 13.5, 14.72); // 13.98 to 14.72, depending on the clips
    }

    [Fact]
    public void WhatDoesNotFitIsRefusedWithWhatWould()
    {
        var config = ReleasedShapes.Model("1.7B").TalkerConfig;
        var full = Assert.Throws<ArgumentException>(
            () => MemoryChoice.Choose(config, Wish(false), Batch, MemoryChoice.Parse("12GB"), method =>
            Freezing.ListTensors(config, method))).Message;
        Assert.Contains("These options fit: --lora 16", full);
        var fixedPrecision = Assert.Throws<ArgumentException>(
            () => MemoryChoice.Choose(config, Wish(false) with { Precisions = [Precision.Mixed] }, Batch, MemoryChoice.Parse("16GB"),
            method => Freezing.ListTensors(config, method))).Message;
        Assert.Contains("without --precision", fixedPrecision);
        Assert.Contains("No other option",
            Assert.Throws<ArgumentException>(
            () => MemoryChoice.Choose(config, Wish(true), Batch, MemoryChoice.Parse("3GB"), method =>
            Freezing.ListTensors(config, method))).Message);
    }

    [Fact]
    public void MoreMemoryIsNeverUsedWorse()
    {
        var config = ReleasedShapes.Model("0.6B").TalkerConfig;
        var plans = Enumerable.Range(7, 34)
            .Select(gigabytes => MemoryChoice.Choose(config, Wish(false), Batch, (long)gigabytes << 30,
            method => Freezing.ListTensors(config, method))).ToList();
        foreach (var (less, more) in plans.Zip(plans.Skip(1)))
            Assert.True((more.Method.Precision, more.Method.Checkpointing.RecomputeLayers,
                -more.MicroBatch.Samples).CompareTo(
                (less.Method.Precision, less.Method.Checkpointing.RecomputeLayers, -less.MicroBatch.Samples)) <= 0);
        Assert.Equal((Precision.Mixed, false, 8),
            (plans[^1].Method.Precision, plans[^1].Method.Checkpointing.RecomputeLayers, plans[^1].MicroBatch.Samples));
    }

    [Theory]
    [InlineData("16GB", 16.0)]
    [InlineData("7.5 gb", 7.5)]
    [InlineData("24", 24.0)]
    [InlineData("16GiB", 16.0)]
    public void Sizes(string text, double gigabytes) => Assert.Equal((long)(gigabytes * (1L << 30)), MemoryChoice.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("much")]
    [InlineData("-3GB")]
    [InlineData("0")]
    [InlineData("16MB")]
    public void NoSizes(string text) =>
        Assert.Contains("--memory", Assert.Throws<ArgumentException>(() => MemoryChoice.Parse(text)).Message);

    static BatchShape Batch { get; } = new(Samples: 8, Positions: 350, Frames: 250);
    static MemoryConstraints Wish(bool lora) =>
        new(new TrainingMethod { Lora = lora ? new() : null }, [Precision.Mixed, Precision.Bfloat16, Precision.Bfloat16Moments]);
}
