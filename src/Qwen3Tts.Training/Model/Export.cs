// Writes the trained model as a folder in the official layout, which any Qwen3-TTS runtime loads: `custom_voice`, or `base`, which can
// still clone. The folder is written under a temporary name and renamed when it is complete, so a crash, Ctrl-C or a full disk never leaves
// half a checkpoint under the final name. Differences to the official script: the name is written in lower case (the model looks names up
// in lower case), existing voices are kept, the new voice gets a free row, and no shard index of the base remains beside a single file.
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;
using Qwen3Tts.Kernels;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Model;

/// <summary>A new voice with a name. Its vector [hidden] is the one in all training sequences.</summary>
sealed record NewVoice(string Name, float[] Vector);

static class Export
{
    /// <summary>Files that are not copied from the base: two are written anew, and the model card describes the base.</summary>
    public static readonly string[] RewrittenFiles = ["config.json", "README.md", RunManifest.FileName];

    const string SpeakerEncoder = TensorNames.SpeakerEncoder;
    const string Embedding = TensorNames.CodecEmbedding;
    const long ShardBytes = 5_000_000_000; // the Hugging Face default

    static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>
    /// Writes the folder. Values of <paramref name="trained"/> have the checkpoint's names and are written in the base's types; all other
    /// tensors are copied byte for byte. <paramref name="manifest"/> gets the rows of the voices. <paramref name="languages"/> has new
    /// languages with their rows. <paramref name="beside"/> may add files before the folder gets its final name.
    /// </summary>
    /// <exception cref="ArgumentException">A voice has a name that cannot be used.</exception>
    /// <exception cref="IOException">The target exists and <paramref name="overwrite"/> is false.</exception>
    /// <exception cref="InvalidDataException">A trained tensor is not in the base, has another size, or has NaN or infinity.</exception>
    public static void Write(ModelFolder from, string target, IReadOnlyDictionary<string, Func<float[]>> trained,
        IReadOnlyList<NewVoice> voices, bool overwrite = false, long shardBytes = ShardBytes, ExportAs kind = ExportAs.CustomVoice,
        Func<IReadOnlyList<int>, RunManifest>? manifest = null, IReadOnlyDictionary<string, int>? languages = null,
        Action<string>? beside = null)
    {
        target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        CheckTarget(from, target, overwrite);
        var config = Config(from);
        var rows = voices.Zip(from.Config.TalkerConfig.FreeRows(voices.Count), (v, row) => (v.Vector, row)).ToList();
        if (kind == ExportAs.Base && !from.Config.CanClone)
            throw new ArgumentException(
                $"'{from.Path}' is a {from.Config.TtsModelType} model without a speaker encoder, so its fine-tune cannot be a base. " +
                $"Export it as custom_voice.");
        config["tts_model_type"] = kind == ExportAs.Base ? "base" : "custom_voice";
        Name(config, from.Config.TalkerConfig, voices, rows);
        foreach (var (language, row) in languages ?? new Dictionary<string, int>())
            config["talker_config"]!["codec_language_id"]![language] = row;

        OutputFolder.Write(target, aside =>
        {
            using (var weights = from.OpenWeights())
                WriteWeights(aside, Tensors(weights, trained, rows, kind), shardBytes);
            SideFiles.Copy(from, aside, RewrittenFiles);
            OutputFile.WriteText(Path.Combine(aside, "config.json"), config.ToJsonString(Indented) + "\n");
            if (manifest is not null)
                OutputFile.WriteText(Path.Combine(aside, RunManifest.FileName), manifest([.. rows.Select(r => r.row)]).ToJson() + "\n");
            beside?.Invoke(aside);
            ModelFolder.Open(aside); // checks that the folder can be read before it gets its final name
        });
    }

    /// <summary>Checks names before hours of training that <see cref="Write"/> would refuse afterwards.</summary>
    /// <exception cref="ArgumentException">The name is empty, is used already, or cannot be part of a file name.</exception>
    public static void CheckName(TalkerConfig talker, string name)
    {
        if (SpeakerName.Problem(name) is { } problem)
            throw new ArgumentException(problem);
        if (talker.SpkId.Keys.FirstOrDefault(k => SpeakerName.IsSame(k, name)) is { } taken)
            throw new ArgumentException(
                $"The model already has a speaker '{Printable.Text(taken)}', and names are looked up in lower case. Choose another name, " +
                $"such as 'anna'.");
    }

    /// <summary>As <see cref="CheckName"/>, for the folder of the result.</summary>
    public static void CheckTarget(ModelFolder from, string target, bool overwrite)
    {
        if (FileIdentity.Same(from.Path, target))
            throw new IOException($"'{target}' is the model that is being fine-tuned. Name another folder for the result.");
        if (File.Exists(target))
            throw new IOException($"'{target}' is a file. Name a folder for the result.");
        if (!Directory.Exists(target) || !Directory.EnumerateFileSystemEntries(target).Any())
            return;
        if (!File.Exists(Path.Combine(target, "config.json")))
            throw new IOException($"'{target}' exists and is not a model folder. Name another folder for the result.");
        if (!overwrite)
            throw new IOException($"'{target}' holds a model already. Name another folder for the result, or pass --overwrite.");
        OutputFolder.CheckIsFree(target);
    }

