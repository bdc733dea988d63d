// Puts the speaker encoder of a Base model into a model that has none, such as a CustomVoice model or a fine-tune of one, so that it can
// clone. The result is of the type base, because both this program and the official package look for an encoder only there; it keeps its
// speakers. The talker is not changed: how well it follows a vector that it was not trained with must be heard. docs/voices.md says more.
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;

namespace Qwen3Tts.Loading;

static class GraftedModel
{
    const string EncoderKey = "speaker_encoder_config";

    /// <summary>Writes a copy of a model with the speaker encoder of another one.</summary>
    /// <param name="model">The model that is to clone.</param>
    /// <param name="donor">The Base model.</param>
    /// <param name="output">Full path of the folder to make.</param>
    /// <param name="progress">Told the share that is done.</param>
    /// <param name="stop">Looked at after each tensor.</param>
    /// <exception cref="InvalidDataException">The other model has no encoder, the widths differ, or tensors do not fit.</exception>
    /// <exception cref="IOException">The folder holds files that this program did not write, or cannot be written.</exception>
    public static void Write(ModelFolder model, ModelFolder donor, string output, Action<double> progress, CancellationToken stop)
    {
        if (!donor.Config.CanClone)
            throw new InvalidDataException($"{donor.Path} is a {donor.Config.TtsModelType} model without a speaker encoder. Name a Base "
                + "model with --encoder.");
        var (width, other) = (model.Config.TalkerConfig.HiddenSize, donor.Config.TalkerConfig.HiddenSize);
        if (width != other)
            throw new InvalidDataException($"{model.Path} has hidden_size {width}, and the speaker encoder of {donor.Path} makes vectors "
                + $"of {other}. Take the Base model of the same size.");
        ModelNetworks.CheckTalker(model);
        ModelNetworks.CheckEncoder(donor);
        using var weights = model.OpenWeights();
        using var encoder = donor.OpenWeights();
        var sources = weights.Entries.Where(e => !IsEncoder(e)).Select(e => (weights, e))
            .Concat(encoder.Entries.Where(IsEncoder).Select(e => (encoder, e))).ToList();
        var (all, done) = (sources.Sum(s => (double)s.e.Bytes), 0.0);
        var tensors = sources.ConvertAll(s => TensorToWrite.Copy(s.Item1.FileOf(s.e.Name), s.e) is var copy ? copy with
        {
            Write = stream =>
            {
                copy.Write(stream);
                stop.ThrowIfCancellationRequested();
                progress(Math.Min(1, (done += s.e.Bytes) / all));
            },
        } : copy);
        OutputFolder.Write(output, aside =>
        {
            SafetensorsWriter.Write(Path.Combine(aside, "model.safetensors"), tensors, Metadata(weights), OutputRecord.At(aside));
            OutputFile.WriteText(Path.Combine(aside, LayoutWriter.Config), Config(model, donor) + "\n");
            SideFiles.Copy(model, aside, LayoutWriter.Config);
            var grafted = ModelFolder.Open(aside); // what cannot be read back gets no name
            ModelNetworks.CheckTalker(grafted);
            ModelNetworks.CheckEncoder(grafted);
        });
    }

    static bool IsEncoder(TensorEntry entry) => TensorNames.IsIn(entry.Name, TensorNames.SpeakerEncoder);

    /// <summary>The model's metadata, which say how quantised weights are stored.</summary>
    static Dictionary<string, string> Metadata(Weights weights) =>
        weights.Entries.Select(e => weights.FileOf(e.Name)).Distinct().SelectMany(f => f.Metadata).Where(m => m.Key != "format")
            .DistinctBy(m => m.Key).ToDictionary();

    static string Config(ModelFolder model, ModelFolder donor)
    {
        JsonObject Read(ModelFolder from) => ConfigFile.ReadOfficial(Path.Combine(from.Path, LayoutWriter.Config));
        var config = Read(model);
        config["tts_model_type"] = "base";
        config[EncoderKey] = Read(donor)[EncoderKey]!.DeepClone();
        return config.ToJsonString(new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }
}
