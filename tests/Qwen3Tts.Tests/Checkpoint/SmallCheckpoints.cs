using System.Text;
using System.Text.Json.Nodes;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Loading;

namespace Qwen3Tts.Tests.Checkpoint;

/// <summary>Copies of the miniature and of the golden checkpoints with one change, as other programs write them.</summary>
static class SmallCheckpoints
{
    public const string Pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f\nsize " +
        "3857413744\n";

    /// <summary>The repository's miniature, which the bug reports were reproduced with.</summary>
    public static string MiniModel { get; } = Path.Combine(Golden.Repository, "models", "mini");

    public static string Report(params string[] parts) => Path.Combine([Golden.Repository, "tests", "Reports", .. parts]);

    public static string Copy(string source)
    {
        var target = Scratch.New("checkpoint");
        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.WriteAllBytes(to, File.ReadAllBytes(file));
        }
        return target;
    }

    public static void Edit(string file, Action<JsonNode> change)
    {
        var json = JsonNode.Parse(File.ReadAllText(file))!;
        change(json);
        File.WriteAllText(file, json.ToJsonString());
    }

    /// <summary>A model written in another layout, with another codec if one is given.</summary>
    public static string Converted(string from, CheckpointLayout layout = CheckpointLayout.Transformers, string? codec = null)
    {
        var output = Path.Combine(Scratch.New("layout"), "model");
        var model = ModelFolder.Open(from);
        ConvertedModel.Write(codec is null ? model : model.WithCodec(codec), output, layout, _ => { }, default);
        return output;
    }

    /// <summary>
    /// Writes a folder's weights again as one file; <paramref name="change"/> gives type and bytes of each tensor, <paramref name="name"/>
    /// its name, and <paramref name="more"/> is the name of one more tensor.
    /// </summary>
    public static void Rewrite(string folder, Func<TensorEntry, byte[], (string Type, byte[] Bytes)>? change = null,
        Func<string, string>? name = null, string? more = null)
    {
        var (header, data) = (new JsonObject(), new MemoryStream());
        foreach (var path in Directory.GetFiles(folder, "model*.safetensors"))
        {
            using var file = SafetensorsFile.Open(path);
            foreach (var t in file.Tensors.Values)
            {
                var bytes = new byte[t.Bytes];
                file.Read(t, bytes);
                var (type, changed) = change?.Invoke(t, bytes) ?? (t.Type.ToString(), bytes);
                Add(name?.Invoke(t.Name) ?? t.Name, type, t.Shape, changed);
            }
        }
        if (more is not null)
            Add(more, "F32", [1], new byte[4]);
        foreach (var old in Directory.GetFiles(folder).Where(f => Golden.HoldsWeights(f, folder)))
            File.Delete(old);
        Write(Path.Combine(folder, "model.safetensors"), header.ToJsonString(), data.ToArray());

        void Add(string tensor, string type, int[] shape, byte[] bytes)
        {
            header[tensor] = new JsonObject
            {
                ["dtype"] = type,
                ["shape"] = new JsonArray([.. shape.Select(d => JsonValue.Create(d))]),
                ["data_offsets"] = new JsonArray(data.Length, data.Length + bytes.Length),
            };
            data.Write(bytes);
        }
    }

    public static void Write(string path, string header, byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header);
        using var file = File.Create(path);
        file.Write(BitConverter.GetBytes((long)json.Length));
        file.Write(json);
        file.Write(data);
    }

    /// <summary>A little speech of a model, always with the same options.</summary>
    public static float[] Spoken(string folder, string? adapter = null, string? speaker = null)
    {
        using var tts = Tts.Load(folder, new() { Threads = 1, Adapter = adapter });
        var voice = speaker is null ? new Qwen3Tts.Generation.Voice(
            [.. Enumerable.Range(0, ModelFolder.Open(folder).Config.TalkerConfig.HiddenSize).Select(i => (i % 7 - 3) / 10f)]) : null;
        return tts.Say("Set white at B four now.",
            new() { Voice = voice, Speaker = speaker, Sampling = tts.Sampling with { MaxFrames = 4, Seed = 1 } }).Samples;
    }

    /// <summary>The message with which a model is refused: one line, without the names of types.</summary>
    public static string Refused(string folder)
    {
        var message = Assert.ThrowsAny<Exception>(() => Spoken(folder)) is var e && e is InvalidDataException or IOException ? e.Message
            : throw e;
        Assert.DoesNotContain("Qwen3Tts.", message);
        Assert.DoesNotContain("System.", message);
        Assert.DoesNotContain(message, char.IsControl);
        Assert.InRange(message.Length, 1, 3999);
        return message;
    }
}
