// Which tensors are trained and which are frozen, by the checkpoint's names. A frozen tensor has no gradient, no master weight and no
// moments. text_embedding is frozen by default: it is a third of the small model, and the makers of the official voices did not train it.
using Qwen3Tts.Training.Modules;
using TorchSharp.Modules;

namespace Qwen3Tts.Training;

static class Freezing
{
    public static IReadOnlyList<string> Default { get; } = ["text_embedding"];

    /// <summary>Freezes every tensor whose name has one of the groups as whole parts, such as <c>code_predictor</c>, <c>talker.model.codec_embedding</c> or <c>layers.0</c>; trains all others.</summary>
    /// <exception cref="ArgumentException">A group names nothing, or together they name everything.</exception>
    public static void Apply(TalkerModule talker, IReadOnlyList<string> groups)
    {
        var parameters = TalkerWeights.Named(talker).ToList();
        foreach (var group in groups)
            if (!parameters.Any(p => In(p.Name, group)))
                throw new ArgumentException($"'{group}' names no part of the model. Name parts such as {string.Join(", ", parameters.SelectMany(p => p.Name.Split('.').SkipLast(1)).Where(part => !int.TryParse(part, out _)).Distinct().Take(12))}.");
        foreach (var (name, parameter) in parameters)
            parameter.requires_grad = !groups.Any(group => In(name, group));
        if (!parameters.Any(p => p.Parameter.requires_grad))
            throw new ArgumentException($"Nothing is left to train when {string.Join(", ", groups)} are frozen. Freeze less.");
    }

    /// <summary>What is trained, for the optimizer.</summary>
    public static IEnumerable<(string Name, Parameter Parameter)> Trained(TalkerModule talker) => TalkerWeights.Named(talker).Where(p => p.Parameter.requires_grad);

    static bool In(string name, string group) => $".{name}.".Contains($".{group}.", StringComparison.Ordinal);
}
