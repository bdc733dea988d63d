// qwen3tts-train bench: measures time and memory of a training step on this machine, beside the same step written plainly, and the time of
// the doctor.
using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Kernels;
using Qwen3Tts.Training.Bench;
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Options;
using TorchSharp;

namespace Qwen3Tts.Training.Commands;

sealed class BenchCommand : DocumentedCommand
{
    readonly Option<bool> _train = new("--train")
    {
        Description = "Compare a training step with the same step written plainly. Default.",
    };
    readonly Option<bool> _doctor = new("--doctor")
    {
        Description = "Measure the doctor on ten clips of six seconds: a checkpoint alone under every hypothesis, and one of a correct " +
            "training with its base. Writes random weights to the temporary folder, twice the model's size.",
    };
    readonly Option<string> _model = new("--model", "-m")
    {
        Description = $"Shape to measure: {string.Join(" or ", ReleasedShapes.Names)}, or a model's folder. Weights are random.",
        DefaultValueFactory = _ => ReleasedShapes.Names[0],
        HelpName = "SIZE|DIR",
    };
    readonly Option<int?> _layers = new NumberOption<int?>("--layers", new(1, 1000))
    {
        Description = "Number of talker layers, for a machine that is too small for all of them. Default: all.",
    };
    readonly Option<int> _batch = new NumberOption<int>("--batch", new(1, 4096))
    {
        Description = "Number of clips of a step.",
        DefaultValueFactory = _ => 4,
    };
    readonly Option<int> _frames = new NumberOption<int>("--frames", new(1, 100_000))
    {
        Description = "Frames of a clip; a second has 12.5.",
        DefaultValueFactory = _ => 125,
    };
    readonly Option<int> _steps = new NumberOption<int>("--steps", new(1, 100_000))
    {
        Description = "Number of timed steps.",
        DefaultValueFactory = _ => 3,
    };
    readonly Option<Precision?> _precision =
        MethodOptions.Precisions(
        "Types of weights, masters and moments. Default: mixed and bfloat16-moments, without and with --recompute. The plain " +
        "step is mixed.");
    readonly Option<bool> _recompute = MethodOptions.Recompute();
    readonly Option<string?> _device = MethodOptions.Device();
    readonly Option<int?> _threads = CommonOptions.Threads();

    public BenchCommand() : base("bench",
        "Compares time and memory of a training step with the same step written plainly, or measures the time of the doctor.",
        "qwen3tts-train bench --train --layers 4", "qwen3tts-train bench --doctor --model 1.7B",
            "qwen3tts-train bench --train --model 1.7B --device cuda --batch 8 --precision bfloat16-moments")
    {
        Option[] options = [_train, _doctor, _model, _layers, _batch, _frames, _steps, _precision, _recompute, _device, _threads];
        foreach (var option in options)
            Add(option);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        if (parsed.GetValue(_threads) is { } threads)
        {
            torch.set_num_threads(threads);
            // for the doctor: the threads are created when they are first used
            Environment.SetEnvironmentVariable("QWEN3TTS_THREADS", threads.ToString(CultureInfo.InvariantCulture));
        }
        var model = ReleasedShapes.Load(parsed.GetValue(_model)!);
        var all = model.TalkerConfig.NumHiddenLayers;
        if (parsed.GetValue(_layers) is { } layers)
            model = layers >= 1 && layers <= all ? model with { TalkerConfig = model.TalkerConfig with { NumHiddenLayers = layers } }
                : throw new ArgumentException($"--layers is {layers}, and the model has {all}. Give 1 to {all}.");
        var shape = $"{parsed.GetValue(_model)} shape, {model.TalkerConfig.NumHiddenLayers} of {all} talker layers";
        if (parsed.GetValue(_doctor))
            return Doctor(model, shape, stop);
        var options = new TrainingBenchOptions
        {
            Model = model,
            Batch = parsed.GetValue(_batch),
            Frames = parsed.GetValue(_frames),
            Steps = parsed.GetValue(_steps),
            Device = Devices.Choose(parsed.GetValue(_device)),
            Methods = [.. from precision in parsed.GetValue(_precision) is { } one ? new[] { one }
                : [Precision.Mixed, Precision.Bfloat16Moments]
                       from again in parsed.GetResult(_recompute) is not { Implicit: false } ? new[] { false, true }
                           : [parsed.GetValue(_recompute)]
                       select new TrainingMethod { Precision = precision, Checkpointing = new(again, 128) }],
        };
        var result = StatusLine.While("building the model", line => TrainingBench.Run(options, line, stop));
        Console.Out.WriteLine(Text(result, options, shape));
        return CommandRun.Done;
    }

    static int Doctor(ModelConfig model, string shape, CancellationToken stop)
    {
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{shape}, random weights; {DoctorBench.Clips} clips of six seconds; {Workers.Shared.Threads} threads, " +
            $"{RuntimeInformation.OSDescription}"));
        Console.Out.WriteLine("\n| doctor | seconds | positions | passes of a clip through the talker |\n|---|---|---|---|");
        foreach (var (name, withBase) in new[] { ("a checkpoint alone", false), ("one of a correct training, with its base", true) })
        {
            var r = StatusLine.While("building the model", line => DoctorBench.Run(model, withBase, line, stop));
            Console.Out.WriteLine(FormattableString.Invariant($"| {name} | {r.Seconds:0} | {r.Positions} | {r.Runs} |"));
        }
        return CommandRun.Done;
    }

    static string Text(TrainingBenchResult r, TrainingBenchOptions options, string shape)
    {
        static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        static string Memory(long? bytes) => bytes is { } b ? Number($"{b / 1e9:0.00}") : "–";
        string Ratio(double? ours, double? plain) => ours / plain is { } ratio ? Number($"{ratio:0.00}") : "–";
        string Line(string name, StepCost cost) =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {cost.Kernel} | {cost.Median:0.00} | {Ratio(cost.Median, r.Plain.Median)} | " +
                $"{r.Tokens / cost.Median:0} | {Memory(cost.PeakBytes)} | {Ratio(cost.PeakBytes, r.Plain.PeakBytes)} | " +
                $"{Memory(cost.Plan?.Peak)} | {cost.Loss:0.0000} |");
        return string.Join('\n',
        [
            $"{shape}, random weights; {options.Batch} clips of {options.Frames} frames, " +
                $"{options.Device.type.ToString().ToLowerInvariant()}, {torch.get_num_threads()} threads, " +
                $"{RuntimeInformation.OSDescription}",
            "",
            "| step | updated | seconds (median) | of plain | tokens/s | peak GB | of plain | planned | loss |",
            "|---|---|---|---|---|---|---|---|---|",
            Line("written plainly", r.Plain),
            .. r.Methods.Select(m => Line(TrainingBench.Name(m.Method), m.Cost)),
        ]);
    }
}
