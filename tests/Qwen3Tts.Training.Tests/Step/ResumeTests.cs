using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Optimizer;
using Qwen3Tts.Training.Run;
using Qwen3Tts.Training.Step;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

/// <summary>
/// 20 steps, saved, loaded into new objects as in another process, and 20 more steps give the same bits as 40 steps, for every kind of
/// optimizer state.
/// </summary>
public sealed class ResumeTests
{
    static ResumeTests() => set_num_threads(1);

    public static TheoryData<string> Optimizers => [.. Kinds.Keys];

    static readonly Dictionary<string, (ScalarType Weights, AdamWOptions Options)> Kinds = new()
    {
        ["float32"] = (ScalarType.Float32, new()),
        ["float32, eager"] = (ScalarType.Float32, new() { Kernel = UpdateKernel.Eager }),
        ["float32, fused"] = (ScalarType.Float32, new() { Kernel = UpdateKernel.Fused }),
        ["bfloat16 with masters"] = (ScalarType.BFloat16, new()),
        ["bfloat16 with stochastic rounding"] = (ScalarType.BFloat16, new() { Masters = false }),
        ["bfloat16 with stochastic rounding, moments too"] = (ScalarType.BFloat16,
            new() { Masters = false, Moments = ScalarType.BFloat16 }),
        ["bfloat16 with stochastic rounding, moments too, eager"] = (ScalarType.BFloat16,
            new() { Masters = false, Moments = ScalarType.BFloat16, Kernel = UpdateKernel.Eager }),
    };

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void TwentyAndTwentyAreForty(string optimizer)
    {
        var (whole, parts) = (Scratch.New("run"), Scratch.New("run"));
        var expected = Steps(optimizer, new(whole), 0, 40);
        Steps(optimizer, new(parts), 0, 20);
        var resumed = Steps(optimizer, new(parts), 20, 40);
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "state", "training.safetensors")),
            File.ReadAllBytes(Path.Combine(parts, "state", "training.safetensors")));
        Assert.Equal(expected, resumed);
    }

    /// <summary>Trains from one step to another, from the folder's state and into it; returns the loss of every step.</summary>
    static List<double> Steps(string kind, RunFolder folder, int from, int to)
    {
        using var scope = NewDisposeScope();
        var (type, options) = Kinds[kind];
        var name = TrainingGolden.Cases.First();
        var (model, examples) = (TrainingGolden.Model(name), TrainingGolden.Examples(name));
        using var talker = TalkerWeights.Load(TrainingGolden.Folder(model), new(type, CPU));
        using var optimizer = new AdamW(TalkerWeights.Named(talker), options);
        Assert.Equal(from, folder.Restore(optimizer));
        var losses = new List<double>();
        for (var step = from; step < to; step++)
        {
            using var batch = TrainingGolden.Batch(model, [examples[step % examples.Count]]);
            losses.Add(TrainingStep.Run(talker, [batch], optimizer, 1e-3, 1).Loss.Total);
        }
        folder.Save(to, optimizer);
        return losses.TakeLast(20).ToList();
    }
}
