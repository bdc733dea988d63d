// A model folder in the official Hugging Face layout, released or fine-tuned: what is in it, and where.
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
}

/// <summary>A model on disk. Opening reads the configuration; the weights are read by the networks.</summary>
sealed class ModelFolder
{
    ModelFolder(string path, ModelConfig config, GenerationConfig generation) => (Path, Config, Generation) = (path, config, generation);

    public string Path { get; }
    public ModelConfig Config { get; }
    public GenerationConfig Generation { get; }

    /// <summary>The codec's own folder, <c>speech_tokenizer</c>.</summary>
    public string CodecPath => System.IO.Path.Combine(Path, "speech_tokenizer");

    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">The folder holds no config.json.</exception>
    /// <exception cref="InvalidDataException">config.json or generation_config.json is not what a Qwen3-TTS model has.</exception>
    public static ModelFolder Open(string path)
    {
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException($"There is no folder '{path}'. Name the folder of a Qwen3-TTS model: the one that holds config.json.");
        var config = System.IO.Path.Combine(path, "config.json");
        if (!File.Exists(config))
            throw new FileNotFoundException($"'{path}' holds no config.json. Name the folder of a Qwen3-TTS model.");
        var generation = System.IO.Path.Combine(path, "generation_config.json");
        return new(path, ConfigFile.ReadModel(config), File.Exists(generation) ? ConfigFile.Read(generation, ConfigJson.Default.GenerationConfig) : new());
    }

    /// <summary>The weights of talker, code predictor and speaker encoder.</summary>
    public Weights OpenWeights() => Weights.Open(Path);

    /// <summary>The weights of the codec.</summary>
    public Weights OpenCodecWeights() => Weights.Open(CodecPath);
}
