// Compares the training step with the same step written plainly, in one process. The plain step has one autograd graph for everything, and
// AdamW as formulas on whole tensors. Weights and data are random; the shapes are those of a released model. Time is measured first and
// memory afterwards, because measuring memory makes the allocator return every freed block at once, which costs time.
using System.Diagnostics;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Step;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Bench;

sealed record TrainingBenchOptions
{
    public required ModelConfig Model { get; init; }
    /// <summary>Training methods that are measured in addition to the plain step.</summary>
    public IReadOnlyList<TrainingMethod> Methods { get; init; } = [new() { Precision = Precision.Mixed, Checkpointing = new(false, 128) }];
    /// <summary>Number of clips of a step, which are computed together.</summary>
    public int Batch { get; init; } = 4;
    public int Frames { get; init; } = 125; // ten seconds
    public int TextTokens { get; init; } = 40;
    public string Language { get; init; } = "Auto";
    /// <summary>Number of timed steps; one step before them is not timed.</summary>
    public int Steps { get; init; } = 3;
    public Device Device { get; init; } = CPU;
}

/// <param name="Seconds">Duration of each timed step.</param>
/// <param name="PeakBytes">The largest memory at one time, including weights; null if the system does not report it.</param>
/// <param name="Loss">Loss of the last step.</param>
/// <param name="Plan">The planned memory; null for the plain step.</param>
/// <param name="Kernel">The kernel of the optimizer, in words.</param>
sealed record StepCost(IReadOnlyList<double> Seconds, long? PeakBytes, double Loss, MemoryPlan? Plan, string Kernel)
{
    public double Median => Seconds.Order().ElementAt(Seconds.Count / 2);
}

/// <param name="Tokens">Positions of a step that the talker computes.</param>
/// <param name="Plain">The step written plainly: BF16 weights, float32 masters and moments.</param>
/// <param name="Methods">The same step with each training method.</param>
sealed record TrainingBenchResult(int Tokens, StepCost Plain, IReadOnlyList<(TrainingMethod Method, StepCost Cost)> Methods);

static class TrainingBench
{
    static readonly TrainingMethod Plain = new() { Precision = Precision.Mixed };

    public static TrainingBenchResult Run(TrainingBenchOptions options, Action<string> tell, CancellationToken stop = default)
    {
        PeakMemory.KeepFreed(); // as in training, also for the plain step
        var ids = options.Model.SpecialTokens(newline: 198);
        var examples = Enumerable.Range(0, options.Batch).Select(i => Example(options, ids, new Random(i))).ToList();
        var talker = options.Model.TalkerConfig;
        StepCost Measure(TrainingMethod? method, string name)
        {
            tell($"timing {name}");
            var (seconds, loss, kernel) = RunSteps(options, examples, method, options.Steps, stop);
            tell($"memory of {name}");
            long? peak = PeakMemory.Supported ? PeakMemory.Measure(() => RunSteps(options, examples, method, 1, stop)) : null;
            var plan = method is null ? null
                : MemoryPlan.Compute(talker, Freezing.ListTensors(talker, method), method,
                new(options.Batch, examples.Max(e => e.Positions.Count), options.Frames), several: false,
                options.Device.type == TorchSharp.DeviceType.CPU);
            return new(seconds, peak, loss, plan, kernel);
        }
        var plain = Measure(null, "the plain step");
        return new(examples.Sum(e => e.Positions.Count), plain,
            [.. options.Methods.Select(method => (method, Measure(method, Name(method))))]);
    }

    public static string Name(TrainingMethod method) =>
        TrainingOptions.Written(method.Precision) + (method.Checkpointing.RecomputeLayers ? ", gradient checkpointing" : "");

    /// <summary>Runs one step to warm up and then the timed steps, on a new model; without a method the plain step.</summary>
    static (List<double> Seconds, double Loss, string Kernel) RunSteps(
        TrainingBenchOptions options, List<TrainingExample> examples, TrainingMethod? method, int count, CancellationToken stop)
    {
        const double Rate = 1e-5, LargestNorm = 1;
        using var scope = NewDisposeScope();
        using var talker = Random(options.Model.TalkerConfig, Placement.Create(method ?? Plain, options.Device));
        Freezing.Apply(talker, method ?? Plain);
        using var batch = new TrainingBatch(examples, options.Model.TalkerConfig.CodecEosTokenId, options.Device);
        using var optimizer = method is null ? null : TrainingStep.CreateOptimizer(talker, method, new());
        using var formulas = method is null ? new PlainAdamW([.. Freezing.ListTrained(talker).Select(p => p.Parameter)]) : null;
        var (seconds, loss) = (new List<double>(), 0.0);
        for (var step = 0; step <= count; step++)
        {
            stop.ThrowIfCancellationRequested();
            var watch = Stopwatch.StartNew();
            loss = formulas is null ? TrainingStep.Run(talker, [batch], optimizer!, Rate, LargestNorm, method!.Checkpointing).Loss.Total
                : PlainStep(talker, batch, formulas, Rate, LargestNorm);
            seconds.Add(watch.Elapsed.TotalSeconds);
        }
        return (seconds[1..], loss, optimizer?.Kernel ?? "its formulas");
    }

