// The training step against the same step written plainly, in one process: plain is one graph over everything and AdamW as its formulas
// stand, each over a whole tensor. Weights and data are random; the shape is a released model's. Time is taken first, then memory, because
// to see what is alive the allocator has to give everything back at once, which costs time.
using System.Diagnostics;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;
using Qwen3Tts.Training.Modules;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Qwen3Tts.Training;

sealed record TrainingBenchOptions
{
    public required ModelConfig Model { get; init; }
    /// <summary>Ways to train that are measured beside the plain step.</summary>
    public IReadOnlyList<Way> Ways { get; init; } = [new() { Precision = Precision.Mixed, Pieces = new(false, 128) }];
    /// <summary>Clips of a step; computed together.</summary>
    public int Batch { get; init; } = 4;
    public int Frames { get; init; } = 125; // ten seconds
    public int TextTokens { get; init; } = 40;
    public string Language { get; init; } = "Auto";
    /// <summary>Timed steps; one more goes before.</summary>
    public int Steps { get; init; } = 3;
    public Device Device { get; init; } = CPU;
}

/// <param name="Seconds">Of each timed step.</param>
/// <param name="PeakBytes">The most that lives at one time, weights included; null where the system does not say.</param>
/// <param name="Loss">Of the last step.</param>
/// <param name="Plan">What memory it was planned to take; null of the plain step.</param>
/// <param name="Kernel">How it updates.</param>
sealed record StepCost(IReadOnlyList<double> Seconds, long? PeakBytes, double Loss, MemoryPlan? Plan, string Kernel)
{
    public double Median => Seconds.Order().ElementAt(Seconds.Count / 2);
}

/// <param name="Tokens">Positions of a step that pass the talker.</param>
/// <param name="Plain">The step written plainly: BF16 weights, float32 masters and moments.</param>
/// <param name="Ways">The steps as they are trained with.</param>
sealed record TrainingBenchResult(int Tokens, StepCost Plain, IReadOnlyList<(Way Way, StepCost Cost)> Ways);

static class TrainingBench
{
    static readonly Way Plain = new() { Precision = Precision.Mixed };

    public static TrainingBenchResult Run(TrainingBenchOptions options, Action<string> tell, CancellationToken stop = default)
    {
        PeakMemory.KeepFreed(); // as training does; for the plain step, too
        var ids = options.Model.SpecialTokens(newline: 198);
        var examples = Enumerable.Range(0, options.Batch).Select(i => Example(options, ids, new Random(i))).ToList();
        var talker = options.Model.TalkerConfig;
        StepCost Measured(Way? way, string name)
        {
            tell($"timing {name}");
            var (seconds, loss, kernel) = Steps(options, examples, way, options.Steps, stop);
            tell($"memory of {name}");
            long? peak = PeakMemory.Supported ? PeakMemory.Of(() => Steps(options, examples, way, 1, stop)) : null;
            var plan = way is null ? null : MemoryPlan.Of(talker, MemoryPlan.Tensors(talker, way), way, new(options.Batch, examples.Max(e => e.Positions.Count), options.Frames), several: false, options.Device.type == TorchSharp.DeviceType.CPU);
            return new(seconds, peak, loss, plan, kernel);
        }
        var plain = Measured(null, "the plain step");
        return new(examples.Sum(e => e.Positions.Count), plain, [.. options.Ways.Select(way => (way, Measured(way, Name(way))))]);
    }

    public static string Name(Way way) => TrainingOptions.Written(way.Precision) + (way.Pieces.RecomputeLayers ? ", layers computed again" : "");

