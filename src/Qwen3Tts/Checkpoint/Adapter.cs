// A LoRA adapter in the layout of PEFT: adapter_config.json and adapter_model.safetensors. Its pairs of thin matrices add scale * B A to
// matrices of a base model. This program also writes voices.safetensors (a vector for each new speaker) and, into the metadata of the
// tensors, the hash of the base, because an adapter is only valid for the weights it was trained on. Adapters of other programs may lack
// both.
using System.Numerics;
using Qwen3Tts.Files;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Checkpoint;

/// <summary>The keys of adapter_config.json that change the meaning of the tensors.</summary>
sealed record AdapterConfig(
    string? PeftType = null, double LoraAlpha = 8, bool UseRslora = false, bool UseDora = false, bool FanInFanOut = false,
    string Bias = "none", Dictionary<string, double>? AlphaPattern = null) // the defaults are PEFT's
{
    /// <summary>Whole modules that are stored beside the pairs.</summary>
    public IReadOnlyList<string>? ModulesToSave { get; init; }
}

sealed partial class Adapter
{
    public const string ConfigName = "adapter_config.json", TensorsName = "adapter_model.safetensors", VoicesName = "voices.safetensors";
    public const string Prefix = "base_model.model.", Down = ".lora_A.weight", Up = ".lora_B.weight", BaseKey = "base_sha256";

    sealed record Pair(float[] A, float[] B, int Rank, int Inputs, int Outputs, float Scale); // A [rank, in], B [out, rank]

    const string Embedding = TensorNames.CodecEmbedding;

    readonly Dictionary<string, Pair> _pairs; // by the name of the matrix that the pair is added to

    Adapter(string path, Dictionary<string, Pair> pairs, IReadOnlyDictionary<string, float[]> voices,
        IReadOnlyDictionary<string, int> rows, string? trainedOn) =>
        (Path, _pairs, Voices, Rows, Base) = (path, pairs, voices, rows, trainedOn);

    public string Path { get; }

    /// <summary>Hash of the base that the adapter was trained on; null if the program that wrote it did not record one.</summary>
    public string? Base { get; }

    /// <summary>New speakers by name: vectors [hidden] for rows of the codec embedding.</summary>
    public IReadOnlyDictionary<string, float[]> Voices { get; }

    /// <summary>The row of each new speaker; empty until <see cref="At"/> is called.</summary>
    public IReadOnlyDictionary<string, int> Rows { get; }

    /// <summary>Names of the matrices that the adapter changes.</summary>
    public IReadOnlyCollection<string> Names => _pairs.Keys;

    /// <summary>All pairs: A [rank, in], and B [out, rank] multiplied by the scale.</summary>
    public IEnumerable<(string Name, float[] A, float[] B, int Rank, int Inputs, int Outputs)> Products =>
        _pairs.Select(p => (p.Key, p.Value.A, Array.ConvertAll(p.Value.B, b => b * p.Value.Scale), p.Value.Rank, p.Value.Inputs,
            p.Value.Outputs));

    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the adapter is of a kind that cannot be added to the weights
    /// here.</exception>
    public static Adapter Open(string folder)
    {
        var (configPath, tensorsPath, voicesPath) = (System.IO.Path.Combine(folder, ConfigName),
            System.IO.Path.Combine(folder, TensorsName), System.IO.Path.Combine(folder, VoicesName));
        if (!File.Exists(configPath) || !File.Exists(tensorsPath))
            throw new FileNotFoundException($"'{folder}' does not hold {ConfigName} and {TensorsName}. Name the folder of a LoRA adapter.");
        var config = JsonFile.Read(configPath, ConfigJson.Default.AdapterConfig,
            "Take the file from the folder that the adapter's maker wrote.");
        if (config.ModulesToSave is { Count: > 0 } whole)
            throw new InvalidDataException(
                $"{configPath} has whole modules beside its pairs (modules_to_save: {Printable.Text(string.Join(", ", whole))}). Merge " +
                $"the adapter with the program that made it.");
        if (!float.IsFinite((float)config.LoraAlpha))
            throw new InvalidDataException(
                FormattableString.Invariant($"{configPath}: 'lora_alpha' is {config.LoraAlpha}, which is not a valid scale. ")
                + "Take the file from the folder that the adapter's maker wrote.");
        if (config is not { PeftType: "LORA", UseDora: false, FanInFanOut: false, Bias: "none" } || config.AlphaPattern is { Count: > 0 })
            throw new InvalidDataException(
                $"{configPath} describes another kind of adapter than plain LoRA (peft_type LORA, bias none, without use_dora, " +
                $"fan_in_fan_out and alpha_pattern). Merge it with the program that made it.");
        var voices = new Dictionary<string, float[]>();
        if (File.Exists(voicesPath))
        {
            using var file = SafetensorsFile.Open(voicesPath);
            foreach (var name in file.Tensors.Keys)
                voices.Add(name, file.Float32(name));
        }
        using var tensors = SafetensorsFile.Open(tensorsPath);
        return new(folder, Pairs(tensors, config), voices, new Dictionary<string, int>(), tensors.Metadata.GetValueOrDefault(BaseKey));
    }

