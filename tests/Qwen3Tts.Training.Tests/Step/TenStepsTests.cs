using System.Text.Json;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Optimizer;
using Qwen3Tts.Training.Step;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

/// <summary>Ten steps with each kernel of the optimizer give the losses, norms and weights of ten official steps.</summary>
public sealed class TenStepsTests
{
    static readonly string[] Kernels = Enum.GetNames<UpdateKernel>();

    public static IEnumerable<TheoryDataRow<string, string, string>> Steps =>
        TrainingGolden.Pairs(Golden.Json("training", "steps.json").GetProperty("cases"), c => c)
        .SelectMany(r => Kernels, (r, kernel) => new TheoryDataRow<string, string, string>(r.Data.Item1, r.Data.Item2, kernel));
    public static TheoryData<string, string> WeightFiles =>
        new MatrixTheoryData<string, string>(TrainingGolden.CasesOfFiles("weights_after_10_steps_").Select(r => r.Data), Kernels);

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
                TrainingGolden.CheckLosses("ten steps, losses", $"{name}, {mode}, step {step}", expected, report.Loss, 5e-5);
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
}
