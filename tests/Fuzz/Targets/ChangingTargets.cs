// Files that another program changes while they are read. Each reader must accept the file, or refuse it with a clear error, and must end.
using System.Globalization;
using System.Text;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Data;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Data;
using static Qwen3Tts.Fuzz.SafetensorsSeeds;

namespace Qwen3Tts.Fuzz;

static class ChangingTargets
{
    const string Changes = "changes"; // the file that is mutated; it has the seed of the changes as text
    static readonly byte[] None = "0"u8.ToArray();

    public static readonly Dictionary<string, Func<string, FuzzTarget>> All = new()
    {
        ["changing-safetensors"] = _ => CreateTarget("a.safetensors", Tensors(),
            (path, problems) => TensorsOf(SafetensorsFile.Open(path))(problems)),
        ["changing-tensors"] = _ => OnOpened("a.safetensors", Tensors(), path => TensorsOf(SafetensorsFile.Open(path))),
        ["changing-wav"] = _ => CreateTarget("a.wav", Recording(), (path, _) => WavFile.Read(path)),
        ["changing-list"] = _ =>
            CreateTarget("metadata.csv", Lines("wavs/{0}.wav|What is said {0}.|anna"),
                (path, problems) => ListTargets.Read(path, null, problems)),
        ["changing-codes"] = _ => CreateTarget("codes.jsonl", Lines(CodesLine), (path, _) => CodesFile.Read(path, 16, 256)),
        ["changing-config"] = _ => CreateTarget("config.json", AllTargets.MiniFile("config.json"), (path, _) => ConfigFile.ReadModel(path)),
        ["changing-cache"] = Cache,
        ["changing-record"] = _ => Record(),
        ["changing-model"] = _ => Model(),
    };

    static string CodesLine =>
        $$"""{"audio":"{0}.wav","text":"Set white at B four now {0}.","ref_audio":"0.wav","audio_codes":[{{ListTargets.Frames}}]}""";

    static byte[] Lines(string line) =>
        Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 200)
            .Select(i => line.Replace("{0}", $"{i}", StringComparison.Ordinal) + "\n")));

    static FuzzTarget CreateTarget(string file, byte[] content, Action<string, List<string>> read, Action<string>? clean = null) =>
        OnOpened(file, content, path => problems => read(path, problems), clean);

    /// <summary>The first function opens the file. From then on the file is changed, while the second one reads.</summary>
    static FuzzTarget OnOpened(string file, byte[] content, Func<string, Action<List<string>>> open, Action<string>? clean = null) => new()
    {
        Files = new Dictionary<string, byte[]> { [file] = content, [Changes] = None },
        IsMutated = f => f == Changes,
        Mutate = (m, _, _) => Seed(m),
        Cost = 20, // uses a thread of its own and larger files
        Read = (folder, problems) =>
        {
            var path = Path.Combine(folder, file);
            var read = open(path);
            FileChanger.While(path, content, SeedIn(folder), () => read(problems));
        },
        Clean = clean ?? (_ => { }),
    };

    static byte[] Seed(Mutator m) => Encoding.ASCII.GetBytes($"{m.Random.Next(1, int.MaxValue)}");

    static int SeedIn(string folder) => int.Parse(File.ReadAllText(Path.Combine(folder, Changes)), CultureInfo.InvariantCulture);

    static byte[] Tensors() =>
        Write([
            Float32("a", 300, 40), BFloat16("b", 200, 50),
            Raw("c", ElementType.I64, 3000), Raw("d", ElementType.F64, 20_000), Float32("e", 5),
        ]);

    static Action<List<string>> TensorsOf(SafetensorsFile opened) => _ =>
    {
        using var file = opened;
        foreach (var tensor in file.Tensors.Values)
            if (tensor.Type == ElementType.I64)
                file.Int64(tensor.Name);
            else
                file.Float32(tensor.Name);
    };

    static byte[] Recording()
    {
        var stream = new MemoryStream();
        WavFile.Write(stream, new([.. Enumerable.Range(0, 200_000).Select(i => MathF.Sin(i / 9f) / 2)], 24000));
        return stream.ToArray();
    }

    /// <summary>The journal of codes, while another program writes it.</summary>
    static FuzzTarget Cache(string folder)
    {
        const string Journal = "codes.jsonl.cache";
        var path = Path.Combine(folder, Journal);
        using (var cache = new EncodingCache(path, [1]))
            for (var i = 0; i < 100; i++)
                cache.Add($"{i:d64}", new([[.. Enumerable.Range(0, 16)]], new float[8]));
        var record = File.ReadAllBytes(Path.Combine(folder, OutputRecord.FileName));
        return CreateTarget(Journal, File.ReadAllBytes(path), (at, _) =>
        {
            using var cache = new EncodingCache(at, [1]);
            cache.Add(new string('a', 64), new([[.. Enumerable.Range(0, 16)]], null));
        }, where =>
        {
            foreach (var aside in Directory.GetFiles(where, $"{Journal}.changed-*"))
                File.Delete(aside);
            File.WriteAllBytes(Path.Combine(where, OutputRecord.FileName), record);
            OutputRecord.Reload(where);
        });
    }

    /// <summary>The record of written files, which several processes share.</summary>
    static FuzzTarget Record()
    {
        var hash = new string('0', 64);
        return CreateTarget(OutputRecord.FileName, Lines($$"""{"path":"a/{0}.wav","bytes":3,"sha256":"{{hash}}"}"""), (path, problems) =>
        {
            var folder = Path.GetDirectoryName(path)!;
            for (var i = 0; i < 4; i++)
                if (OutputRecord.At(folder).Owns(Path.Combine(folder, "a", "0.wav")))
                    throw new InvalidOperationException("A file that is not there was owned.");
        });
    }

    /// <summary>A whole model is loaded while one of its files is changed.</summary>
    static FuzzTarget Model()
    {
        var mini = Path.Combine(AllTargets.Repository, "models", "mini");
        var files = Directory.GetFiles(mini, "*", SearchOption.AllDirectories)
            .ToDictionary(f => Path.GetRelativePath(mini, f).Replace('\\', '/'), File.ReadAllBytes);
        var names = files.Keys.Where(n => n.EndsWith("json", StringComparison.Ordinal) || n.EndsWith("tensors", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).ToList();
        return new()
        {
            Files = new Dictionary<string, byte[]>(files) { [Changes] = None },
            IsMutated = file => file == Changes,
            Mutate = (m, _, _) => Seed(m),
            MustNameFile = false, // the message may be about a tensor
            Cost = 100,
            Read = (folder, _) =>
            {
                var seed = SeedIn(folder);
                var name = names[seed % names.Count];
                FileChanger.While(Path.Combine(folder, name), files[name], seed, () => Tts.Load(folder, new() { Threads = 1 }).Dispose());
            },
        };
    }
}
