using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Model;

namespace Qwen3Tts.Tests;

/// <summary>The miniature with text as wide as the talker, so that every fault of the official script can be planted.</summary>
static class WidenedMini
{
    static readonly Lazy<string> Written = new(() => Write(Path.Combine(Scratch.New("widened"), "model")));

    /// <summary>Path of the folder, which is written once per process.</summary>
    public static string Model => Written.Value;

    /// <summary>Writes it into a folder that stays, unless it is there already.</summary>
    public static string In(string folder) =>
        Path.Combine(folder, "model") is var target && Directory.Exists(target) ? target : Write(target);

    static string Write(string target)
    {
        var model = ModelFolder.Open(Mini.Model);
        Assert.SkipWhen(model.Config.TalkerConfig.TextHiddenSize > model.Config.TalkerConfig.HiddenSize,
            "Text is wider than the talker here, and zeros cannot make it narrower.");
        WidenedText.Write(model, target);
        return target;
    }
}
