// The networks that a model folder holds beside its codec, made in one place for speaking, for the doctor's check and for reports.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Speaker;
using Qwen3Tts.Talker;

namespace Qwen3Tts.Loading;

static class ModelNetworks
{
    /// <summary>The talker, and the speaker encoder where the model clones with it; another kind of model may keep the encoder's tensors,
    /// as exporters of whole fine-tunes do.</summary>
    /// <exception cref="InvalidDataException">Tensors do not fit config.json; the message names all of them.</exception>
    /// <param name="model">The model.</param>
    /// <param name="workers">Who computes.</param>
    /// <param name="type">The type to which linear layers are converted, Int8 or Int4; null to keep the stored type.</param>
    /// <param name="map">True to map the file instead of copying weights. A file that is cut short while it is mapped ends the
    /// process.</param>
    /// <param name="report">Told the share of the tensors that are read; what it throws ends the reading.</param>
    /// <param name="cache">Keeps converted weights for the next time, unless an adapter changes them; null to convert each time.</param>
    public static (TalkerModel Talker, SpeakerEncoder? Encoder) Load(ModelFolder model, Workers workers, WeightType? type = null,
        bool map = false, Action<double>? report = null, QuantizedCache? cache = null)
    {
        using var weights = model.OpenWeights(map);
        var kept = type is null || model.HasAdapter ? null : cache;
        var fingerprint = kept is null ? "" : QuantizedCache.FingerprintOf(weights);
        using var before = kept?.Open(weights, type!.Value, fingerprint, map);
        weights.Report = report;
        weights.ConvertedBefore = before;
        weights.Converts = type is { } to ? name => QuantizedModel.TypeOf(name, to) : null;
        var networks = ModelFolder.LoadFrom(weights, model.Config.CanClone ? [TensorNames.Talker, TensorNames.SpeakerEncoder]
            : [TensorNames.Talker], w => (Talker(model, w, workers), model.Config.CanClone ? Encoder(model, w, workers) : null));
        if (weights.ConvertedNow.Count > 0)
            kept?.Save(weights, type!.Value, fingerprint);
        return networks;
    }

    /// <summary>Holds the talker's tensors against config.json, without loading them.</summary>
    /// <exception cref="InvalidDataException">They do not fit.</exception>
    public static void CheckTalker(ModelFolder model) =>
        model.CheckTensors([TensorNames.Talker], weights => Talker(model, weights, Workers.Shared));

    /// <summary>The same for the speaker encoder.</summary>
    /// <exception cref="InvalidDataException">They do not fit.</exception>
    public static void CheckEncoder(ModelFolder model) =>
        model.CheckTensors([TensorNames.SpeakerEncoder], weights => Encoder(model, weights, Workers.Shared));

    static TalkerModel Talker(ModelFolder model, Weights weights, Workers workers) => new(weights, model.Config.TalkerConfig, workers);

    static SpeakerEncoder Encoder(ModelFolder model, Weights weights, Workers workers) =>
        new(weights, model.Config.SpeakerEncoderConfig!, workers);
}
