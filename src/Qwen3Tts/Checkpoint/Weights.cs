// The strict reader of a network's weights. A network requests every tensor by name and shape. Tensors that are missing, have another shape
// or are never requested are collected and reported together, so that a wrong checkpoint gives one error with all names.
using Qwen3Tts.Files;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Checkpoint;

/// <summary>
/// All tensors of a folder, from <c>model.safetensors</c> or from the shards that <c>model.safetensors.index.json</c> lists.
/// </summary>
sealed partial class Weights : IDisposable
{
    const int MostProblems = 1000; // a configuration with millions of layers is reported early; real mistakes cause fewer
    readonly List<SafetensorsFile> _files = [];
    readonly Dictionary<string, (SafetensorsFile File, TensorEntry Entry)> _tensors;
    readonly HashSet<string> _taken = [];
    readonly List<string> _missing = [];
    readonly List<string> _misshapen = [];
    readonly List<long> _sizes = []; // sizes that the configuration has and the tensors do not
    readonly string _place;
    readonly bool _checks; // only shapes are checked; no numbers are read
    Adapter? _adapter;
    bool _maps;
    List<(string, int[])>? _requests;

    Weights(string place, Dictionary<string, (SafetensorsFile File, TensorEntry Entry)>? tensors = null) =>
        (_place, _tensors, _checks) = (place, tensors ?? [], tensors is not null);

    /// <summary>
    /// True if no numbers are read, because only shapes are checked or because a shape does not fit. A network that is created now is
    /// thrown away.
    /// </summary>
    public bool HoldNothing => _checks || _missing.Count + _misshapen.Count > 0;

    public IEnumerable<TensorEntry> Entries => _tensors.Values.Select(t => t.Entry);
    public bool Contains(string name) => _tensors.ContainsKey(name);

    /// <summary>The file that holds a tensor.</summary>
    public SafetensorsFile FileOf(string name) => _tensors[name].File;