    /// <summary>
    /// The vector of a voice, rounded as its row in the base's precision will hold it. Training with this vector makes training and
    /// speaking equal.
    /// </summary>
    public static float[] AsStored(ModelFolder model, float[] voice)
    {
        using var weights = model.OpenWeights();
        return weights.Entries.First(e => e.Name == Embedding).Type switch
        {
            ElementType.BF16 => Array.ConvertAll(voice, v => BFloat16.Widen(BFloat16.Round(v))),
            ElementType.F16 => Array.ConvertAll(voice, v => (float)(Half)v),
            _ => voice,
        };
    }

    /// <summary>
    /// The whole config.json, including keys that this program does not know. It is read again here, because it may have changed since
    /// training began.
    /// </summary>
    static JsonNode Config(ModelFolder from) => ConfigFile.ReadOfficial(Path.Combine(from.Path, "config.json"));

    static void Name(JsonNode config, TalkerConfig talker, IReadOnlyList<NewVoice> voices, List<(float[] Vector, int Row)> rows)
    {
        var (ids, dialects) = (config["talker_config"]!["spk_id"]!.AsObject(), config["talker_config"]!["spk_is_dialect"]!.AsObject());
        for (var i = 0; i < voices.Count; i++)
        {
            CheckName(talker, voices[i].Name);
            var name = SpeakerName.Key(voices[i].Name);
            if (!ids.TryAdd(name, rows[i].Row))
                throw new ArgumentException($"Two voices are named '{name}'. Give each its own name.");
            dialects[name] = false;
        }
    }

    static List<TensorToWrite> Tensors(Weights weights, IReadOnlyDictionary<string, Func<float[]>> trained,
        List<(float[] Vector, int Row)> rows, ExportAs kind)
    {
        if (trained.Keys.Where(n => !weights.Contains(n)).Order(StringComparer.Ordinal).ToList() is { Count: > 0 } strange)
            throw new InvalidDataException(
                $"Trained tensors that the base model lacks: {string.Join(", ", strange.Take(20))}. Export with the model that was " +
                $"fine-tuned.");
        return weights.Entries.Where(e => kind == ExportAs.Base || !e.Name.StartsWith(SpeakerEncoder, StringComparison.Ordinal)).Select(e =>
        {
            var file = weights.FileOf(e.Name);
            if (!trained.TryGetValue(e.Name, out var values) && e.Name != Embedding)
                return TensorToWrite.Copy(file, e);
            return new TensorToWrite(e.Name, e.Type, e.Shape, stream =>
            {
                var v = values?.Invoke() ?? file.Float32(e.Name);
                if (v.Length != e.Elements)
                    throw new InvalidDataException(
                        $"'{e.Name}' was trained with {v.Length} elements and has {e.Elements} in the base model. Export with the model " +
                        $"that was fine-tuned.");
                if (e.Name == Embedding)
                    v = WithRows(v, rows, e.Shape[1]);
                if (v.AsSpan().ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
                    throw new InvalidDataException(
                        $"'{e.Name}' holds NaN or infinity after training. Train again with a lower learning rate.");
                stream.Write(Bytes(v, e.Type));
            });
        }).ToList();
    }

    static float[] WithRows(float[] embedding, List<(float[] Vector, int Row)> rows, int width)
    {
        var result = (float[])embedding.Clone();
        foreach (var (vector, row) in rows)
            if (vector.Length == width)
                vector.CopyTo(result, row * width);
            else
                throw new InvalidDataException(
                    $"The voice has {vector.Length} numbers, a row of '{Embedding}' has {width}. Compute the voice with this model's " +
                    $"speaker encoder.");
        return result;
    }

    static byte[] Bytes(float[] values, ElementType type)
    {
        switch (type)
        {
            case ElementType.F32:
                return MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
            case ElementType.BF16:
                var bits = new ushort[values.Length];
                BFloat16.Round(values, bits);
                return MemoryMarshal.AsBytes(bits.AsSpan()).ToArray();
            case ElementType.F16:
                return MemoryMarshal.AsBytes(Array.ConvertAll(values, v => (Half)v).AsSpan()).ToArray();
            case ElementType.F64:
                return MemoryMarshal.AsBytes(Array.ConvertAll(values, v => (double)v).AsSpan()).ToArray();
            default:
                throw new InvalidDataException(
                    $"A trained tensor is stored as {type} in the base model; weights are BF16, F16 or F32. Take another copy of the " +
                    $"base model.");
        }
    }

    /// <summary>Writes one file, or several shards of at most <paramref name="shardBytes"/> with an index.</summary>
    static void WriteWeights(string folder, List<TensorToWrite> tensors, long shardBytes)
    {
        var shards = new List<List<TensorToWrite>> { new() };
        foreach (var t in tensors)
        {
            if (shards[^1].Count > 0 && shards[^1].Sum(s => s.Bytes) + t.Bytes > shardBytes)
                shards.Add([]);
            shards[^1].Add(t);
        }
        if (shards.Count == 1)
        {
            SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), tensors, record: OutputRecord.At(folder));
            return;
        }
        var map = new JsonObject();
        for (var i = 0; i < shards.Count; i++)
        {
            var name = $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors";
            SafetensorsWriter.Write(Path.Combine(folder, name), shards[i], record: OutputRecord.At(folder));
            foreach (var t in shards[i])
                map[t.Name] = name;
        }
        var index = new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = tensors.Sum(t => t.Bytes) }, ["weight_map"] = map };
        OutputFile.WriteText(Path.Combine(folder, "model.safetensors.index.json"), index.ToJsonString(Indented) + "\n");
    }
}