    static Dictionary<string, Pair> Pairs(SafetensorsFile file, AdapterConfig config)
    {
        if (file.Tensors.Keys.FirstOrDefault(n => !n.StartsWith(Prefix, StringComparison.Ordinal)
            || !(n.EndsWith(Down, StringComparison.Ordinal) || n.EndsWith(Up, StringComparison.Ordinal))) is { } strange)
            throw new InvalidDataException(
                $"{file.Path} holds '{Printable.Text(strange)}', which is not half of a LoRA pair. Merge this adapter with the program " +
                $"that made it.");
        var pairs = new Dictionary<string, Pair>();
        foreach (var path in file.Tensors.Keys.Select(n => n[..n.LastIndexOf(".lora_", StringComparison.Ordinal)]).Distinct())
        {
            if (!file.Tensors.TryGetValue(path + Down, out var a) || !file.Tensors.TryGetValue(path + Up, out var b))
                throw new InvalidDataException(
                    $"{file.Path}: the pair of '{Printable.Text(path)}' lacks one of '{Down}' and '{Up}'. Save the adapter again with " +
                    $"the program that made it.");
            if (a.Shape.Length != 2 || b.Shape.Length != 2 || a.Shape[0] != b.Shape[1] || a.Shape[0] == 0)
                throw new InvalidDataException(
                    $"{file.Path}: the pair of '{Printable.Text(path)}' has shapes [{string.Join(", ", a.Shape)}] and " +
                    $"[{string.Join(", ", b.Shape)}], which do not multiply. Save the adapter again with the program that made it.");
            var rank = a.Shape[0];
            var scale = config.LoraAlpha / (config.UseRslora ? Math.Sqrt(rank) : rank);
            pairs.Add(path[Prefix.Length..] + ".weight",
                new(file.Float32(a.Name), file.Float32(b.Name), rank, a.Shape[1], b.Shape[0], (float)scale));
        }
        return pairs;
    }

    /// <summary>The adapter with a row of the codec embedding for each new speaker, in the order of the speakers.</summary>
    public Adapter At(IEnumerable<int> rows) =>
        new(Path, _pairs, Voices, Voices.Keys.Zip(rows).ToDictionary(v => v.First, v => v.Second), Base);

    /// <summary>True if the adapter changes this tensor.</summary>
    public bool Changes(string name) => _pairs.ContainsKey(name) || (name == Embedding && Rows.Count > 0);

    /// <summary>A tensor with the adapter's changes, rounded to its stored type: the values that a merged checkpoint would hold.</summary>
    public TensorData Changed(SafetensorsFile file, TensorEntry entry)
    {
        var values = file.Float32(entry.Name);
        AddTo(entry.Name, values);
        if (entry.Name == Embedding)
            foreach (var (name, row) in Rows)
                Voices[name].CopyTo(values, row * entry.Shape[1]);
        return entry.Type switch
        {
            ElementType.BF16 => new(null, (ReadOnlyMemory<ushort>)Array.ConvertAll(values, BFloat16.Round)),
            ElementType.F16 => new(Array.ConvertAll(values, v => (float)(Half)v), null),
            _ => new(values, null),
        };
    }

    /// <summary>
    /// in: a matrix [out, in] · out: the matrix plus the adapter's change · overwrites: the matrix. Each element is summed in a fixed
    /// order, whatever the number of threads.
    /// </summary>
    public void AddTo(string name, float[] weights)
    {
        if (!_pairs.TryGetValue(name, out var pair))
            return;
        Parallel.For(0, pair.Outputs, o =>
        {
            var row = weights.AsSpan(o * pair.Inputs, pair.Inputs);
            for (var r = 0; r < pair.Rank; r++)
                AddScaled(row, pair.A.AsSpan(r * pair.Inputs, pair.Inputs), pair.Scale * pair.B[o * pair.Rank + r]);
        });
    }

    static void AddScaled(Span<float> row, ReadOnlySpan<float> a, float by)
    {
        var i = 0;
        for (; i <= row.Length - Vector<float>.Count; i += Vector<float>.Count)
            (new Vector<float>(row[i..]) + new Vector<float>(a[i..]) * by).CopyTo(row[i..]);
        for (; i < row.Length; i++)
            row[i] += a[i] * by;
    }