    static double PlainStep(TalkerModule talker, TrainingBatch batch, PlainAdamW optimizer, double rate, double largestNorm)
    {
        using var scope = NewDisposeScope();
        var loss = Loss.Compute(talker, batch);
        loss.Share(batch.Counts).backward();
        optimizer.Step(rate, largestNorm);
        return loss.ToNumbers().Total;
    }

    public static TalkerModule Random(TalkerConfig config, Placement on)
    {
        using var still = no_grad();
        random.manual_seed(1);
        var talker = new TalkerModule(config, on);
        // drawn once: half a billion draws would take longer than what is measured
        using var noise = empty(1 << 20, dtype: on.Type, device: on.Device).normal_(0, 0.02);
        foreach (var parameter in talker.parameters())
            if (parameter.dim() == 1)
                parameter.fill_(Scalars.One);
            else
                foreach (var part in parameter.detach().view(-1).split(noise.numel()))
                    part.copy_(noise.narrow(0, 0, part.numel()));
        return talker;
    }

    public static TrainingExample Example(TrainingBenchOptions options, SpecialTokens ids, Random random, float[]? voice = null)
    {
        var talker = options.Model.TalkerConfig;
        var sequence = TalkerSequence.Prompt(
            new Utterance
            {
                Text = [.. Enumerable.Range(0, options.TextTokens).Select(_ => random.Next(talker.TextVocabSize))],
                Voice = voice ?? new float[talker.HiddenSize],
                Language = options.Language
            }, ids);
        for (var i = 0; i < options.Frames; i++)
            sequence.Append(new CodecStep.Frame(
                [.. Enumerable.Range(0, talker.NumCodeGroups).Select(_ => random.Next(talker.CodePredictorConfig.VocabSize))]));
        sequence.AppendEnd();
        return TrainingExample.FromSequence(sequence, ids);
    }

    /// <summary>AdamW as in the textbook: float32 masters and moments, formula by formula, each over a whole tensor.</summary>
    sealed class PlainAdamW : IDisposable
    {
        readonly List<(Parameter Weight, Tensor Master, Tensor Mean, Tensor Square)> _slots;
        int _steps;

        public PlainAdamW(List<Parameter> weights)
        {
            using var still = no_grad();
            _slots = [.. weights.Select(w =>
                (w, w.detach().to(ScalarType.Float32).DetachFromDisposeScope(), zeros(w.shape, device: w.device).DetachFromDisposeScope(),
                zeros(w.shape, device: w.device).DetachFromDisposeScope()))];
        }

        public void Step(double rate, double largestNorm)
        {
            using var scope = NewDisposeScope();
            using var still = no_grad();
            _steps++;
            using Scalar beta1 = 0.9, new1 = 0.1, beta2 = 0.999, new2 = 0.001, epsilon = 1e-8, step = rate, shrink = 1 - rate * 0.01;
            using Scalar bias1 = 1 - Math.Pow(0.9, _steps), bias2 = 1 - Math.Pow(0.999, _steps);
            var norm = stack(_slots.Select(s => s.Weight.grad!.to(ScalarType.Float32).norm()), 0).norm().item<float>();
            using Scalar factor = Math.Min(1, largestNorm / (norm + 1e-6));
            foreach (var (weight, master, mean, square) in _slots)
            {
                using var each = NewDisposeScope();
                var gradient = weight.grad!.to(ScalarType.Float32).mul(factor);
                if (weight.dim() > 1)
                    master.mul_(shrink);
                mean.mul_(beta1).add_(gradient.mul(new1), Scalars.One);
                square.mul_(beta2).add_(gradient.mul(gradient).mul(new2), Scalars.One);
                master.addcdiv_(mean.div(bias1).mul(step).neg(), square.div(bias2).sqrt().add(epsilon, Scalars.One), Scalars.One);
                weight.copy_(master);
                weight.grad = null;
            }
        }

        public void Dispose() => _slots.ForEach(s => { s.Master.Dispose(); s.Mean.Dispose(); s.Square.Dispose(); });
    }
}
