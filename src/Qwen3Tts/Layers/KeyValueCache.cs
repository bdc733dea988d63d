// The key-value cache of a transformer: keys and values of all positions so far, for each layer. The buffers grow by doubling, so that most
// steps allocate nothing. With a window, only the positions that later rows can still see are stored, so the memory stays constant.
namespace Qwen3Tts.Layers;

/// <summary>
/// Keys and values [positions, width] of each layer, for one sequence or for many short sequences that are computed together.
/// </summary>
/// <param name="layers">Number of layers.</param>
/// <param name="width">Width of a key: number of heads times their dimension.</param>
/// <param name="window">Number of positions that a row sees, including itself; 0: all positions before it.</param>
/// <param name="sequence">Length of each of many short sequences, whose rows see only their own sequence; 0: there is one sequence.</param>
sealed class KeyValueCache(int layers, int width, int window = 0, int sequence = 0)
{
    readonly float[][] _keys = Empty(layers);
    readonly float[][] _values = Empty(layers);
    int _capacity;
    int _dropped; // positions before the first stored one

    public int Sequence => sequence;

    /// <summary>Changes of the weights for this sequence; null for none.</summary>
    public LowRank? Adapter { get; set; }

    /// <summary>Number of positions so far: the position of the next row.</summary>
    public int Position => _dropped + Stored;

    /// <summary>Number of stored rows: the index at which the next row is stored.</summary>
    public int Stored { get; private set; }

    public ReadOnlySpan<float> Keys(int layer, int rows) => _keys[layer].AsSpan(0, rows * width);
    public ReadOnlySpan<float> Values(int layer, int rows) => _values[layer].AsSpan(0, rows * width);

    /// <summary>
    /// The memory for <paramref name="count"/> new rows [count, width] behind the stored ones, to be written by the caller.
    /// </summary>
    public Span<float> NewKeys(int layer, int count) => _keys[layer].AsSpan(Stored * width, count * width);
    public Span<float> NewValues(int layer, int count) => _values[layer].AsSpan(Stored * width, count * width);

    /// <summary>Reserves memory for <paramref name="count"/> further rows.</summary>
    public void Reserve(int count)
    {
        if (Stored + count <= _capacity)
            return;
        var keep = window == 0 ? Stored : Math.Min(Stored, window - 1);
        var capacity = keep + count <= _capacity ? _capacity : Math.Max(keep + count, Math.Max(64, checked(2 * _capacity)));
        for (var layer = 0; layer < layers; layer++)
        {
            Move(ref _keys[layer], keep, capacity);
            Move(ref _values[layer], keep, capacity);
        }
        _dropped += Stored - keep;
        (Stored, _capacity) = (keep, capacity);
    }

    // Moves the last rows to the front, in the same buffer or in a larger one.
    void Move(ref float[] store, int keep, int capacity)
    {
        var to = capacity == _capacity ? store : Numbers(checked(capacity * width));
        store.AsSpan((Stored - keep) * width, keep * width).CopyTo(to);
        store = to;
    }

    /// <summary>A copy that holds only the first <paramref name="rows"/> rows.</summary>
    public KeyValueCache Beginning(int rows)
    {
        if (_dropped > 0 || rows > Stored)
            throw new InvalidOperationException($"The first {rows} rows were asked for; the cache holds {_dropped} to {Position}.");
        var beginning = new KeyValueCache(layers, width, window, sequence) { Stored = rows, _capacity = rows };
        for (var layer = 0; layer < layers; layer++)
        {
            Keys(layer, rows).CopyTo(beginning._keys[layer] = Numbers(rows * width));
            Values(layer, rows).CopyTo(beginning._values[layer] = Numbers(rows * width));
        }
        return beginning;
    }

    /// <summary>Makes rows that were written part of the sequence.</summary>
    public void Advance(int count) => Stored += count;

    /// <summary>Begins a new sequence. The memory is kept.</summary>
    public void Clear() => (_dropped, Stored) = (0, 0);

    // Pinned: one job reads the caches of several sequences.
    static float[] Numbers(int count) => GC.AllocateUninitializedArray<float>(count, pinned: true);

    static float[][] Empty(int layers) => [.. Enumerable.Repeat(Array.Empty<float>(), layers)];
}
