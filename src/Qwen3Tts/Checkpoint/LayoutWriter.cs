// Writes configurations and weights in a layout. Tensors are copied byte for byte; only their names change.
using System.Text.Encodings.Web;
using System.Text.Json;
using Qwen3Tts.Files;

namespace Qwen3Tts.Checkpoint;

static class LayoutWriter
{
    public const string Config = "config.json";

    /// <summary>Converts the config.json of a folder, which was read without errors.</summary>
    public static void WriteConfig(string from, string to, CheckpointLayout layout, OutputRecord? record = null)
    {
        var path = Path.Combine(from, Config);
        var config = TransformersConfig.Convert(WholeFile.Read(path), path, layout);
        OutputFile.Write(Path.Combine(to, Config), stream =>
        {
            using (var json = new Utf8JsonWriter(stream, new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
                config.WriteTo(json);
            stream.WriteByte((byte)'\n');
        }, record);
    }

    /// <summary>Writes all tensors as <c>model.safetensors</c>, with the metadata of their files.</summary>
    /// <param name="weights">The tensors.</param>
    /// <param name="to">The folder that is being made.</param>
    /// <param name="layout">The layout to write.</param>
    /// <param name="record">The record that gets an entry of the file.</param>
    /// <param name="wrote">Called after each tensor with its number of bytes.</param>
    public static void WriteWeights(Weights weights, string to, CheckpointLayout layout, OutputRecord record, Action<long>? wrote = null)
    {
        var metadata = new Dictionary<string, string>();
        foreach (var (key, value) in weights.Entries.Select(e => weights.FileOf(e.Name)).Distinct().SelectMany(f => f.Metadata))
            if (key != "format") // the writer writes it
                metadata.TryAdd(key, value);
        var tensors = weights.Entries.Select(e =>
        {
            var copy = TensorToWrite.Copy(weights.FileOf(e.Name), e);
            return copy with
            {
                Name = TransformersLayout.Name(e.Name, layout),
                Write = stream =>
                {
                    copy.Write(stream);
                    wrote?.Invoke(e.Bytes);
                },
            };
        }).ToList();
        SafetensorsWriter.Write(Path.Combine(to, "model.safetensors"), tensors, metadata, record);
    }

    /// <summary>The layout of a codec; null if its configuration cannot be read.</summary>
    public static CheckpointLayout? OfCodec(string folder) => Path.Combine(folder, Config) is var path && File.Exists(path)
        ? TransformersConfig.Complete(WholeFile.Read(path), path).Layout?.Layout : null;

    /// <summary>Writes a codec in a layout, with its other files.</summary>
    /// <exception cref="InvalidDataException">The codec is damaged.</exception>
    public static void WriteCodec(string from, string to, CheckpointLayout layout, OutputRecord record, Action<long>? wrote = null)
    {
        var config = CodecConfig.Read(Path.Combine(from, Config));
        using var weights = Weights.Open(from, layout: config.Layout);
        WriteWeights(weights, to, layout, record, wrote);
        WriteConfig(from, to, layout, record);
        SideFiles.CopyFiles(from, to, Config);
    }
}
