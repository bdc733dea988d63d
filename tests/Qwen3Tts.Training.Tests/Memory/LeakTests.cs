using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Optimizer;
using Qwen3Tts.Training.Step;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

/// <summary>Counts the live tensors of the whole process, so no other test may run at the same time.</summary>
[CollectionDefinition(nameof(LeakTests), DisableParallelization = true)]
[Collection(nameof(LeakTests))]
public sealed class LeakTests
{
    [Theory]
    [InlineData(false, int.MaxValue)]
    [InlineData(true, 3)]
    public void StepsLeaveNoTensorsBehind(bool recompute, int frames)
    {
        var name = TrainingGolden.Cases.First();
        using var scope = NewDisposeScope();
        var talker = TrainingGolden.Talker(TrainingGolden.Model(name));
        using var optimizer = new AdamW(TalkerWeights.Named(talker), new());
        void Step()
        {
            using var batch = TrainingGolden.Batch(name);
            TrainingStep.Run(talker, [batch, batch], optimizer, 1e-3, 1, new(recompute, frames));
        }
        Step();
        GC.Collect(); // frees tensors of other tests that wait for the finaliser
        GC.WaitForPendingFinalizers();
        var before = Tensor.TotalCount;
        for (var i = 0; i < 5; i++)
            Step();
        Assert.Equal(before, Tensor.TotalCount);
    }
}
