using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Options;
using TorchSharp;

namespace Qwen3Tts.Training.Run;

/// <summary>The settings of a run that were chosen for the memory.</summary>
/// <param name="Options">The options of the run, with these settings filled in.</param>
/// <param name="Memory">The memory plan.</param>
/// <param name="Budget">Bytes that the process may use.</param>
sealed record RunPlan(TrainingOptions Options, MemoryPlan Memory, long Budget)
{
    /// <param name="options">Completed options.</param>
    /// <param name="talker">Configuration of the model's talker.</param>
    /// <param name="longest">Length of the longest clip.</param>
    /// <param name="device">The device to train on.</param>
    /// <exception cref="ArgumentException">Nothing fits; the message says which options would.</exception>
    public static RunPlan Make(TrainingOptions options, TalkerConfig talker, BatchShape longest, torch.Device device)
    {
        var budget = options.Memory is { } size ? MemoryChoice.Parse(size) : Devices.Memory(device);
        var onCpu = device.type == DeviceType.CPU;
        var plan = options.FramesAtATime is null ? Choose(options, talker, longest, device, budget)
            : MemoryPlan.Compute( // the settings were chosen when the run began
                talker, Freezing.ListTensors(talker, options.Method), options.Method, longest with { Samples = options.MicroBatch!.Value },
                options.MicroBatch < options.Batch, onCpu);
        var chosen = options with
        {
            Precision = plan.Method.Precision,
            Recompute = plan.Method.Checkpointing.RecomputeLayers,
            FramesAtATime = plan.Method.Checkpointing.PredictorFrames,
            MicroBatch = plan.MicroBatch.Samples,
            Device = Devices.NameOf(device),
        };
        return new(chosen, plan, budget);
    }

    static MemoryPlan Choose(TrainingOptions options, TalkerConfig talker, BatchShape longest, torch.Device device, long budget)
    {
        var precisions = options.Precision is { } precision ? [precision] : Devices.Precisions(device);
        var constraints = new MemoryConstraints(options.Method, precisions, options.Recompute, options.MicroBatch);
        return MemoryChoice.Choose(
            talker, constraints, longest with { Samples = options.Batch }, budget, method => Freezing.ListTensors(talker, method),
            device.type == DeviceType.CPU);
    }
}
