// Writes a model folder in another layout: the same tensors and values under other names.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;

namespace Qwen3Tts.Loading;

static class ConvertedModel
{
    /// <summary>Writes a copy of a model folder in a layout, with the codec in <c>speech_tokenizer</c>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="output">Full path of the folder to make.</param>
    /// <param name="layout">The layout to write.</param>
    /// <param name="progress">Told the share that is done.</param>
    /// <param name="stop">Looked at after each tensor.</param>
    /// <exception cref="InvalidDataException">The model has this layout already, is quantised, or does not fit its
    /// configuration.</exception>
    /// <exception cref="IOException">The codec is missing, or the folder holds files that this program did not write, or cannot be
    /// written.</exception>
    public static void Write(ModelFolder model, string output, CheckpointLayout layout, Action<double> progress, CancellationToken stop)
    {
        ModelNetworks.CheckTalker(model);
        using var weights = model.OpenWeights();
        double all = weights.Entries.Sum(e => e.Bytes);
        using (var codec = model.OpenCodecWeights())
        {
            all += codec.Entries.Sum(e => e.Bytes);
            if (new[] { weights.Layout, codec.Layout, model.Config.Layout }.All(found => found?.Layout == layout))
                throw new InvalidDataException($"{model.Path} is in {TransformersLayout.Describe(layout)} already. Use it as it is.");
        }
        if (layout == CheckpointLayout.Transformers
            && weights.Entries.FirstOrDefault(e => e.Type is ElementType.I8 or ElementType.U8) is { } one)
            throw new InvalidDataException($"{model.Path}: '{one.Name}' is quantised, and transformers does not know this kind of numbers. "
                + "Convert the model that this one was quantised from.");
        var done = 0L;
        void Wrote(long bytes)
        {
            stop.ThrowIfCancellationRequested();
            progress(Math.Min(1, (done += bytes) / all));
        }
        OutputFolder.Write(output, aside =>
        {
            var record = OutputRecord.At(aside);
            LayoutWriter.WriteWeights(weights, aside, layout, record, Wrote);
            LayoutWriter.WriteConfig(model.Path, aside, layout, record);
            LayoutWriter.WriteCodec(model.CodecPath, Path.Combine(aside, TransformersLayout.Codec), layout, record, Wrote);
            SideFiles.CopyFiles(model.Path, aside, LayoutWriter.Config);
            ModelNetworks.CheckTalker(ModelFolder.Open(aside)); // what cannot be read back gets no name
        });
    }
}
