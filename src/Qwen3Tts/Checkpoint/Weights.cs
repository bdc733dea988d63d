// The strict reader of a network's weights. A network asks for every tensor by name and shape; what is missing, misshapen or never
// asked for is collected and told at once, so that a wrong checkpoint gives one error with names, not the first of many.
using System.Text.Json;

namespace Qwen3Tts.Checkpoint;

/// <summary>One tensor's elements: BF16 bits when the file stores BF16, float32 otherwise (F16 is widened).</summary>
readonly record struct TensorData(float[]? Float32, ushort[]? BFloat16)
{
    public float[] Widen()
    {
        if (Float32 is { } f)
            return f;
        var result = GC.AllocateUninitializedArray<float>(BFloat16!.Length);
        for (var i = 0; i < result.Length; i++)
            result[i] = BitConverter.UInt32BitsToSingle((uint)BFloat16[i] << 16);
        return result;
    }
}

/// <summary>All tensors of a folder, from <c>model.safetensors</c> or from the shards that <c>model.safetensors.index.json</c> lists.</summary>
sealed class Weights : IDisposable
{
    readonly List<SafetensorsFile> _files = [];
    readonly Dictionary<string, (SafetensorsFile File, TensorEntry Entry)> _tensors = [];
    readonly HashSet<string> _taken = [];
    readonly List<string> _missing = [];
    readonly List<string> _misshapen = [];
    readonly string _place;
    Adapter? _adapter;

    Weights(string place) => _place = place;

    public IEnumerable<TensorEntry> Entries => _tensors.Values.Select(t => t.Entry);
    public bool Contains(string name) => _tensors.ContainsKey(name);

    /// <summary>The file that holds a tensor.</summary>
    public SafetensorsFile FileOf(string name) => _tensors[name].File;

    /// <exception cref="FileNotFoundException">Neither a single file nor an index is there, or a shard is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the index and the shards disagree.</exception>
    public static Weights Open(string folder)
    {
        var single = Path.Combine(folder, "model.safetensors");
        var index = Path.Combine(folder, "model.safetensors.index.json");
        var weights = new Weights(folder);
        try
        {
            if (File.Exists(single)) // wins over an index: the official export leaves a stale one beside it
                weights.Add(single, null);
            else if (File.Exists(index))
                weights.AddShards(folder, index);
            else
                throw new FileNotFoundException($"{folder} holds neither model.safetensors nor model.safetensors.index.json. Name the folder of a Qwen3-TTS model.");
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    void AddShards(string folder, string index)
    {
        Dictionary<string, string> map;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(index));
            map = document.RootElement.GetProperty("weight_map").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidDataException($"{index} has no usable 'weight_map' ({e.Message}). Copy or download it again.");
        }
        foreach (var shard in map.Values.Distinct().Order(StringComparer.Ordinal))
        {
            if (Path.GetFileName(shard) != shard)
                throw new InvalidDataException($"{index} names the shard '{shard}' outside its folder. Do not trust this checkpoint.");
            var path = Path.Combine(folder, shard);
            if (!File.Exists(path))
                throw new FileNotFoundException($"{index} names the shard '{shard}', which is not there. Download it again.");
            Add(path, map.Where(p => p.Value == shard).Select(p => p.Key).ToHashSet());
        }
        var absent = map.Keys.Where(k => !_tensors.ContainsKey(k)).ToList();
        if (absent.Count > 0)
            throw new InvalidDataException($"{index} places {Names(absent)} in shards that do not hold them. Download the shards again.");
    }

    void Add(string path, HashSet<string>? listed)
    {
        var file = SafetensorsFile.Open(path);
        _files.Add(file);
        foreach (var entry in file.Tensors.Values)
            if (listed?.Contains(entry.Name) == false)
                throw new InvalidDataException($"{path} holds '{entry.Name}', which the index does not place there. Download the shards again.");
            else
                _tensors.Add(entry.Name, (file, entry));
    }

    /// <summary>A tensor of exactly this shape. A problem is noted for <see cref="Finish"/>, and zeros stand in until then.</summary>
    public TensorData Take(string name, params ReadOnlySpan<int> shape)
    {
        _taken.Add(name);
        if (!_tensors.TryGetValue(name, out var found))
            _missing.Add($"{name} [{string.Join(", ", shape.ToArray())}]");
        else if (!shape.SequenceEqual(found.Entry.Shape))
            _misshapen.Add($"{name} [{string.Join(", ", found.Entry.Shape)}], expected [{string.Join(", ", shape.ToArray())}]");
        else
            return _adapter?.Changes(name) == true ? _adapter.Changed(found.File, found.Entry)
                : found.Entry.Type == ElementType.BF16 ? new(null, found.File.BFloat16(name)) : new(found.File.Float32(name), null);
        var elements = 1L;
        foreach (var d in shape)
            elements = checked(elements * d);
        return new(new float[elements], null);
    }

    /// <summary>What is taken from now on has the adapter's changes in it.</summary>
    /// <exception cref="InvalidDataException">The adapter is of other weights.</exception>
    public void Add(Adapter adapter)
    {
        adapter.Check(this, _place);
        _adapter = adapter;
    }

    /// <summary>A tensor of this shape as float32.</summary>
    public float[] Float32(string name, params ReadOnlySpan<int> shape) => Take(name, shape).Widen();

    /// <summary>Throws one error that names everything missing, misshapen, or stored but not asked for (unless <paramref name="foreign"/> knows it).</summary>
    public void Finish(Func<string, bool>? foreign = null)
    {
        var unused = _tensors.Keys.Where(n => !_taken.Contains(n) && foreign?.Invoke(n) != true).Order(StringComparer.Ordinal).ToList();
        if (_missing.Count + _misshapen.Count + unused.Count == 0)
            return;
        var problems = new[] { ("missing", _missing), ("of another shape", _misshapen), ("not part of this model", unused) }
            .Where(p => p.Item2.Count > 0).Select(p => $"{p.Item2.Count} {p.Item1}: {Names(p.Item2)}");
        throw new InvalidDataException($"{_place}: the tensors do not fit config.json; {string.Join("; ", problems)}. Weights and config.json must come from one model.");
    }

    public void Dispose() => _files.ForEach(f => f.Dispose());

    static string Names(List<string> names) => string.Join(", ", names.Take(20)) + (names.Count > 20 ? $" and {names.Count - 20} more" : "");
}
