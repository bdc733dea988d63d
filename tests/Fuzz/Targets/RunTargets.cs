// Readers of a run's files: state, options, logs, preflight, the cache of codes, the record of written files.
using System.Text;
using System.Text.Json;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Batching;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Optimizer;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;
using static TorchSharp.torch;

namespace Qwen3Tts.Fuzz;

static class RunTargets
{
    public static readonly Dictionary<string, Func<string, FuzzTarget>> All = new()
    {
        ["state"] = State,
        ["options"] = _ => Options(),
        ["voice-source"] = _ => Source(),
        ["run-logs"] = _ => Logs(),
        ["cache"] = Cache,
        ["record"] = _ => Record(),
    };

    static FuzzTarget State(string folder)
    {
        var optimizer = new AdamW([("w", new(zeros(4, 6))), ("b", new(zeros(5)))], new());
        var seed = Directory.CreateDirectory(Path.Combine(folder, "seed")).FullName;
        using (var run = new RunFolder(seed))
            run.Save(7, optimizer);
        return new()
        {
            Files = new Dictionary<string, byte[]>
            {
                ["state/training.safetensors"] = File.ReadAllBytes(Path.Combine(seed, "state", "training.safetensors")),
            },
            Mutate = (m, _, content) => m.MutateSafetensors(content),
            Read = (where, problems) =>
            {
                using var run = new RunFolder(where);
                if (run.Restore(optimizer) is < 1 or > 1_000_000_000)
                    throw new InvalidOperationException("A step out of range was accepted.");
                Directory.Delete(Path.Combine(where, "tensorboard"), recursive: true);
            },
        };
    }

    static FuzzTarget Options()
    {
        var options = new TrainingOptions
        {
            Model = "/m",
            Data = "/d",
            Speaker = "anna",
            Lora = new(),
            Steps = 10,
            LearningRate = 1e-4,
            WarmUp = 1,
            SaveEvery = 2,
            EvaluateEvery = 0,
            Languages = ["auto"],
            Precision = Precision.Float32,
            Recompute = false,
            MicroBatch = 8,
            FramesAtATime = 128,
            Device = "cpu",
            Bucket = 1,
        };
        return new()
        {
            Files = new Dictionary<string, byte[]>
            {
                ["options.json"] = Encoding.UTF8.GetBytes(options.ToJson()),
                [OutputRecord.FileName] = Encoding.UTF8.GetBytes($$"""{"path":"options.json","bytes":3,"sha256":"{{new string('0', 64)}}"}""" + "\n"),
            },
            IsMutated = file => file == "options.json",
            Mutate = (m, _, content) => m.MutateJson(content),
            Read = (folder, problems) => RunFolder.Find(folder, options.AsBegun(RunFolder.Begun(folder, options)),
                Existing.Resume).Dispose(),
        };
    }

    static FuzzTarget Source()
    {
        var folder = Directory.CreateTempSubdirectory("source").FullName;
        new VoiceSource("/recordings", "/r.wav", "English", true).Write(folder);
        var bytes = File.ReadAllBytes(Path.Combine(folder, VoiceSource.FileName));
        Directory.Delete(folder, recursive: true);
        return new()
        {
            Files = new Dictionary<string, byte[]> { [VoiceSource.FileName] = bytes },
            Mutate = (m, _, content) => m.MutateJson(content),
            Read = (where, problems) => _ = VoiceSource.In(where),
        };
    }

    static FuzzTarget Logs()
    {
        var steps = Enumerable.Range(1, 4)
            .Select(i => new StepReport(i, 10, 2.5, 4.5, 1.1, 3, 1e-4, 1000, 0.5, i == 4 ? 2.2 : null, i == 4 ? 3.3 : null));
        var evaluation = new Evaluation(0, 0.5, 1.1, "none", [new("takes/step-000000/1-1.wav", 0, 2.5, true, 7, 2, 1.2)])
        {
            Figures = new(1.2, 190, 6, 14, 0.1, 5),
        };
        return new()
        {
            Files = new Dictionary<string, byte[]>
            {
                ["log.jsonl"] = Encoding.UTF8.GetBytes(string
                    .Concat(steps.Select(s => JsonSerializer.Serialize(s, LogJson.Default.StepReport) + "\n"))),
                ["evaluations.jsonl"] = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(evaluation, LogJson.Default.Evaluation) + "\n"),
                ["preflight.json"] = Encoding.UTF8.GetBytes(
                    new PreflightReport(8, 5.5, [new("correct", 2.2, 4.4)], [new(false, "x", "y")], false)
                    {
                        HeldOut = new(2.2, 4.4, [3.4, 3.6]),
                    }.ToJson()),
                ["voice.safetensors"] = SafetensorsSeeds.Write([SafetensorsSeeds.Float32("anna", 8)]),
            },
            Mutate = (m, file, content) =>
                Path.GetExtension(file) switch
                {
                    ".jsonl" =>
                m.MutateLines(content, null),
                    ".json" => m.MutateJson(content),
                    _ => m.MutateSafetensors(content)
                },
            Read = (folder, problems) =>
            {
                using var run = new RunFolder(folder);
                run.ReadLog();
                _ = RunOutcome.Of(folder, run.ReadLog()).Lines.Count();
                run.ReadPreflight();
                run.Keep([new TrainingVoice("anna", "/r.wav", [.. Enumerable.Range(0, 8).Select(i => (i % 7 - 3) / 10f)])]);
            },
        };
    }

    /// <summary>The journal of codes. A mutated one is renamed, and a new one is started.</summary>
    static FuzzTarget Cache(string folder)
    {
        const string Journal = "codes.jsonl.cache";
        byte[] model = [1, 2, 3];
        using (var cache = new EncodingCache(Path.Combine(folder, Journal), model))
            cache.Add(new string('a', 64), new([[.. Enumerable.Range(0, 16)]], new float[8]));
        var record = File.ReadAllBytes(Path.Combine(folder, OutputRecord.FileName));
        return new()
        {
            Files = new Dictionary<string, byte[]> { [Journal] = File.ReadAllBytes(Path.Combine(folder, Journal)) },
            Mutate = (m, _, content) => m.MutateLines(content, null),
            Read = (where, problems) =>
            {
                using var cache = new EncodingCache(Path.Combine(where, Journal), model);
                cache.Find(new string('a', 64));
            },
            Clean = where =>
            {
                foreach (var aside in Directory.GetFiles(where, $"{Journal}.changed-*"))
                    File.Delete(aside);
                File.WriteAllBytes(Path.Combine(where, OutputRecord.FileName), record);
                OutputRecord.Reload(where);
            },
        };
    }

    static FuzzTarget Record() => new()
    {
        Files = new Dictionary<string, byte[]>
        {
            [OutputRecord.FileName] = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 3).Select(i =>
                $$"""{"path":"a/{{i}}.wav","bytes":3,"sha256":"{{new string('0', 64)}}"}""" + "\n"))),
            ["a/0.wav"] = "abc"u8.ToArray(),
        },
        IsMutated = file => file == OutputRecord.FileName,
        Mutate = (m, _, content) => m.MutateLines(content, null),
        Read = (folder, problems) =>
        {
            OutputRecord.Reload(folder);
            _ = OutputRecord.At(folder).Owns(Path.Combine(folder, "a", "0.wav"));
            OutputRecord.At(folder).RemoveOwned();
            if (!File.Exists(Path.Combine(folder, "a", "0.wav")))
                throw new InvalidOperationException("A file was removed that the record does not own.");
        },
    };
}