    /// <exception cref="FileNotFoundException">There is neither a single file nor an index, or a shard is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the index and the shards contradict each other.</exception>
    /// <param name="folder">The folder of a model or of a codec.</param>
    /// <param name="map">True to not copy large tensors.</param>
    /// <param name="layout">The layout of config.json, which must be that of the tensors; null if it has no sign of one.</param>
    public static Weights Open(string folder, bool map = false, FoundLayout? layout = null)
    {
        var single = Path.Combine(folder, "model.safetensors");
        var index = Path.Combine(folder, "model.safetensors.index.json");
        var weights = new Weights(folder) { _maps = map };
        try
        {
            if (File.Exists(single)) // has precedence over an index, because the official export leaves an outdated index beside it
                weights.Add(single, null);
            else if (File.Exists(index))
                weights.AddShards(folder, index);
            else
                throw new FileNotFoundException(File.Exists(Path.Combine(folder, "pytorch_model.bin"))
                    ? $"{folder} holds weights as pytorch_model.bin, which is not read. Save the model as safetensors with the program " +
                        $"that made it."
                    : $"{folder} holds neither model.safetensors nor model.safetensors.index.json. Name the folder of a Qwen3-TTS model.");
            weights.TakeOfficialNames(layout);
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
        const string remedy = "Copy or download the index again.";
        var map = JsonFile.Read(index, WeightsJson.Default.ShardIndex, remedy).WeightMap;
        if (map.FirstOrDefault(p => p.Value is null).Key is { } nowhere) // the serializer does not check values
            throw new InvalidDataException(
                $"{index}: 'weight_map.{Printable.Text(nowhere)}' is null, expected the name of a file. {remedy}");
        foreach (var shard in map.Values.Distinct().Order(StringComparer.Ordinal))
        {
            if (Path.GetFileName(shard) != shard)
                throw new InvalidDataException(
                    $"{index} names the shard '{Printable.Text(shard)}' outside its folder. Do not trust this checkpoint.");
            var path = Path.Combine(folder, shard);
            if (!File.Exists(path))
                throw new FileNotFoundException(
                    $"{index} names the shard '{Printable.Text(shard)}', which is not there. Download it again.");
            Add(path, map.Where(p => p.Value == shard).Select(p => p.Key).ToHashSet());
        }
        var absent = map.Keys.Where(k => !_tensors.ContainsKey(k)).ToList();
        if (absent.Count > 0)
            throw new InvalidDataException($"{index} places {Names(absent)} in shards that do not hold them. Download the shards again.");
    }

    void Add(string path, HashSet<string>? listed)
    {
        var file = SafetensorsFile.Open(path, _maps);
        _files.Add(file);
        foreach (var entry in file.Tensors.Values)
            if (listed?.Contains(entry.Name) == false)
                throw new InvalidDataException(
                    $"{path} holds '{Printable.Text(entry.Name)}', which the index does not place there. Download the shards again.");
            else if (!_tensors.TryAdd(entry.Name, (file, entry)))
                throw new InvalidDataException(
                    $"{path} holds '{Printable.Text(entry.Name)}', which another shard holds, too. Download the shards again.");
    }

    /// <summary>
    /// A tensor of exactly this shape. A problem is collected for <see cref="Finish"/>; after it, nothing is read any more.
    /// </summary>
    /// <exception cref="InvalidDataException">There are very many problems.</exception>
    public TensorData Take(string name, params ReadOnlySpan<int> shape)
    {
        if (Find(name, shape) is not var (file, entry))
            return TensorData.None;
        return _adapter?.Changes(name) == true ? _adapter.Changed(file, entry)
            : entry.Type == ElementType.BF16 ? new(null, file.BFloat16(name))
            : new(entry.Type == ElementType.F32 ? file.Numbers<float>(name) : file.Float32(name), null);
    }

    /// <summary>The same, where the numbers may not be there before <see cref="Load"/> has returned.</summary>
    public TensorData TakeLater(string name, params ReadOnlySpan<int> shape)
    {
        if (Find(name, shape) is not var (file, entry))
            return TensorData.None;
        return _adapter?.Changes(name) == true ? _adapter.Changed(file, entry)
            : entry.Type == ElementType.BF16 ? new(null, file.Numbers<ushort>(name, DoLater))
            : new(entry.Type == ElementType.F32 ? file.Numbers<float>(name, DoLater) : file.Float32(name), null);
    }

    /// <summary>A matrix that the file stores as whole numbers with scales; null if it stores another type.</summary>
    /// <exception cref="InvalidDataException">There are very many problems.</exception>
    public QuantizedTensor? TakeQuantized(string name, int rows, int columns)
    {
        if (!_tensors.TryGetValue(name, out var found) || found.Entry.Type is not (ElementType.I8 or ElementType.U8))
            return null;
        if (_adapter?.Changes(name) == true)
            throw new InvalidDataException($"{_place}: '{name}' is quantised, and an adapter cannot be added to it. Add the adapter to the "
                + "model that this one was quantised from.");
        var type = found.Entry.Type == ElementType.I8 ? WeightType.Int8 : WeightType.Int4;
        var whole = Find(name, [rows, Quantization.RowBytes(type, columns)]);
        var scales = Find(name + TensorNames.ScaleSuffix, [rows, columns / Quantization.Group]);
        return whole is null || scales is null ? new(type, default, default, IsNone: true)
            : new(type, whole.Value.File.Numbers<byte>(name, DoLater),
                scales.Value.File.Numbers<ushort>(name + TensorNames.ScaleSuffix, DoLater), IsNone: false);
    }

    /// <summary>The place of a tensor of this shape; null if there is none, or if only shapes are checked.</summary>
    (SafetensorsFile File, TensorEntry Entry)? Find(string name, ReadOnlySpan<int> shape)
    {
        if (_requests is not null)
        {
            _requests.Add((name, shape.ToArray()));
            return null;
        }
        _taken.Add(name);
        if (!_tensors.TryGetValue(name, out var found))
            _missing.Add($"{name} [{string.Join(", ", shape.ToArray())}]");
        else if (!shape.SequenceEqual(found.Entry.Shape))
        {
            _misshapen.Add($"{name} [{string.Join(", ", found.Entry.Shape)}], expected [{string.Join(", ", shape.ToArray())}]");
            for (var i = 0; i < shape.Length; i++)
                if (i >= found.Entry.Shape.Length || found.Entry.Shape[i] != shape[i])
                    _sizes.Add(shape[i]);
        }
        else if (!HoldNothing)
            return found;
        if (_missing.Count + _misshapen.Count > MostProblems)
            throw Problem([]);
        return null;
    }

    /// <summary>
    /// Notes how many modules a network expects under a name. If the file lacks the last one, the message names the key of config.json that
    /// has this number.
    /// </summary>
    /// <exception cref="InvalidDataException">The file has far fewer tensors than modules.</exception>
    public void Expect(string name, int count)
    {
        if (count <= 0 || _requests is not null || _tensors.Keys.Any(t => t.StartsWith($"{name}.{count - 1}.", StringComparison.Ordinal)))
            return;
        _sizes.Add(count);
        if (count <= Math.Max(_tensors.Count, MostProblems))
            return;
        _missing.Add($"{name}.{count - 1}");
        throw Problem([]);
    }

    /// <summary>Working memory of a network, of a size that its configuration gives. Empty if no numbers are read.</summary>
    /// <exception cref="InvalidDataException">No array can be that large.</exception>
    public float[] Room(long count) => HoldNothing ? [] : count <= Array.MaxLength ? new float[count]
        : throw new InvalidDataException(
            $"{Config}: its sizes ask for a buffer of {count} numbers, more than an array can hold. Take the file of the released model, " +
            $"or of the run that wrote the checkpoint.");

    /// <summary>All tensors that networks request: the content of a checkpoint for them.</summary>
    /// <param name="networks">Creates the networks with weights that hold no numbers.</param>
    public static IReadOnlyList<(string Name, int[] Shape)> ListRequests(Action<Weights> networks)
    {
        var weights = new Weights("", []) { _requests = [] };
        networks(weights);
        return weights._requests;
    }

    /// <summary>
    /// Creates networks after the names and shapes of all their tensors have been checked against the headers of the files.
    /// </summary>
    /// <param name="networks">Creates the networks. Called twice, the first time with weights that hold no numbers.</param>
    /// <param name="foreign">True for tensors that no network needs to request.</param>
    /// <exception cref="InvalidDataException">Tensors are missing, have another shape or were not requested. The message names all of
    /// them.</exception>
    public T Load<T>(Func<Weights, T> networks, Func<string, bool> foreign)
    {
        Check(networks, foreign);
        return ReadTogether(networks, foreign);
    }

    /// <summary>As <see cref="Load"/>, but only checks the shapes.</summary>
    public void Check<T>(Func<Weights, T> networks, Func<string, bool> foreign)
    {
        using var shapes = new Weights(_place, _tensors);
        networks(shapes);
        shapes.Finish(foreign);
    }

    /// <summary>From now on, tensors that are read have the adapter's changes in them.</summary>
    /// <exception cref="InvalidDataException">The adapter belongs to other weights.</exception>
    public void Add(Adapter adapter) => _adapter = adapter.For(this, _place);

    /// <summary>A tensor of this shape as float32, in an array of its own.</summary>
    public float[] Float32(string name, params ReadOnlySpan<int> shape) => Take(name, shape).ToArray();

    /// <summary>
    /// Throws one error that names all tensors that are missing, have another shape, or are stored but were not requested (except those
    /// that <paramref name="foreign"/> accepts).
    /// </summary>
    public void Finish(Func<string, bool>? foreign = null)
    {
        var unused = _tensors.Keys.Where(n => !_taken.Contains(n) && foreign?.Invoke(n) != true).Order(StringComparer.Ordinal).ToList();
        if (_missing.Count + _misshapen.Count + unused.Count > 0)
            throw Problem(unused);
    }

    public void Dispose()
    {
        FreeBuffers();
        _files.ForEach(f => f.Dispose());
    }
}
