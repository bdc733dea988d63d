using System.Text.Json.Nodes;
using Qwen3Tts.Checkpoint;

namespace Qwen3Tts.Tests;

/// <summary>
/// The miniature, with its text widened by zeros to the width of the talker. text_projection gives the same numbers, and text can also be
/// used without it, as in the official script. For models with two different widths, that script stops with an error.
/// </summary>
static class WidenedMini
{
    static readonly Lazy<string> Written = new(() => Write(Mini.Model, Scratch.New("widened")));

    /// <summary>Path of the folder, which is written once per process.</summary>
    public static string Model => Written.Value;

    /// <summary>Writes it into a folder that stays, unless it is there already.</summary>
    public static string In(string folder) =>
        Path.Combine(folder, "model") is var target && Directory.Exists(target) ? target : Write(Mini.Model, target);

    static string Write(string model, string target)
    {
        var talker = ModelFolder.Open(model).Config.TalkerConfig;
        var (narrow, wide) = (talker.TextHiddenSize, talker.HiddenSize);
        Assert.SkipWhen(narrow > wide, "Text is wider than the talker here, and zeros cannot make it narrower.");
        foreach (var file in Directory.GetFiles(model, "*", SearchOption.AllDirectories).Where(f => !Golden.HoldsWeights(f, model)))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(target, Path.GetRelativePath(model, file)))!);
            File.Copy(file, Path.Combine(target, Path.GetRelativePath(model, file)));
        }
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(model, "config.json")))!;
        config["talker_config"]!["text_hidden_size"] = wide;
        File.WriteAllText(Path.Combine(target, "config.json"), config.ToJsonString());
        using var weights = Weights.Open(model);
        SafetensorsWriter.Write(Path.Combine(target, "model.safetensors"), [.. weights.Entries.Select(e => e.Name switch
        {
            "talker.model.text_embedding.weight" or "talker.text_projection.linear_fc2.weight" => Widened(e, e.Shape[0], wide),
            "talker.text_projection.linear_fc1.weight" => Widened(e, wide, wide),
            "talker.text_projection.linear_fc1.bias" => Widened(e, wide),
            _ => TensorToWrite.Copy(weights.FileOf(e.Name), e),
        })]);
        return target;

        TensorToWrite Widened(TensorEntry entry, params int[] shape)
        {
            var (from, to) = (weights.FileOf(entry.Name).BFloat16(entry.Name), new ushort[shape.Aggregate((a, b) => a * b)]);
            var (rows, columns) = shape.Length == 1 ? (1, narrow) : (entry.Shape[0], entry.Shape[1]);
            for (var row = 0; row < rows; row++)
                from.AsSpan(row * columns, columns).CopyTo(to.AsSpan(row * wide));
            return TensorToWrite.FromArray(entry.Name, shape, to);
        }
    }
}
