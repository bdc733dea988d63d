// Readers of checkpoints: tensors, shards, configurations, tokenizer files, adapters, manifests.
using System.Text;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Generation;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;
using static Qwen3Tts.Fuzz.SafetensorsSeeds;

namespace Qwen3Tts.Fuzz;

static class CheckpointTargets
{
    public static readonly Dictionary<string, Func<string, FuzzTarget>> All = new()
    {
        ["safetensors"] = _ => Safetensors(),
        ["shrinking-file"] = _ => ShrinkingFile(),
        ["shards"] = _ => Shards(),
        ["config"] = _ => Config(),
        ["codec-config"] = _ => new()
        {
            Files = new Dictionary<string, byte[]> { ["config.json"] = AllTargets.MiniFile("speech_tokenizer/config.json") },
            Mutate = (m, _, content) => m.MutateJson(content),
            Read = (folder, problems) => CodecConfig.Read(Path.Combine(folder, "config.json")),
        },
        ["generation-config"] = _ => GenerationConfig(),
        ["tokenizer"] = _ => Tokenizer(),
        ["adapter"] = AdapterFiles,
        ["manifest"] = _ => Manifest(),
    };

    static FuzzTarget Safetensors() => new()
    {
        Files = new Dictionary<string, byte[]>
        {
            ["a.safetensors"] = Write(
                [Float32("a", 3, 4), BFloat16("b", 2, 5), Raw("c", ElementType.F16, 4), Raw("d", ElementType.I64, 3),
                    Raw("e", ElementType.I32, 3),
                    Raw("f", ElementType.U8, 7), Float32("empty", 0, 5), Float32("scalar")],
                new() { ["step"] = "5" }),
        },
        Mutate = (m, _, content) => m.MutateSafetensors(content),
        Read = (folder, problems) =>
        {
            using var file = SafetensorsFile.Open(Path.Combine(folder, "a.safetensors"));
            foreach (var tensor in file.Tensors.Values)
                if (tensor.Type is ElementType.I64 or ElementType.I32 or ElementType.U8)
                    file.Int64(tensor.Name);
                else
                    file.Float32(tensor.Name);
        },
    };

    /// <summary>A file that another program truncates between its header and its tensors.</summary>
    static FuzzTarget ShrinkingFile() => new()
    {
        Files = new Dictionary<string, byte[]>
        {
            ["a.safetensors"] = Write([Float32("a", 30, 40), BFloat16("b", 20, 50), Raw("c", ElementType.I64, 30)]),
            ["length"] = "1000000"u8.ToArray(),
        },
        IsMutated = file => file == "length",
        Mutate = (m, _, _) => Encoding.ASCII.GetBytes($"{m.Random.Next(8000)}"),
        MustNameFile = false, // the mutated file is not the one that is read
        Read = (folder, problems) =>
        {
            var path = Path.Combine(folder, "a.safetensors");
            var (whole, length) = (File.ReadAllBytes(path), int.Parse(File.ReadAllText(Path.Combine(folder, "length"))));
            try
            {
                using var file = SafetensorsFile.Open(path);
                File.WriteAllBytes(path, whole[..Math.Min(length, whole.Length)]);
                file.Float32("a");
                file.BFloat16("b");
                file.Int64("c");
            }
            finally
            {
                File.WriteAllBytes(path, whole);
            }
        },
    };

    static FuzzTarget Shards() => new()
    {
        Files = new Dictionary<string, byte[]>
        {
            ["model.safetensors.index.json"] = """
                {"metadata": {"total_size": 88}, "weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors",
                "c": "model-00002-of-00002.safetensors"}}
                """u8.ToArray(),
            ["model-00001-of-00002.safetensors"] = Write([Float32("a", 3, 4)]),
            ["model-00002-of-00002.safetensors"] = Write([BFloat16("b", 2, 5), Float32("c", 5)]),
        },
        Mutate = (m, file, content) =>
            file.EndsWith("json", StringComparison.Ordinal) ? m.MutateJson(content) : m.MutateSafetensors(content),
        Read = (folder, problems) =>
        {
            using var weights = Weights.Open(folder);
            weights.Take("a", 3, 4);
            weights.Take("b", 2, 5);
            weights.Float32("c", 5);
            weights.Finish();
        },
    };

    static FuzzTarget Config() => new()
    {
        Files = new Dictionary<string, byte[]> { ["config.json"] = AllTargets.MiniFile("config.json") },
        Mutate = (m, _, content) => m.MutateJson(content),
        Read = (folder, problems) =>
        {
            var config = ConfigFile.ReadModel(Path.Combine(folder, "config.json"));
            var ids = config.SpecialTokens(3);
            if (ids.Languages.Count > 0)
                ids.Language(ids.Languages.Keys.First(), null);
            if (config.TalkerConfig.VocabSize < 1 << 20)
                config.TalkerConfig.FreeRows(1);
        },
    };

