using System.Text;
using System.Text.Json.Nodes;
using Qwen3Tts.Checkpoint;

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

    /// <summary>
    /// Writes a folder's weights again as one file; <paramref name="change"/> gives type, shape and bytes of each tensor.
    /// </summary>
    public static void Rewrite(string folder, Func<TensorEntry, byte[], (string Type, byte[] Bytes)> change)
    {
        var (header, data) = (new JsonObject(), new MemoryStream());
        using (var weights = Weights.Open(folder))
            foreach (var t in weights.Entries)
            {
                var bytes = new byte[t.Bytes];
                weights.FileOf(t.Name).Read(t, bytes);
                var (type, changed) = change(t, bytes);
                var size = t.Elements == 0 ? 1 : changed.Length / t.Elements;
                header[t.Name] = new JsonObject
                {
                    ["dtype"] = type,
                    ["shape"] = new JsonArray([.. t.Shape.Select(d => JsonValue.Create(d))]),
                    ["data_offsets"] = new JsonArray(data.Length, data.Length + t.Elements * size)
                };
                data.Write(changed);
            }
        foreach (var old in Directory.GetFiles(folder).Where(f => Golden.HoldsWeights(f, folder)))
            File.Delete(old);
        Write(Path.Combine(folder, "model.safetensors"), header.ToJsonString(), data.ToArray());
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
}
