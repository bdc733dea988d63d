using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Optimizer;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Tests;

public sealed class TrainingOptionsTests
{
    static readonly TrainingOptions Given = new() { Model = "m", Data = "d", Speaker = "anna" };
    static ModelConfig Config => ModelFolder.Open(Mini.Model).Config;

    static ModelConfig Released => Config with { TalkerConfig = Config.TalkerConfig with { HiddenSize = 1024 } };

    [Fact]
    public void StoredOptionsAreTheSameAndStrict()
    {
        var options = (Given with { Layout = LayoutPolicy.TextFirst, Epochs = 2.5, Schedule = Schedule.Cosine }).Completed(Config, 60,
            true);
        var json = options.ToJson();
        Assert.Equal(json, TrainingOptions.FromJson(json, "here").ToJson());
        Assert.Contains("\"text-first\"", json);
        Assert.DoesNotContain("lanted", json);
        Assert.Contains("here", Assert.Throws<InvalidDataException>(
            () => TrainingOptions.FromJson(json.Replace("\"seed\"", "\"sead\""), "here")).Message);
    }

    [Fact]
    public void DefaultsFitTheModel()
    {
        var mini = Given.Completed(Config, 60, false);
        Assert.Equal((30, 8, 2e-4, 3), (mini.Steps, mini.Batch, mini.LearningRate, mini.WarmUp)); // nothing to measure: four epochs
        Assert.Equal(["auto"], mini.Languages!);
        Assert.Equal((25, 0, 0), (mini.SaveEvery, mini.EvaluateEvery, mini.Patience));
        var measured = (Given with { HeldOut = 8 }).Completed(Config, 60, false);
        Assert.Equal((150, 10, 5, 38, 37), (measured.Steps, measured.WarmUp, measured.MeasureEvery, measured.EvaluateEvery,
            measured.Patience));
        Assert.Equal(400, (Given with { HeldOut = 16 }).Completed(Config, 336, false).Steps); // ten epochs
        Assert.Equal(800, (Given with { HeldOut = 8 }).Completed(Released, 60, true).Steps);
        var released = Given.Completed(Released, 6470, true);
        Assert.Equal((809, 5e-6, 50), (released.Steps, released.LearningRate, released.WarmUp));
        Assert.Equal(400, Given.Completed(Released, 60, true).Steps);
        Assert.Equal(["data", "auto"], released.Languages!);
        Assert.Equal(23, (Given with { Epochs = 3 }).Completed(Config, 60, true).Steps);
    }

    [Theory]
    [InlineData(nameof(Schedule.Constant), 1)]
    [InlineData(nameof(Schedule.Linear), 0.1)]
    [InlineData(nameof(Schedule.Cosine), 0.1)]
    public void TheRateGoesUpThenDownToATenth(string schedule, double last)
    {
        var options = (Given with { Schedule = Enum.Parse<Schedule>(schedule), Steps = 100, WarmUp = 10, LearningRate = 1e-3 }).Completed(
            Config, 60, false);
        var rates = Enumerable.Range(0, 100).Select(step => LearningRate.At(options, step)).ToList();
        Assert.Equal(1e-4, rates[0], 1e-9);
        Assert.Equal(1e-3, rates[9], 1e-9);
        Assert.Equal(1e-3, rates[10], 1e-9);
        Assert.Equal(last * 1e-3, rates[99], 1e-9);
        Assert.All(rates.Zip(rates.Skip(1)).Skip(10), p => Assert.True(p.Second <= p.First));
        Assert.Equal(1e-3, LearningRate.At(options with { Steps = 1, WarmUp = 0 }, 0));
    }

    public static TheoryData<string> Wrong =>
        ["steps", "batch", "micro-batch", "lr", "warmup", "final-rate", "clip", "weight-decay", "held-out", "epochs", "save-every",
        "evaluate-every", "measure-every", "patience"];

    [Theory]
    [MemberData(nameof(Wrong))]
    public void AValueOutOfRangeIsNamed(string option)
    {
        var options = option switch
        {
            "steps" => Given with { Steps = 0 },
            "batch" => Given with { Batch = 0, MicroBatch = 1, Steps = 1 },
            "micro-batch" => Given with { MicroBatch = 9 },
            "lr" => Given with { LearningRate = 2 },
            "warmup" => Given with { WarmUp = 30 },
            "final-rate" => Given with { FinalRate = -1 },
            "clip" => Given with { LargestNorm = 0 },
            "weight-decay" => Given with { WeightDecay = 1 },
            "held-out" => Given with { HeldOut = 60 },
            "save-every" => Given with { SaveEvery = 0 },
            "evaluate-every" => Given with { EvaluateEvery = -1 },
            "measure-every" => Given with { MeasureEvery = 0 },
            "patience" => Given with { Patience = 5 }, // and nothing held out
            _ => Given with { Epochs = -1 },
        };
        Assert.StartsWith($"--{option} is", Assert.Throws<ArgumentException>(() => options.Completed(Config, 60, false)).Message);
    }
}
