using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Step;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

/// <summary>
/// Compares the training engine with the official modules under autograd: inputs, pairs, losses, gradients, and the known faults.
/// </summary>
public sealed class TrainingGoldenTests
{
    public static TheoryData<string> Cases => [.. TrainingGolden.Cases];
    public static IEnumerable<TheoryDataRow<string, bool, int>> CasesInPieces => InPieces(TrainingGolden.Cases);
    public static IEnumerable<TheoryDataRow<string, bool, int>> GradientFiles =>
        InPieces(TrainingGolden.CasesOfFiles("gradients_").Select(r => r.Data));
    public static TheoryData<string> Forwards =>
        [.. Golden.Json("forward", "forward.json").EnumerateObject().Select(m => m.Name)
        .Where(m => File.Exists(Golden.File("forward", $"{m}.safetensors")))];
    public static TheoryData<string, string> FaultyBatches =>
        TrainingGolden.Pairs(Golden.Json("faults", "losses.json").GetProperty("batches"), b => b.GetProperty("losses"));

    [Theory]
    [MemberData(nameof(Cases))]
    public void InputsAndPairs(string name)
    {
        using var scope = NewDisposeScope();
        using var golden = SafetensorsFile.Open(Golden.File("training", "batches.safetensors"));
        using var batch = TrainingGolden.Batch(name);
        var talker = TrainingGolden.Talker(TrainingGolden.Model(name));

        Parity.Check("training", "input vectors",
            Parity.Difference(TrainingGolden.Values(talker.Embed(batch)), golden.Float32($"{name}.inputs_embeds")), 1e-5, name);
        var targets = TrainingGolden.Whole(batch.TargetRows)
            .Zip(TrainingGolden.Whole(batch.TargetCodes), (r, c) => new[] { r / batch.Length, r % batch.Length, c });
        Assert.Equal(golden.Int64($"{name}.c0_targets"), targets.SelectMany(t => t));
        Assert.Equal(golden.Int64($"{name}.predictor_rows"), TrainingGolden.Whole(batch.PredictorRows)
            .SelectMany(r => new[] { r / batch.Length, r % batch.Length }));
        Assert.Equal(batch.Samples, batch.EndTargets.shape[0]);
    }

    [Theory]
    [MemberData(nameof(Forwards))]
    public void HiddenStatesAndLogits(string model)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        using var golden = SafetensorsFile.Open(Golden.File("forward", $"{model}.safetensors"));
        Tensor Stored(string name) => tensor(golden.Float32(name)).view(Array.ConvertAll(golden.Entry(name).Shape, d => (long)d));
        void Check(string mode, string name, Tensor ours, double tolerance) =>
            Parity.Check("training", mode, Parity.Difference(TrainingGolden.Values(ours), golden.Float32(name)), tolerance,
            $"{model} {name}");

        var talker = TrainingGolden.Talker(model);
        var x = Stored("inputs_embeds").unsqueeze(0);
        var rotary = Rotary.Create(x.shape[1], talker.Config, x.dtype, x.device);
        var layer = 0;
        foreach (var l in talker.model.layers)
        {
            x = l.call(x, rotary);
            Check("hidden states", ++layer < talker.model.layers.Count ? $"hidden{layer}" : "last_layer_before_norm", x, 2e-5);
        }
        var hidden = talker.model.call(Stored("inputs_embeds").unsqueeze(0)).squeeze(0);
        Check("hidden states", $"hidden{layer}", hidden, 2e-5);
        Check("logits", "logits", talker.codec_head.call(hidden), 1e-4);

