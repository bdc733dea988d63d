using System.Text.Json;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Optimizer;
using Qwen3Tts.Training.Step;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

/// <summary>
/// Compares the training engine with the official modules under autograd: inputs, pairs, losses, gradients, steps, and the known faults.
/// </summary>
public sealed class TrainingGoldenTests
{
    public static TheoryData<string> Cases => [.. TrainingGolden.Cases];
    public static IEnumerable<TheoryDataRow<string, bool, int>> CasesInPieces => InPieces(TrainingGolden.Cases);
    public static IEnumerable<TheoryDataRow<string, bool, int>> GradientFiles => InPieces(Named("gradients_").Select(r => r.Data));
    public static TheoryData<string, string> WeightFiles =>
        new MatrixTheoryData<string, string>(Named("weights_after_10_steps_").Select(r => r.Data), Kernels);
    static readonly string[] Kernels = Enum.GetNames<UpdateKernel>();
    public static TheoryData<string> Forwards =>
        [.. Golden.Json("forward", "forward.json").EnumerateObject().Select(m => m.Name)
        .Where(m => File.Exists(Golden.File("forward", $"{m}.safetensors")))];
    public static IEnumerable<TheoryDataRow<string, string, string>> Steps =>
        Pairs(Golden.Json("training", "steps.json").GetProperty("cases"), c => c)
        .SelectMany(r => Kernels, (r, kernel) => new TheoryDataRow<string, string, string>(r.Data.Item1, r.Data.Item2, kernel));
    public static TheoryData<string, string> FaultyBatches =>
        Pairs(Golden.Json("faults", "losses.json").GetProperty("batches"), b => b.GetProperty("losses"));

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
        CheckLosses("losses", name, golden, TrainingStep.Accumulate(talker, [batch], new(recompute, frames)), 1e-5);
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
    [MemberData(nameof(Steps))]
    public void TenSteps(string name, string mode, string kernel)
    {
        using var scope = NewDisposeScope();
        var golden = Golden.Json("training", "steps.json");
        var run = golden.GetProperty("cases").GetProperty(name).GetProperty(mode);
        var talker = Train(name, mode.StartsWith("clipped", StringComparison.Ordinal)
            ? double.Parse(mode.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture)
            : double.PositiveInfinity, golden.GetProperty("optimizer"), kernel,
            [.. run.GetProperty("steps").EnumerateArray()], (step, report, expected) =>
            {
                CheckLosses("ten steps, losses", $"{name}, {mode}, step {step}", expected, report.Loss, 5e-5);
                Parity.Check("training", "ten steps, gradient norm",
                    Math.Abs(report.GradientNorm / expected.GetProperty("gradient_norm").GetDouble() - 1), 5e-5,
                    $"{name}, {mode}, step {step}");
            });
        foreach (var (tensor, parameter) in TalkerWeights.Named(talker))
        {
            var norm = run.GetProperty("final_norms").GetProperty(tensor).GetDouble();
            Parity.Check("training", "ten steps, weight norms",
                Math.Abs(parameter.detach().to(ScalarType.Float64).norm().item<double>() / norm - 1), 5e-5, $"{name}, {mode}, {tensor}");
        }
    }

    [Theory]
    [MemberData(nameof(WeightFiles))]
    public void WeightsAfterTenSteps(string name, string kernel)
    {
        using var scope = NewDisposeScope();
        var golden = Golden.Json("training", "steps.json");
        var talker = Train(name, double.PositiveInfinity, golden.GetProperty("optimizer"), kernel,
            [.. golden.GetProperty("cases").GetProperty(name).GetProperty("not clipped").GetProperty("steps").EnumerateArray()],
            (_, _, _) => { });
        using var file = SafetensorsFile.Open(Golden.File("training", $"weights_after_10_steps_{name.Replace(' ', '_')}.safetensors"));
        var weights = TalkerWeights.Named(talker).ToDictionary(p => p.Name, p => p.Parameter);
        var differences = file.Tensors.Keys
            .SelectMany(n => TrainingGolden.Values(weights[n]).Zip(file.Float32(n), (a, b) => (double)Math.Abs(a - b))).Order().ToList();
        Parity.Check("training", "ten steps, weights", differences[^1], 1e-3, name);
        Parity.Check("training", "ten steps, 99.9 % of weights", differences[(int)(differences.Count * 0.999)], 5e-5, name);
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
        CheckLosses("faults", $"{model} {fault}", expected, Loss.Compute(talker, batch, inputs).ToNumbers(), 1e-4);
    }

    static TalkerModule Train(string name, double clip, JsonElement optimizer, string kernel, List<JsonElement> steps,
        Action<int, TrainingStep.Report, JsonElement> each)
    {
        var talker = TrainingGolden.Talker(TrainingGolden.Model(name));
        var options = new AdamWOptions
        {
            Beta1 = optimizer.GetProperty("betas")[0].GetDouble(),
            Beta2 = optimizer.GetProperty("betas")[1].GetDouble(),
            Epsilon = optimizer.GetProperty("eps").GetDouble(),
            WeightDecay = optimizer.GetProperty("weight_decay").GetDouble(),
            DecayScope = WeightDecayScope.Everything,
            Kernel = Enum.Parse<UpdateKernel>(kernel),
        };
        using var adam = new AdamW(TalkerWeights.Named(talker), options);
        using var batch = TrainingGolden.Batch(name);
        for (var step = 0; step < steps.Count; step++)
            each(step, TrainingStep.Run(talker, [batch], adam, optimizer.GetProperty("lr").GetDouble(), clip), steps[step]);
        return talker;
    }

    static void CheckLosses(string mode, string what, JsonElement golden, Loss.LossSums ours, double tolerance)
    {
        foreach (var (key, value) in new[] { ("talker", ours.Talker), ("predictor", ours.Predictor), ("total", ours.Total),
            ("talker_without_eos", ours.TalkerWithoutEnd), ("eos", ours.End) })
            if (golden.TryGetProperty(key, out var expected)) // the official script reports only the first three
                Parity.Check("training", mode, Math.Abs(value - expected.GetDouble()), tolerance, $"{what}, {key}");
        foreach (var (key, count) in new[] { ("talker_targets", ours.Counts.Talker), ("predictor_targets", ours.Counts.Predictor),
            ("eos_targets", ours.Ends) })
            if (golden.TryGetProperty(key, out var expected))
                Assert.Equal(expected.GetInt64(), count);
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

    static TheoryData<string> Named(string prefix) =>
        [.. Directory.GetFiles(Golden.File("training"), $"{prefix}*.safetensors")
        .Select(f => Path.GetFileNameWithoutExtension(f)[prefix.Length..].Replace('_', ' '))];

    static TheoryData<string, string> Pairs(JsonElement outer, Func<JsonElement, JsonElement> inner)
    {
        var pairs = new TheoryData<string, string>();
        foreach (var o in outer.EnumerateObject())
            foreach (var i in inner(o.Value).EnumerateObject())
                pairs.Add(o.Name, i.Name);
        return pairs;
    }
}