    /// <summary>
    /// Prefixes of an adapter's names in a checkpoint. The prefix depends on the module that PEFT was applied to: the whole model, or one
    /// of these.
    /// </summary>
    static readonly string[] Wrapped = ["", "talker.", "talker.model.", "talker.code_predictor.", "talker.code_predictor.model."];

    /// <summary>The adapter with the names that its matrices have in these weights, checked against the weights.</summary>
    /// <exception cref="InvalidDataException">The adapter does not fit, fits in several ways, or belongs to another base.</exception>
    /// <param name="weights">The weights.</param>
    /// <param name="place">Their folder, for messages.</param>
    /// <param name="hash">Gives the hash of the weights, if the caller keeps it.</param>
    public Adapter For(Weights weights, string place, Func<string>? hash = null)
    {
        var entries = weights.Entries.ToDictionary(e => e.Name, e => e.Shape);
        var fitting = Wrapped.Where(before => _pairs.All(p => Fits(before + p.Key, p.Value))).ToList();
        if (fitting.Count > 1 && _pairs.Count > 0)
            throw new InvalidDataException(
                $"The names of the adapter '{Path}' fit {place} in {fitting.Count} ways: with " +
                $"{string.Join(", ", fitting.Select(f => f.Length == 0 ? "nothing" : $"'{f}'"))} before " +
                $"'{Printable.Text(_pairs.Keys.First())}'. Save it with whole names, as PEFT does around the whole model.");
        // of several prefixes that fit equally well, the first one is the whole model
        var before = fitting.FirstOrDefault() ?? Wrapped.MaxBy(w => _pairs.Keys.Count(k => entries.ContainsKey(w + k)))!;
        var completed = new Adapter(Path, _pairs.ToDictionary(p => before + p.Key, p => p.Value), Voices, Rows, Base);
        completed.Check(weights, place, hash);
        return completed;

        bool Fits(string name, Pair pair) =>
            entries.TryGetValue(name, out var shape) && shape.AsSpan().SequenceEqual([pair.Outputs, pair.Inputs]);
    }

    /// <summary>Checks that the adapter fits every matrix and belongs to this base.</summary>
    /// <exception cref="InvalidDataException">It does not fit, or belongs to another base.</exception>
    public void Check(Weights weights, string place, Func<string>? hash = null)
    {
        const string Remedy = "Name the model that it was trained on";
        var entries = weights.Entries.ToDictionary(e => e.Name);
        if (_pairs.Keys.Where(name => !entries.ContainsKey(name)).ToList() is { Count: > 0 } absent)
            throw new InvalidDataException(
                $"The adapter '{Path}' changes {(absent.Count == 1 ? "" : $"{absent.Count} matrices, such as ")}"
                + $"'{Printable.Text(absent[0])}', which {place} lacks, under this name and with "
                + $"{string.Join(" or ", Wrapped.Skip(1).Select(w => $"'{w}'"))} before it. {Remedy}.");
        foreach (var (name, pair) in _pairs)
            if (!entries[name].Shape.AsSpan().SequenceEqual([pair.Outputs, pair.Inputs]))
                throw new InvalidDataException(
                    $"The adapter '{Path}' is for '{Printable.Text(name)}' of shape [{pair.Outputs}, {pair.Inputs}], and {place} has " +
                    $"[{string.Join(", ", entries[name].Shape)}]. {Remedy}.");
        foreach (var (name, vector) in Voices)
            if (!entries.TryGetValue(Embedding, out var table) || table.Shape.Length != 2 || vector.Length != table.Shape[1])
                throw new InvalidDataException(
                    $"The adapter '{Path}' has {vector.Length} numbers for the speaker '{Printable.Text(name)}', and a row of {place} " +
                    $"has another width. {Remedy}.");
        if (Rows.Values.FirstOrDefault(row => row >= entries[Embedding].Shape[0], -1) is >= 0 and var beyond)
            throw new InvalidDataException(
                $"{place}: row {beyond} of '{Embedding}' is to hold a speaker of the adapter '{Path}', and the table has " +
                $"{entries[Embedding].Shape[0]} rows. Weights and config.json must come from one model.");
        if (Base is { } trained && (hash?.Invoke() ?? HashOf(weights)) is var here && trained != here)
            throw new InvalidDataException(
                $"The adapter '{Path}' was trained on weights with the hash " +
                $"'{Printable.Text(trained.Length > 12 ? trained[..12] : trained)}…', and those of {place} have '{here[..12]}…'. " +
                $"{Remedy}; a fine-tuned one is another.");
    }
}