        var frames = tensor(golden.Int64("frames")).view(-1, talker.Config.NumCodeGroups);
        var prompt = Golden.Json("forward", "forward.json").GetProperty(model).GetProperty("prompt_length").GetInt32();
        var states = talker.PredictFrames(hidden.narrow(0, prompt - 1, frames.shape[0]), frames);
        Check("logits", "predictor.logits",
            stack(Enumerable.Range(0, talker.Config.NumCodeGroups - 1).Select(h => talker.code_predictor.Head(h, states)), 1), 1e-4);
    }

    [Theory]
    [MemberData(nameof(CasesInPieces))]
    public void LossesAndGradientNorms(string name, bool recompute, int frames)
    {
        using var scope = NewDisposeScope();
        var golden = Golden.Json("training", "losses.json").GetProperty(name);
        var talker = TrainingGolden.Talker(TrainingGolden.Model(name));
        using var batch = TrainingGolden.Batch(name);
        TrainingGolden.CheckLosses("losses", name, golden, TrainingStep.Accumulate(talker, [batch], new(recompute, frames)), 1e-5);
        var gradients = Gradients(talker);
        Assert.Equal(golden.GetProperty("gradient_norms").EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal),
            gradients.Keys.Order(StringComparer.Ordinal));
        foreach (var norm in golden.GetProperty("gradient_norms").EnumerateObject())
            Parity.Check("training", "gradient norms", Math.Abs(gradients[norm.Name].norm().item<float>() / norm.Value.GetDouble() - 1),
                5e-5, $"{name} {norm.Name}");
    }

    [Theory]
    [MemberData(nameof(GradientFiles))]
    public void EveryGradient(string name, bool recompute, int frames)
    {
        using var scope = NewDisposeScope();
        var talker = TrainingGolden.Talker(TrainingGolden.Model(name));
        using var batch = TrainingGolden.Batch(name);
        TrainingStep.Accumulate(talker, [batch], new(recompute, frames));
        using var golden = SafetensorsFile.Open(Golden.File("training", $"gradients_{name.Replace(' ', '_')}.safetensors"));
        var stored = golden.Tensors.Keys.ToHashSet();
        foreach (var (tensor, gradient) in Gradients(talker))
        {
            var expected = stored.Remove(tensor) ? golden.Float32(tensor) : Rows(golden, tensor, gradient.shape, stored);
            Parity.Check("training", "gradients ÷ largest",
                Parity.Difference(TrainingGolden.Values(gradient), expected) / Parity.Largest(expected), 5e-5, $"{name} {tensor}");
        }
        Assert.Empty(stored);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void OneByOneIsTheWholeBatch(string name)
    {
        using var scope = NewDisposeScope();
        var talker = TrainingGolden.Talker(TrainingGolden.Model(name));
        using var batch = TrainingGolden.Batch(name);
        var whole = TrainingStep.Accumulate(talker, [batch]);
        var expected = Gradients(talker).ToDictionary(g => g.Key, g => TrainingGolden.Values(g.Value));
        foreach (var (_, parameter) in TalkerWeights.Named(talker))
            parameter.grad = null;

        var parts = TrainingGolden.Examples(name).Select(e => TrainingGolden.Batch(TrainingGolden.Model(name), [e])).ToList();
        var sums = TrainingStep.Accumulate(talker, parts);
        parts.ForEach(p => p.Dispose());
        Assert.Equal(whole.Counts, sums.Counts);
        Assert.Equal(whole.Total, sums.Total, 1e-5);
        foreach (var (tensor, gradient) in Gradients(talker))
            Parity.Check("training", "one by one ÷ largest",
                Parity.Difference(TrainingGolden.Values(gradient), expected[tensor]) / Parity.Largest(expected[tensor]), 5e-5,
                $"{name} {tensor}");
    }

    [Theory]
    [MemberData(nameof(FaultyBatches))]
    public void LossesUnderEachFault(string model, string fault)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var golden = Golden.Json("faults", "losses.json").GetProperty("batches").GetProperty(model);
        var expected = golden.GetProperty("losses").GetProperty(fault);
        var hypothesis = Hypothesis.All.Single(h => h.Name == (fault == "official_from_its_five_faults" ? "official" : fault));
        using var references = SafetensorsFile.Open(Golden.File("prompts", "references.safetensors"));
        var examples = golden.GetProperty("samples").EnumerateArray()
            .Select(u => GoldenExample.Create(u, GoldenExample.Ids(model, u),
            references.Float32($"{u.GetProperty("ref").GetString()}.{model}.x_vector"), hypothesis)).ToList();
        using var batch = TrainingGolden.Batch(model, examples);
        var talker = TrainingGolden.Talker(model);
        if (expected.TryGetProperty("error", out _))
        {
            Assert.Contains("shape", Assert.Throws<System.Runtime.InteropServices.ExternalException>(
                () => Loss.Compute(talker, batch)).Message);
            return;
        }
        var inputs = talker.Embed(batch);
        if (hypothesis.Faults.HasFlag(FaultSet.MaskBeforeProjection)) // this fault changes the padding of a batch, not an example
            foreach (var (example, sample) in examples.Select((e, i) => (e, i)))
                inputs[sample, example.Positions.Count..] += talker.text_projection.call(zeros(talker.Config.TextHiddenSize));
        TrainingGolden.CheckLosses("faults", $"{model} {fault}", expected, Loss.Compute(talker, batch, inputs).ToNumbers(), 1e-4);
    }

    static Dictionary<string, Tensor> Gradients(TalkerModule talker) =>
        TalkerWeights.Named(talker).Where(p => p.Parameter.grad is not null).ToDictionary(p => p.Name, p => p.Parameter.grad!);

    static float[] Rows(SafetensorsFile golden, string tensor, long[] shape, HashSet<string> stored)
    {
        Assert.True(stored.Remove($"{tensor}.rows") & stored.Remove($"{tensor}.values"));
        var (whole, values) = (new float[shape[0] * shape[1]], golden.Float32($"{tensor}.values"));
        foreach (var (row, i) in golden.Int64($"{tensor}.rows").Select((r, i) => (r, i)))
            values.AsSpan((int)(i * shape[1]), (int)shape[1]).CopyTo(whole.AsSpan((int)(row * shape[1])));
        return whole;
    }

    /// <summary>Each case as a whole, and with gradient checkpointing and a few frames at a time.</summary>
    static IEnumerable<TheoryDataRow<string, bool, int>> InPieces(IEnumerable<string> cases) =>
        cases.SelectMany(c => new TheoryDataRow<string, bool, int>[] { new(c, false, int.MaxValue), new(c, true, 3) });
}
