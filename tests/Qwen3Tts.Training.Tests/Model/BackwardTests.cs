using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Step;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

public sealed class BackwardTests
{
    public static TheoryData<string> Cases => [.. TrainingGolden.Cases];

    [Theory]
    [MemberData(nameof(Cases))]
    public void RecomputedLayersGiveTheSameBits(string name)
    {
        using var scope = NewDisposeScope();
        var (kept, keptGradients) = Gradients(name, new(false, 4));
        var (recomputed, recomputedGradients) = Gradients(name, new(true, 4));
        Assert.Equal(kept, recomputed);
        Assert.Equal(keptGradients.Keys, recomputedGradients.Keys);
        foreach (var (tensor, gradient) in keptGradients)
            Assert.True(gradient.Equals(recomputedGradients[tensor]), $"{tensor} differs.");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void PiecesAddUpToTheWholeGraph(string name)
    {
        using var scope = NewDisposeScope();
        var talker = TrainingGolden.Talker(TrainingGolden.Model(name));
        using var batch = TrainingGolden.Batch(name);
        var loss = Loss.Compute(talker, batch);
        loss.Share(batch.Counts).backward();
        foreach (var pieces in new CheckpointingOptions[] { new(false, int.MaxValue), new(true, 1), new(false, 5) })
        {
            var (sums, gradients) = Gradients(name, pieces);
            Assert.Equal(loss.ToNumbers().Total, sums.Total, 1e-5);
            foreach (var (tensor, parameter) in TalkerWeights.Named(talker))
                Assert.True((parameter.grad! - gradients[
                    tensor]).abs().max().item<float>() <= 5e-5 * parameter.grad!.abs().max().item<float>(), $"{pieces}: {tensor} differs.");
        }
    }

    /// <summary>Whatever is frozen, the gradients of the other tensors are the same as without freezing.</summary>
    [Theory]
    [InlineData("text_embedding")]
    [InlineData("code_predictor")]
    [InlineData("talker.model", "text_projection", "code_predictor")] // only the head is trained
    [InlineData("talker.model", "text_projection", "codec_head")] // only the code predictor is trained
    [InlineData("text_embedding", "text_projection", "codec_embedding", "layers.0")] // nothing below the second layer is trained
    public void FrozenTensorsGetNoGradient(params string[] groups)
    {
        using var scope = NewDisposeScope();
        foreach (var recompute in new[] { false, true })
        {
            var name = TrainingGolden.Cases.First();
            var (_, all) = Gradients(name, new(recompute, 4));
            var (_, some) = Gradients(name, new(recompute, 4), talker => Freezing.Apply(talker, groups));
            Assert.Equal(all.Keys.Where(n => !groups.Any(g => $".{n}.".Contains($".{g}."))), some.Keys);
            foreach (var (tensor, gradient) in some)
                Assert.True(gradient.Equals(all[tensor]), $"{tensor} differs.");
        }
    }

    [Fact]
    public void AnUnknownGroupAndNothingLeftAreRefused()
    {
        using var scope = NewDisposeScope();
        var talker = TrainingGolden.Talker(Golden.Checkpoints.First());
        Assert.Contains("text_embedding", Assert.Throws<ArgumentException>(() => Freezing.Apply(talker, ["embedding"])).Message);
        Assert.Contains("Freeze less", Assert.Throws<ArgumentException>(() => Freezing.Apply(talker, ["talker"])).Message);
        Freezing.Apply(talker, ["code_predictor"]);
        Freezing.Apply(talker, TrainingMethod.FrozenByDefault); // replaces the earlier choice
        Assert.Equal(TalkerWeights.Named(talker).Count() - 1, Freezing.ListTrained(talker).Count());
    }

    [Fact]
    public void ASpeakersRowIsTrainedOnPurposeOnly()
    {
        foreach (var name in TrainingGolden.Cases
            .Where(c => TrainingGolden.Folder(TrainingGolden.Model(c)).Config.TalkerConfig.SpkId.Count > 0))
        {
            using var scope = NewDisposeScope();
            var rows = TrainingGolden.Folder(TrainingGolden.Model(name)).Config.TalkerConfig.SpkId.Values.Select(v => (long)v).ToArray();
            Tensor Rows(bool train) => Gradients(name, CheckpointingOptions.None,
                t => t.TrainsSpeakers = train).Gradients["talker.model.codec_embedding.weight"][tensor(rows)];
            Assert.Equal(0, Rows(false).abs().max().item<float>());
        }
        Assert.Contains(TrainingGolden.Cases, name =>
        {
            using var scope = NewDisposeScope();
            var rows = TrainingGolden.Folder(TrainingGolden.Model(name)).Config.TalkerConfig.SpkId.Values.Select(v => (long)v).ToArray();
            return rows.Length > 0 && Gradients(name,
                CheckpointingOptions.None).Gradients["talker.model.codec_embedding.weight"][tensor(rows)].abs().max().item<float>() > 0;
        });
    }

    static (Loss.LossSums Loss, Dictionary<string, Tensor> Gradients) Gradients(string name, CheckpointingOptions pieces,
        Action<TalkerModule>? prepare = null)
    {
        var talker = TrainingGolden.Talker(TrainingGolden.Model(name));
        prepare?.Invoke(talker);
        using var batch = TrainingGolden.Batch(name);
        var sums = TrainingStep.Accumulate(talker, [batch], pieces);
        return (sums, TalkerWeights.Named(talker).Where(p => p.Parameter.grad is not null)
            .ToDictionary(p => p.Name, p => p.Parameter.grad!));
    }
}
