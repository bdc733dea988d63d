// The memory of a transformer: keys and values of every position so far, per layer. Grows by doubling, so a step allocates nothing once it
// has grown. With a window only what a later position can still see is kept: streaming for hours needs no more memory than for seconds.
namespace Qwen3Tts.Layers;

/// <summary>
/// Keys and values [positions, width] of each layer; one per sequence, or one for many short ones that are passed on together.
/// </summary>
/// <param name="layers">Of the stack.</param>
/// <param name="width">Of a key: its heads times their dimension.</param>
/// <param name="window">How many positions a row sees, itself included; 0: all before it.</param>
/// <param name="sequence">After so many rows another sequence begins, whose rows see only its own; 0: never.</param>
sealed class KeyValueCache(int layers, int width, int window = 0, int sequence = 0)
{
    readonly float[][] _keys = Empty(layers);
    readonly float[][] _values = Empty(layers);
    int _capacity;
    int _dropped; // positions before the first stored one

    public int Sequence => sequence;

    /// <summary>Positions seen so far: where the next row stands.</summary>
    public int Position => _dropped + Stored;

    /// <summary>Rows stored: where the next row is written.</summary>
    public int Stored { get; private set; }

    public ReadOnlySpan<float> Keys(int layer, int rows) => _keys[layer].AsSpan(0, rows * width);
    public ReadOnlySpan<float> Values(int layer, int rows) => _values[layer].AsSpan(0, rows * width);

    /// <summary>The rows [count, width] after the stored ones, to be written.</summary>
    public Span<float> NewKeys(int layer, int count) => _keys[layer].AsSpan(Stored * width, count * width);
    public Span<float> NewValues(int layer, int count) => _values[layer].AsSpan(Stored * width, count * width);

    /// <summary>Makes room for <paramref name="count"/> further rows.</summary>
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

    // The last rows to the front, of the same memory or of more.
    void Move(ref float[] store, int keep, int capacity)
    {
        var to = capacity == _capacity ? store : new float[checked(capacity * width)];
        store.AsSpan((Stored - keep) * width, keep * width).CopyTo(to);
        store = to;
    }

    /// <summary>A cache of its own that has seen the first <paramref name="rows"/> alone.</summary>
    public KeyValueCache Beginning(int rows)
    {
        if (_dropped > 0 || rows > Stored)
            throw new InvalidOperationException($"The first {rows} rows were asked for; the cache holds {_dropped} to {Position}.");
        var beginning = new KeyValueCache(layers, width, window, sequence) { Stored = rows, _capacity = rows };
        for (var layer = 0; layer < layers; layer++)
        {
            beginning._keys[layer] = Keys(layer, rows).ToArray();
            beginning._values[layer] = Values(layer, rows).ToArray();
        }
        return beginning;
    }

    /// <summary>The rows written are part of the sequence now.</summary>
    public void Advance(int count) => Stored += count;

    /// <summary>Forgets the sequence and keeps the memory.</summary>
    public void Clear() => (_dropped, Stored) = (0, 0);

    static float[][] Empty(int layers) => [.. Enumerable.Repeat(Array.Empty<float>(), layers)];
}