    /// <summary>One step to warm up, then the timed ones, on a model of its own; plain where no way is given.</summary>
    static (List<double> Seconds, double Loss, string Kernel) Steps(TrainingBenchOptions options, List<TrainingExample> examples, Way? way, int count, CancellationToken stop)
    {
        const double Rate = 1e-5, LargestNorm = 1;
        using var scope = NewDisposeScope();
        using var talker = Random(options.Model.TalkerConfig, (way ?? Plain).On(options.Device));
        (way ?? Plain).Apply(talker);
        using var batch = new TrainingBatch(examples, options.Model.TalkerConfig.CodecEosTokenId, options.Device);
        using var optimizer = way?.Optimizer(talker, new());
        using var formulas = way is null ? new PlainAdamW([.. Freezing.Trained(talker).Select(p => p.Parameter)]) : null;
        var (seconds, loss) = (new List<double>(), 0.0);
        for (var step = 0; step <= count; step++)
        {
            stop.ThrowIfCancellationRequested();
            var watch = Stopwatch.StartNew();
            loss = formulas is null ? TrainingStep.Run(talker, [batch], optimizer!, Rate, LargestNorm, way!.Pieces).Loss.Total : PlainStep(talker, batch, formulas, Rate, LargestNorm);
            seconds.Add(watch.Elapsed.TotalSeconds);
        }
        return (seconds[1..], loss, optimizer?.Kernel ?? "its formulas");
    }

    static double PlainStep(TalkerModule talker, TrainingBatch batch, PlainAdamW optimizer, double rate, double largestNorm)
    {
        using var scope = NewDisposeScope();
        var loss = Loss.Of(talker, batch);
        loss.Share(batch.Counts).backward();
        optimizer.Step(rate, largestNorm);
        return loss.Sums().Total;
    }

    public static TalkerModule Random(TalkerConfig config, Placement on)
    {
        using var still = no_grad();
        random.manual_seed(1);
        var talker = new TalkerModule(config, on);
        using var noise = empty(1 << 20, dtype: on.Type, device: on.Device).normal_(0, 0.02); // drawn once: half a billion draws would take longer than what is measured
        foreach (var parameter in talker.parameters())
            if (parameter.dim() == 1)
                parameter.fill_(Sums.One);
            else
                foreach (var part in parameter.detach().view(-1).split(noise.numel()))
                    part.copy_(noise.narrow(0, 0, part.numel()));
        return talker;
    }

    public static TrainingExample Example(TrainingBenchOptions options, SpecialTokens ids, Random random, float[]? voice = null)
    {
        var talker = options.Model.TalkerConfig;
        var sequence = TalkerSequence.Prompt(new Utterance { Text = [.. Enumerable.Range(0, options.TextTokens).Select(_ => random.Next(talker.TextVocabSize))], Voice = voice ?? new float[talker.HiddenSize], Language = options.Language }, ids);
        for (var i = 0; i < options.Frames; i++)
            sequence.Append(new CodecStep.Frame([.. Enumerable.Range(0, talker.NumCodeGroups).Select(_ => random.Next(talker.CodePredictorConfig.VocabSize))]));
        sequence.AppendEnd();
        return TrainingExample.Of(sequence, ids);
    }

    /// <summary>The textbook: float32 masters and moments, formula by formula, each over a whole tensor.</summary>
    sealed class PlainAdamW : IDisposable
    {
        readonly List<(Parameter Weight, Tensor Master, Tensor Mean, Tensor Square)> _slots;
        int _steps;

        public PlainAdamW(List<Parameter> weights)
        {
            using var still = no_grad();
            _slots = [.. weights.Select(w => (w, w.detach().to(ScalarType.Float32).DetachFromDisposeScope(), zeros(w.shape, device: w.device).DetachFromDisposeScope(), zeros(w.shape, device: w.device).DetachFromDisposeScope()))];
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
                mean.mul_(beta1).add_(gradient.mul(new1), Sums.One);
                square.mul_(beta2).add_(gradient.mul(gradient).mul(new2), Sums.One);
                master.addcdiv_(mean.div(bias1).mul(step).neg(), square.div(bias2).sqrt().add(epsilon, Sums.One), Sums.One);
                weight.copy_(master);
                weight.grad = null;
            }
        }

        public void Dispose() => _slots.ForEach(s => { s.Master.Dispose(); s.Mean.Dispose(); s.Square.Dispose(); });
    }
}
