// The shapes of the released models, to plan and measure without their weights.
using System.Text.Json;
using Qwen3Tts.Checkpoint;

namespace Qwen3Tts.Training.Model;

static class Shapes
{
    public static IReadOnlyList<string> Names { get; } = ["0.6B", "1.7B"];

    /// <param name="name">One of <see cref="Names"/>.</param>
    public static ModelConfig Released(string name)
    {
        using var stream = typeof(Shapes).Assembly.GetManifestResourceStream(name)!;
        return JsonSerializer.Deserialize(stream, ConfigJson.Default.ModelConfig)!;
    }

    /// <summary>The configuration of a model folder, or of a released model that is named by its size.</summary>
    public static ModelConfig Load(string model) => Names.Contains(model) ? Released(model) : ModelFolder.Open(model).Config;
}
