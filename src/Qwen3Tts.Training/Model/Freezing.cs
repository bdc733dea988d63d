// Which tensors are trained and which are frozen, by the checkpoint's names. A frozen tensor has no gradient, no master weight and no
// moments. text_embedding is frozen by default: it is a third of the small model, and the makers of the official voices did not train it.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Options;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Model;

static class Freezing
{
    /// <summary>
    /// Sets which tensors of a loaded talker are trained, by the method. The rows of the model's own speakers are never trained.
    /// </summary>
    /// <exception cref="ArgumentException">A part that is to be frozen or adapted is unknown.</exception>
    public static void Apply(TalkerModule talker, TrainingMethod method)
    {
        talker.TrainsSpeakers = false;
        if (method.Lora is { } lora)
            Lora.Apply(talker, lora);
        else
            Apply(talker, method.Frozen);
    }

    /// <summary>
    /// Lists every tensor of a model, and whether this method trains it. It needs no memory, because the talker is created with shapes and
    /// without storage.
    /// </summary>
    public static IReadOnlyList<TensorSize> ListTensors(TalkerConfig config, TrainingMethod method)
    {
        using var scope = NewDisposeScope();
        using var talker = new TalkerModule(config, Placement.Create(method, new Device(DeviceType.META)));
        Apply(talker, method);
        return [.. TalkerWeights.Named(talker).Select(p => new TensorSize(p.Name, p.Parameter.numel(), p.Parameter.requires_grad))];
    }

    /// <summary>
    /// Freezes every tensor whose name has one of the groups as whole parts, such as <c>code_predictor</c>,
    /// <c>talker.model.codec_embedding</c> or <c>layers.0</c>; trains all others.
    /// </summary>
    /// <exception cref="ArgumentException">A group names nothing, or together they name everything.</exception>
    public static void Apply(TalkerModule talker, IReadOnlyList<string> groups)
    {
        var parameters = TalkerWeights.Named(talker).ToList();
        foreach (var group in groups)
            if (!parameters.Any(p => In(p.Name, group)))
            {
                var parts = parameters.SelectMany(p => p.Name.Split('.').SkipLast(1)).Where(part => !int.TryParse(part, out _)).Distinct();
                throw new ArgumentException(
                    $"'{group}' names no part of the model. Name parts such as {string.Join(", ", parts.Take(12))}.");
            }
        foreach (var (name, parameter) in parameters)
            parameter.requires_grad = !groups.Any(group => In(name, group));
        if (!parameters.Any(p => p.Parameter.requires_grad))
            throw new ArgumentException($"Nothing is left to train when {string.Join(", ", groups)} are frozen. Freeze less.");
    }

    /// <summary>The trained tensors, for the optimizer.</summary>
    public static IEnumerable<(string Name, Parameter Parameter)> ListTrained(TalkerModule talker) =>
        TalkerWeights.Named(talker).Where(p => p.Parameter.requires_grad);

    static bool In(string name, string group) => $".{name}.".Contains($".{group}.", StringComparison.Ordinal);
}
