// Low-rank adaptation: each chosen matrix gets a pair of thin matrices, and only these pairs are trained. The adapter is written in the
// layout of PEFT, so that other programs can load it. Checkpoint.Adapter reads and merges it, for speaking and for the export.
using System.Text.Json;
using System.Text.Json.Nodes;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Options;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Model;

static class Lora
{
    /// <summary>Adds pairs to a loaded talker. From now on only the pairs are trained.</summary>
    /// <exception cref="ArgumentException">The rank is below 1 or above the width of a matrix, or a target is unknown.</exception>
    public static void Apply(TalkerModule talker, LoraOptions options)
    {
        if (options.Rank < 1)
            throw new ArgumentException($"The rank of LoRA is {options.Rank}, and must be 1 or more. 16 is usual.");
        if (options.Targets.Except(LoraOptions.AllTargets).ToList() is { Count: > 0 } unknown || options.Targets.Count == 0)
            throw new ArgumentException(
                $"LoRA is to adapt '{string.Join(", ", options.Targets)}'. Choose from {string.Join(", ", LoraOptions.AllTargets)}.");
        Decoder[] decoders = options.CodePredictor ? [talker.model, talker.code_predictor.model] : [talker.model];
        var adapted = decoders.SelectMany(d => d.layers).SelectMany(l => l.named_modules())
            .Where(m => options.Targets.Contains(m.name.Split('.')[^1]))
            .Select(m => (Linear)m.module).ToList();
        CheckRank(options.Rank, (int)adapted.SelectMany(l => l.parameters()).Where(p => p.dim() == 2).Min(p => p.shape.Min()));
        foreach (var (_, parameter) in TalkerWeights.Named(talker))
            parameter.requires_grad = false;
        using var random = new Generator((ulong)options.Seed);
        foreach (var linear in adapted)
            linear.AddLoraPair(options.Rank, options.Alpha / options.Rank, random);
    }

    /// <summary>
    /// Checks the rank before a pair is allocated: the product of a pair cannot have a higher rank than the matrix that it is added to.
    /// </summary>
    static void CheckRank(int rank, int narrowest)
    {
        if (rank > narrowest)
            throw new ArgumentException(
                $"--lora is {rank}, and the narrowest matrix that it adapts is {narrowest} wide: the largest rank that makes sense is " +
                    $"{Math.Max(1, narrowest - 1)}. " +
                $"Use --lora {Math.Clamp(narrowest / 4, 1, 16)}.");
    }

    /// <summary>Writes the adapter's folder, which is loaded together with its base.</summary>
    /// <param name="folder">Created if missing; files of the same names are replaced.</param>
    /// <param name="talker">A talker that <see cref="Apply"/> was called on.</param>
    /// <param name="options">The options of that call.</param>
    /// <param name="model">The base.</param>
    /// <param name="voices">New speakers with the vectors that training used.</param>
    /// <param name="values">Values of the pairs by name, if an optimizer stores them more exactly than the talker.</param>
    public static void Save(string folder, TalkerModule talker, LoraOptions options, ModelFolder model, IReadOnlyList<NewVoice> voices,
        IReadOnlyDictionary<string, Func<float[]>>? values = null)
    {
        OutputFile.CheckIsNoInput(folder, model.Path);
        using var weights = model.OpenWeights();
        var tensors = Freezing.ListTrained(talker)
            .Select(p => TensorToWrite.FromArray(
                Adapter.Prefix + p.Name, Array.ConvertAll(p.Parameter.shape, d => (int)d),
                values?[p.Name]() ?? p.Parameter.ToFloat32Array())).ToList();
        SafetensorsWriter.Write(Path.Combine(folder, Adapter.TensorsName), tensors,
            new Dictionary<string, string> { [Adapter.BaseKey] = Adapter.HashOf(weights) }, OutputRecord.At(folder));
        SafetensorsWriter.Write(Path.Combine(folder, Adapter.VoicesName),
            [.. voices.Select(v => TensorToWrite.FromArray(Files.SpeakerName.Key(v.Name), [v.Vector.Length], v.Vector))],
            record: OutputRecord.At(folder));
        OutputFile.WriteText(Path.Combine(folder, Adapter.ConfigName),
            Config(options, Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model.Path)))).ToJsonString(Indented)
            + "\n");
    }

    /// <summary>Copies the adapter's values into a talker that <see cref="Apply"/> was called on with the same options.</summary>
    /// <exception cref="InvalidDataException">The adapter has other tensors.</exception>
    public static void Load(string folder, TalkerModule talker)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, Adapter.TensorsName));
        using var still = no_grad();
        var pairs = Freezing.ListTrained(talker).ToList();
        if (!file.Tensors.Keys.ToHashSet().SetEquals(pairs.Select(p => Adapter.Prefix + p.Name)))
            throw new InvalidDataException(
                $"{file.Path} adapts other matrices than this run. Give the rank, targets and parts that it was trained with.");
        foreach (var (name, parameter) in pairs)
        {
            using var scope = NewDisposeScope();
            parameter.copy_(tensor(file.Float32(Adapter.Prefix + name)).view(parameter.shape));
        }
    }

    /// <summary>The merged matrices by name, for <see cref="Export.Write"/>.</summary>
    public static Dictionary<string, Func<float[]>> Merged(Adapter adapter, Weights weights)
    {
        adapter.Check(weights, "the model");
        return adapter.Names.ToDictionary(n => n, n => (Func<float[]>)(() =>
        {
            var values = weights.FileOf(n).Float32(n);
            adapter.AddTo(n, values);
            return values;
        }));
    }

    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    // target_modules is an expression, because a list would match the code predictor's layers too.
    static JsonObject Config(LoraOptions options, string model) => new()
    {
        ["peft_type"] = "LORA",
        ["task_type"] = null,
        ["base_model_name_or_path"] = model,
        ["inference_mode"] = true,
        ["r"] = options.Rank,
        ["lora_alpha"] = options.Alpha,
        ["lora_dropout"] = 0.0,
        ["bias"] = "none",
        ["fan_in_fan_out"] = false,
        ["modules_to_save"] = null,
        ["target_modules"] = @"talker\." + (options.CodePredictor ? @"(code_predictor\.)?" : "")
            + $@"model\.layers\.\d+\.(self_attn|mlp)\.({string.Join('|', options.Targets)})",
    };
}
