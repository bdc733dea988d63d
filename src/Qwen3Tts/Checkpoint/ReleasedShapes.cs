// The shapes of the released models, for planning and measuring without their weights.
using System.Text.Json;

namespace Qwen3Tts.Checkpoint;

static class ReleasedShapes
{
    public static IReadOnlyList<string> Names { get; } = ["0.6B", "1.7B"];

    /// <param name="name">One of <see cref="Names"/>.</param>
    public static ModelConfig Model(string name) => JsonSerializer.Deserialize(Json(name), ConfigJson.Default.ModelConfig)!;

    /// <summary>Of a model folder, or of a released model by its size.</summary>
    public static ModelConfig Load(string model) => Names.Contains(model) ? Model(model) : ModelFolder.Open(model).Config;

    /// <summary>The config.json of a released model, or, for <c>codec</c>, of its speech_tokenizer.</summary>
    public static byte[] Json(string name)
    {
        using var stream = typeof(ReleasedShapes).Assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