    static FuzzTarget GenerationConfig() => new()
    {
        Files = new Dictionary<string, byte[]>
        {
            ["generation_config.json"] = AllTargets.MiniFile("generation_config.json"),
            ["config.json"] = AllTargets.MiniFile("config.json"),
        },
        IsMutated = file => file.StartsWith("generation", StringComparison.Ordinal),
        Mutate = (m, _, content) => m.MutateJson(content),
        Read = (folder, problems) =>
        {
            var sampler = new Sampler(Tts.SamplingOf(ModelFolder.Open(folder).Generation), 1280, 256, 358);
            float[] Scores() => [.. Enumerable.Range(0, 1280).Select(i => (i * 37 % 101 - 50) / 5f)];
            for (var frame = 0; frame < 4; frame++)
            {
                sampler.First(Scores());
                sampler.Other(Scores().AsSpan(0, 256));
            }
        },
    };

    static FuzzTarget Tokenizer() => new()
    {
        Files = new[] { "vocab.json", "merges.txt", "tokenizer_config.json", "config.json" }.ToDictionary(f => f, AllTargets.MiniFile),
        IsMutated = file => file != "config.json",
        Mutate = (m, file, content) => file == "merges.txt" ? m.MutateLines(content, ' ') : m.MutateJson(content),
        Cost = 5, // vocabularies are larger than the other files
        Read = (folder, problems) =>
        {
            var tokenizer = TextTokenizer.Load(folder);
            tokenizer.Decode(tokenizer.Encode("Set white at B four now. Größe 数 <|im_start|> \ud800x"));
            tokenizer.Instruct("Speak slowly.");
            tokenizer.Encode("<|im_start|>a<|im_end|>", controlTokens: true);
        },
    };

    static FuzzTarget AdapterFiles(string folder)
    {
        const string Query = "talker.model.layers.0.self_attn.q_proj", Embedding = "talker.model.codec_embedding.weight";
        var model = Write([BFloat16($"{Query}.weight", 8, 6), Float32(Embedding, 16, 8)]);
        Directory.CreateDirectory(Path.Combine(folder, "base"));
        File.WriteAllBytes(Path.Combine(folder, "base", "model.safetensors"), model);
        using var weights = Weights.Open(Path.Combine(folder, "base"));
        var hash = Adapter.HashOf(weights);
        return new()
        {
            Files = new Dictionary<string, byte[]>
            {
                ["adapter_config.json"] = """
                    {"peft_type": "LORA", "task_type": null, "base_model_name_or_path": "mini", "r": 2, "lora_alpha": 4, "lora_dropout": 0.0, "bias": "none",
                    "fan_in_fan_out": false, "use_rslora": false, "use_dora": false, "alpha_pattern": {}, "target_modules": "x"}
                    """u8.ToArray(),
                ["adapter_model.safetensors"] = Write(
                    [Float32($"base_model.model.{Query}.lora_A.weight", 2, 6), Float32($"base_model.model.{Query}.lora_B.weight", 8, 2)],
                    new() { ["base_sha256"] = hash }),
                ["voices.safetensors"] = Write([Float32("nora", 8)]),
                ["base/model.safetensors"] = model,
            },
            IsMutated = file => !file.StartsWith("base", StringComparison.Ordinal),
            Mutate = (m, file, content) =>
                file.EndsWith("json", StringComparison.Ordinal) ? m.MutateJson(content) : m.MutateSafetensors(content),
            Read = (where, problems) =>
            {
                var adapter = Adapter.Open(where).At([10]);
                using var merged = Weights.Open(Path.Combine(where, "base"));
                merged.Add(adapter);
                merged.Take($"{Query}.weight", 8, 6);
                merged.Take(Embedding, 16, 8);
                merged.Finish();
            },
        };
    }

    static FuzzTarget Manifest() => new()
    {
        Files = new Dictionary<string, byte[]>
        {
            ["qwen3tts.json"] = Encoding.UTF8.GetBytes(new RunManifest
            {
                MadeBy = "qwen3tts-train 0.1",
                BaseName = "mini",
                BaseSha256 = "abc",
                Voices = [new("nora", 1208, 3.5, "01.wav", "ff")],
                Layouts = [RunManifest.TextFirst, RunManifest.Interleaved],
                Languages = [RunManifest.Auto, "english"],
                Method = new("float32", ["text_embedding"], null, null, "cpu"),
                Steps = 150,
            }.ToJson()),
        },
        Mutate = (m, _, content) => m.MutateJson(content),
        Read = (folder, problems) =>
        {
            if (RunManifest.Read(folder) is { } manifest)
                foreach (var speaker in new[] { null, "nora", "other" })
                    _ = manifest.Untrained(speaker, "german", RunManifest.Interleaved, true, true).Count();
        },
    };
}
