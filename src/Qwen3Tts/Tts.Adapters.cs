// Adapters beside a loaded model: many voices over one copy of the weights.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;
using Qwen3Tts.Kernels;
using Qwen3Tts.Layers;

namespace Qwen3Tts;

public sealed partial class Tts
{
    const string Suffix = ".weight";

    readonly Lazy<string> _talkerHash;

    /// <summary>Loads an adapter for single speeches of this model.</summary>
    /// <param name="folder">Folder of a LoRA adapter in the layout of PEFT, as training writes it.</param>
    /// <returns>The adapter, for <see cref="SpeechOptions.Adapter"/>.</returns>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the adapter belongs to another model, or changes what is no linear
    /// layer of the talker or of the code predictor.</exception>
    /// <exception cref="NotSupportedException">This model was loaded with an adapter already.</exception>
    public VoiceAdapter LoadAdapter(string folder)
    {
        if (_model.HasAdapter)
            throw new NotSupportedException("This model was loaded with an adapter in its weights. Load the model without one.");
        var adapter = Adapter.Open(folder);
        using (var weights = _model.OpenWeights())
            adapter = adapter.For(weights, _model.Path, () => _talkerHash.Value);
        var pairs = new Dictionary<string, LowRankPair>();
        var bytes = 0L;
        foreach (var (name, a, b, rank, inputs, outputs) in adapter.Products)
        {
            if (!_talker.IsLayer(name[..^Suffix.Length]))
                throw new InvalidDataException($"The adapter '{Printable.Path(folder)}' changes '{Printable.Text(name)}', which is no "
                    + "linear layer of the talker or the code predictor. Load the model with it instead: TtsOptions.Adapter, or say "
                    + "--adapter.");
            pairs.Add(name[..^Suffix.Length], new(Matrix.Create(rank, inputs, a), Matrix.Create(outputs, rank, b)));
            bytes += sizeof(float) * (long)rank * (inputs + outputs);
        }
        return new(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), _talker, new(new(pairs)),
            adapter.Voices, bytes);
    }

    string HashOfTalker()
    {
        using var weights = _model.OpenWeights();
        return Adapter.HashOf(weights);
    }

    /// <summary>The vector of a speaker of the adapter; null if the speech names none of them.</summary>
    /// <exception cref="ArgumentException">The adapter was loaded for another model.</exception>
    float[]? AdaptedSpeaker(SpeechOptions options)
    {
        if (options.Adapter is not { } adapter)
            return null;
        if (!ReferenceEquals(adapter.Owner, _talker))
            throw new ArgumentException($"The adapter '{Printable.Text(adapter.Name)}' was loaded for another model. Load it with this "
                + "one.");
        return string.IsNullOrEmpty(options.Speaker) ? null : adapter.Voices.GetValueOrDefault(SpeakerName.Key(options.Speaker));
    }
}
