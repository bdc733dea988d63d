using Qwen3Tts.Checkpoint;
using Qwen3Tts.Text;
using static Qwen3Tts.Tests.Checkpoint.SmallCheckpoints;

namespace Qwen3Tts.Tests.Checkpoint;

/// <summary>
/// Files that were damaged on purpose, the smallest for each kind of damage (tests/Reports/fuzz). Each is accepted, or gives one error that
/// names the file, before memory is allocated.
/// </summary>
public sealed class BrokenFilesTests
{
    public static TheoryData<string> Folders =>
        [.. Directory.GetDirectories(Report("fuzz")).Select(d => Path.GetFileName(d)!).Where(n => Target(n) is not null)
        .Order(StringComparer.Ordinal)];

    static string? Target(string name) =>
        new[] { "load-codec-config", "load-config", "codec-config", "generation-config", "config", "manifest", "tokenizer", "safetensors",
        "shards", "adapter" }
        .FirstOrDefault(t => name.StartsWith(t + "-", StringComparison.Ordinal));

    [Theory, MemberData(nameof(Folders))]
    public void AcceptedOrRefusedWithAClearError(string name)
    {
        var (target, broken) = (Target(name)!, Directory.GetFiles(Report("fuzz", name)).Single());
        var folder = target is "safetensors" or "shards" or "adapter" ? Seeds(target) : Copy(MiniModel);
        var file = Path.Combine(folder, target == "load-codec-config" ? "speech_tokenizer" : "", Path.GetFileName(broken));
        if (target == "manifest")
            file = Path.Combine(folder, RunManifest.FileName);
        File.WriteAllBytes(file, File.ReadAllBytes(broken));
        var before = GC.GetTotalAllocatedBytes();
        try
        {
            Read(target, folder);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            Assert.Contains(Path.GetFileName(Path.GetDirectoryName(file))!, e.Message);
            Assert.DoesNotContain(e.Message, char.IsControl);
            Assert.InRange(e.Message.Length, 1, 3999);
            Assert.DoesNotContain("System.", e.Message);
            Assert.DoesNotContain("Qwen3Tts.", e.Message);
        }
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 200_000_000);
    }

    static void Read(string target, string folder)
    {
        switch (target)
        {
            case "config": ConfigFile.ReadModel(Path.Combine(folder, "config.json")).TalkerConfig.DialectOf("x"); break;
            case "codec-config": CodecConfig.Read(Path.Combine(folder, "config.json")); break;
            case "generation-config": Tts.SamplingOf(ModelFolder.Open(folder).Generation); break;
            case "manifest": RunManifest.Read(folder)!.Untrained("nora", "german", "interleaved", true, true).ToList(); break;
            case "tokenizer": TextTokenizer.Load(folder).Encode("Set white."); break;
            case "adapter":
                using (var weights = Weights.Open(Path.Combine(folder, "base")))
                    weights.Add(Adapter.Open(folder).At([10]));
                break;
            case "safetensors":
                using (var file = SafetensorsFile.Open(Path.Combine(folder, "a.safetensors")))
                    Assert.All(file.Tensors.Values, t => file.Read(t, new byte[t.Bytes]));
                break;
            case "shards": Weights.Open(folder).Dispose(); break;
            default: Spoken(folder); break;
        }
    }

    static string Seeds(string target)
    {
        const string module = "talker.model.layers.0.self_attn.q_proj";
        var folder = Scratch.New("seeds");
        void Write(string name, params (string Name, int[] Shape)[] tensors)
        {
            var path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            SafetensorsWriter.Write(path,
                [.. tensors.Select(t => TensorToWrite.FromArray(t.Name, t.Shape, new float[t.Shape.Aggregate(1, (a, b) => a * b)]))]);
        }
        if (target == "shards")
        {
            File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), """{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors", "c": "model-00002-of-00002.safetensors"}}""");
            Write("model-00001-of-00002.safetensors", ("a", [3, 4]));
            Write("model-00002-of-00002.safetensors", ("b", [2, 5]), ("c", [5]));
        }
        if (target == "adapter")
        {
            File.WriteAllText(Path.Combine(folder, Adapter.ConfigName), """{"peft_type": "LORA", "lora_alpha": 4}""");
            Write(Adapter.TensorsName, ($"{Adapter.Prefix}{module}{Adapter.Down}", [2, 6]),
                ($"{Adapter.Prefix}{module}{Adapter.Up}", [8, 2]));
            Write(Adapter.VoicesName, ("nora", [8]));
            Write("base/model.safetensors", ($"{module}.weight", [8, 6]), ("talker.model.codec_embedding.weight", [16, 8]));
        }
        return folder;
    }
}
