// A model folder, released or fine-tuned, in the official layout or in that of Hugging Face transformers' own integration.
using System.Text.Json.Serialization;
using Qwen3Tts.Files;

namespace Qwen3Tts.Checkpoint;

/// <summary>
/// generation_config.json: the default sampling of the talker and of the code predictor ("subtalker"). A key that is absent is null; then
/// the default of the sampling options applies.
/// </summary>
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

    /// <summary>Path of the file, for messages about its values.</summary>
    [JsonIgnore]
    public string? Place { get; init; }
}

/// <summary>A model on disk. Opening it reads the configuration; the networks read the weights.</summary>
sealed class ModelFolder
{
    readonly Adapter? _adapter;
    string? _codec;

    ModelFolder(string path, ModelConfig config, GenerationConfig generation, Adapter? adapter) =>
        (Path, Config, Generation, _adapter) = (path, config, generation, adapter);

    public string Path { get; }
    public ModelConfig Config { get; }
    public GenerationConfig Generation { get; }

    /// <summary>The conditions of the fine-tuning, if this program trained the model; otherwise null.</summary>
    public RunManifest? Manifest { get; private init; }

    /// <summary>The codec's folder: <c>speech_tokenizer</c>, or a folder beside the model where the layout has it there.</summary>
    public string CodecPath => _codec ?? TransformersLayout.CodecFolder(Path, Config.Layout);

    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">The folder holds no config.json.</exception>
    /// <exception cref="InvalidDataException">config.json or generation_config.json is not that of a Qwen3-TTS model.</exception>
    public static ModelFolder Open(string path)
    {
        CheckIsThere(path);
        var config = System.IO.Path.Combine(path, "config.json");
        if (!File.Exists(config))
            throw new FileNotFoundException($"'{path}' holds no config.json. "
                + (Exported(path) is { } model ? $"Name the model inside: {model}" : "Name the folder of a Qwen3-TTS model."));
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

    /// <summary>The model that a training exported into its folder, 'train' or 'voice'; null if there is none.</summary>
    static string? Exported(string folder) =>
        new[] { System.IO.Path.Combine(folder, "export"), System.IO.Path.Combine(folder, "run", "export") }
            .FirstOrDefault(export => File.Exists(System.IO.Path.Combine(export, "config.json")));

    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static void CheckIsThere(string path)
    {
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException(
                $"There is no folder '{path}'. Name the folder of a Qwen3-TTS model: the one that holds config.json.");
    }

    /// <summary>The model with the codec of another folder.</summary>
    public ModelFolder WithCodec(string folder) => new(Path, Config, Generation, _adapter) { Manifest = Manifest, _codec = folder };

    /// <summary>
    /// The model with an adapter: the configuration has the adapter's speakers, and the weights that are read have its changes.
    /// </summary>
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
            _codec = _codec,
        };
    }

    /// <summary>True if an adapter was added: then the weights are not those of the files.</summary>
    public bool HasAdapter => _adapter is not null;

    /// <summary>The weights of talker, code predictor and speaker encoder.</summary>
    /// <param name="map">True to not copy large tensors: the file must not change while they are used.</param>
    /// <exception cref="InvalidDataException">An adapter was added that belongs to other weights.</exception>
    public Weights OpenWeights(bool map = false)
    {
        var weights = Weights.Open(Path, map, Config.Layout);
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

    /// <summary>
    /// Creates networks from the weights. This is the only rule for the content of a checkpoint: the requested parts have exactly the
    /// tensors that their networks need, the other part may be there or not, and there are no other tensors. All names and shapes are
    /// checked against the headers of the files before a number is read.
    /// </summary>
    /// <param name="parts">The requested parts: <see cref="TensorNames.Talker"/>, <see cref="TensorNames.SpeakerEncoder"/> or both.</param>
    /// <param name="networks">Creates the networks. Called twice, the first time with weights that hold no numbers.</param>
    /// <param name="map">True to not copy large tensors: the file must not change while they are used.</param>
    /// <exception cref="InvalidDataException">Tensors are missing, have another shape or were not requested. The message names all of
    /// them.</exception>
    public T Load<T>(IReadOnlyList<string> parts, Func<Weights, T> networks, bool map = false)
    {
        using var weights = OpenWeights(map);
        return LoadFrom(weights, parts, networks);
    }

    /// <summary>The same from weights that are open.</summary>
    public static T LoadFrom<T>(Weights weights, IReadOnlyList<string> parts, Func<Weights, T> networks) =>
        weights.Load(networks, Others(parts));

    /// <summary>As <see cref="Load"/>, but only checks names and shapes.</summary>
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

    /// <summary>Reports a missing folder with one error, instead of one error for each of its files.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    public static void CheckCodecFolder(string path)
    {
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException(
                $"There is no folder '{path}', which holds the codec. Copy the folder 'speech_tokenizer' from the model that this one " +
                $"was made from; if the codec has a repository of its own, download that into this folder.");
    }
}
