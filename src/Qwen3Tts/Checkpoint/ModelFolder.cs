// A model folder in the official Hugging Face layout, released or fine-tuned: what is in it, and where.
using System.Text.Json.Serialization;
using Qwen3Tts.Files;

namespace Qwen3Tts.Checkpoint;

/// <summary>generation_config.json: how the talker and the code predictor ("subtalker") are sampled unless the caller says otherwise.
/// An absent key is null, and leaves the default of the sampling options.</summary>
sealed record GenerationConfig
{
    public bool? DoSample { get; init; }
    public double? Temperature { get; init; }
    public int? TopK { get; init; }
    public double? TopP { get; init; }
    public double? RepetitionPenalty { get; init; }
    public bool? SubtalkerDosample { get; init; }
    public double? SubtalkerTemperature { get; init; }
    public int? SubtalkerTopK { get; init; }
    public double? SubtalkerTopP { get; init; }
    public int? MaxNewTokens { get; init; }

    /// <summary>The file, for messages about its values.</summary>
    [JsonIgnore]
    public string? Place { get; init; }
}

/// <summary>A model on disk. Opening reads the configuration; the weights are read by the networks.</summary>
sealed class ModelFolder
{
    readonly Adapter? _adapter;

    ModelFolder(string path, ModelConfig config, GenerationConfig generation, Adapter? adapter) =>
        (Path, Config, Generation, _adapter) = (path, config, generation, adapter);

    public string Path { get; }
    public ModelConfig Config { get; }
    public GenerationConfig Generation { get; }

    /// <summary>What the model was fine-tuned with, where this program did it.</summary>
    public RunManifest? Manifest { get; private init; }

    /// <summary>The codec's own folder, <c>speech_tokenizer</c>.</summary>
    public string CodecPath => System.IO.Path.Combine(Path, "speech_tokenizer");

    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">The folder holds no config.json.</exception>
    /// <exception cref="InvalidDataException">config.json or generation_config.json is not what a Qwen3-TTS model has.</exception>
    public static ModelFolder Open(string path)
    {
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException(
                $"There is no folder '{path}'. Name the folder of a Qwen3-TTS model: the one that holds config.json.");
        var config = System.IO.Path.Combine(path, "config.json");
        if (!File.Exists(config))
            throw new FileNotFoundException($"'{path}' holds no config.json. Name the folder of a Qwen3-TTS model.");
        var generation = System.IO.Path.Combine(path, "generation_config.json");
        return new(path, ConfigFile.ReadModel(config),
            File.Exists(generation) ? ConfigFile.Read(generation, ConfigJson.Default.GenerationConfig) with
            {
                Place = generation,
            } : new(), null)
        {
            Manifest = RunManifest.Read(path),
        };
    }

    /// <summary>The same model with an adapter: its speakers are in the configuration, its changes in the weights that are read.</summary>
    /// <exception cref="InvalidDataException">The adapter's speakers do not fit the model.</exception>
    public ModelFolder With(Adapter adapter)
    {
        var talker = Config.TalkerConfig;
        var speakers = new Dictionary<string, int>(talker.SpkId);
        adapter = adapter.At(talker.FreeRows(adapter.Voices.Count));
        foreach (var (name, row) in adapter.Rows)
            if (!speakers.TryAdd(name, row))
                throw new InvalidDataException(
                    $"Both the adapter and {Path} have a speaker '{Printable.Text(name)}'. Name the model that the adapter was trained " +
                    $"on.");
        return new(Path, Config with { TalkerConfig = talker with { SpkId = speakers } }, Generation, adapter)
        {
            Manifest = RunManifest.Read(adapter.Path) ?? Manifest,
        };
    }

    /// <summary>The weights of talker, code predictor and speaker encoder.</summary>
    /// <exception cref="InvalidDataException">An adapter was added that is of other weights.</exception>
    public Weights OpenWeights()
    {
        var weights = Weights.Open(Path);
        try
        {
            if (_adapter is { } adapter)
                weights.Add(adapter);
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Loads networks. This is the one rule for what a checkpoint may hold: the parts that are asked for have exactly the tensors
    /// that their networks take, the other part may be there or not, and nothing else may. All names and shapes are held against the
    /// headers of the files before a number is read.</summary>
    /// <param name="parts">Some of <see cref="TensorNames.Talker"/> and <see cref="TensorNames.SpeakerEncoder"/>: those whose networks are
    /// made.</param>
    /// <param name="networks">Makes them; called twice, the first time with weights that hold no numbers.</param>
    /// <exception cref="InvalidDataException">Something is missing, misshapen or left over; the message names all of it.</exception>
    public T Load<T>(IReadOnlyList<string> parts, Func<Weights, T> networks)
    {
        using var weights = OpenWeights();
        return weights.Load(networks, Others(parts));
    }

    /// <summary>As <see cref="Load"/>, without loading.</summary>
    public void CheckTensors<T>(IReadOnlyList<string> parts, Func<Weights, T> networks)
    {
        using var weights = OpenWeights();
        weights.Check(networks, Others(parts));
    }

    static Func<string, bool> Others(IReadOnlyList<string> parts) =>
        name => new[] { TensorNames.Talker, TensorNames.SpeakerEncoder }.Except(parts).Any(part => TensorNames.IsIn(name, part));

    /// <summary>The weights of the codec.</summary>
    public Weights OpenCodecWeights()
    {
        CheckCodecFolder(CodecPath);
        return Weights.Open(CodecPath);
    }

    /// <summary>One error for a folder that is not there, instead of one for each of its files.</summary>
    /// <exception cref="DirectoryNotFoundException">There is none.</exception>
    public static void CheckCodecFolder(string path)
    {
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException(
                $"There is no folder '{path}', which holds the codec. Copy the folder 'speech_tokenizer' from the model that this one " +
                $"was made from.");
    }
}
