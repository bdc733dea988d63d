// A copy of a model with text as wide as its talker, by zeros: the same numbers come out of text_projection, and text can enter without it,
// as the official script lets it. On models of two widths that script stops, and one of its faults cannot be shown.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Model;

static class WidenedText
{
    /// <param name="from">A model whose text is no wider than its talker, in BF16.</param>
    /// <param name="target">The folder to write.</param>
    /// <exception cref="ArgumentException">Its text is wider than its talker.</exception>
    /// <exception cref="InvalidDataException">A tensor of its text is not BF16.</exception>
    public static void Write(ModelFolder from, string target)
    {
        var (narrow, wide) = (from.Config.TalkerConfig.TextHiddenSize, from.Config.TalkerConfig.HiddenSize);
        if (narrow > wide)
            throw new ArgumentException($"The text of '{Printable.Text(from.Path)}' is {narrow} wide and its talker {wide}: zeros cannot "
                + "make it narrower. Take a model whose text is no wider, such as models/mini.");
        OutputFolder.Write(Path.GetFullPath(target), aside =>
        {
            SideFiles.Copy(from, aside, Export.RewrittenFiles);
            var config = ConfigFile.ReadOfficial(Path.Combine(from.Path, "config.json"));
            config["talker_config"]!["text_hidden_size"] = wide;
            OutputFile.WriteText(Path.Combine(aside, "config.json"), config.ToJsonString());
            using var weights = from.OpenWeights();
            SafetensorsWriter.Write(Path.Combine(aside, "model.safetensors"),
                [.. weights.Entries.Select(e => Widened(weights, e, narrow, wide))], record: OutputRecord.At(aside));
        });
    }

    static TensorToWrite Widened(Weights weights, TensorEntry e, int narrow, int wide) => e.Name switch
    {
        TensorNames.TextEmbedding or $"{TensorNames.TextProjection2}.weight" =>
            InZeros(weights, e, narrow, wide, e.Shape[0], wide),
        $"{TensorNames.TextProjection1}.weight" => InZeros(weights, e, narrow, wide, wide, wide),
        $"{TensorNames.TextProjection1}.bias" => InZeros(weights, e, narrow, wide, wide),
        _ => TensorToWrite.Copy(weights.FileOf(e.Name), e),
    };

    static TensorToWrite InZeros(Weights weights, TensorEntry entry, int narrow, int wide, params int[] shape)
    {
        var (from, to) = (weights.FileOf(entry.Name).BFloat16(entry.Name), new ushort[shape.Aggregate((a, b) => a * b)]);
        for (var row = 0; row < (shape.Length == 1 ? 1 : entry.Shape[0]); row++)
            from.Span.Slice(row * narrow, narrow).CopyTo(to.AsSpan(row * wide));
        return TensorToWrite.FromArray(entry.Name, shape, to);
    }
}
