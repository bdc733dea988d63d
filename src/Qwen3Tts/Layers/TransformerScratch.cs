// Buffers that the layers of one stack share, because the layers run one after the other. A buffer grows to the largest size used and
// stays.
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Layers;

sealed class TransformerScratch(TransformerShape shape)
{
    float[] _normed = [], _queries = [], _shared = [], _attended = [], _gate = [], _up = [], _branch = [], _inner = [];
    SequenceStep[] _steps = [];
    LowRank?[] _adapters = []; // of the sequences of this call
    int _sequences; // 0: none of them has an adapter

    public Span<float> Normed(int count) => Grown(ref _normed, checked(count * shape.Hidden));
    public Span<float> Queries(int count) => Grown(ref _queries, checked(count * shape.Heads * shape.HeadDim));
    public Span<float> KeysOrValues(int count) => Grown(ref _shared, checked(count * shape.KeyValueHeads * shape.HeadDim));
    public Span<float> Attended(int count) => Grown(ref _attended, checked(count * shape.Heads * shape.HeadDim));
    public Span<float> Gate(int count) => Grown(ref _gate, checked(count * shape.Intermediate));
    public Span<float> Up(int count) => Grown(ref _up, checked(count * shape.Intermediate));

    /// <summary>Room for the next positions of so many sequences.</summary>
    public Span<SequenceStep> Steps(int count)
    {
        if (_steps.Length < count)
            _steps = new SequenceStep[count];
        return _steps.AsSpan(0, count);
    }

    /// <summary>
    /// in: x · out: residual + linear(x), the product scaled per channel if the layer has a scale · overwrites: residual.
    /// </summary>
    public void Add(Linear linear, ReadOnlySpan<float> x, Span<float> residual, int count, float[]? scale, Workers workers)
    {
        if (scale is null)
        {
            Apply(linear, x, residual, count, workers, add: true);
            return;
        }
        var branch = Grown(ref _branch, checked(count * linear.Output));
        linear.Apply(x, branch, count, workers);
        Activations.AddScaled(residual, branch, scale);
    }

    /// <summary>Remembers the adapters of the sequences whose rows follow.</summary>
    public void SetAdapters(ReadOnlySpan<KeyValueCache> caches)
    {
        _sequences = 0;
        if (_adapters.Length < caches.Length)
            _adapters = new LowRank?[caches.Length];
        for (var i = 0; i < caches.Length; i++)
            if ((_adapters[i] = caches[i].Adapter) is not null)
                _sequences = caches.Length;
    }

    /// <summary>As <see cref="Linear.Apply"/>, with the adapter of each sequence: rows [sequences, …].</summary>
    public void Apply(Linear linear, ReadOnlySpan<float> x, Span<float> y, int rows, Workers workers, bool add = false)
    {
        linear.Apply(x, y, rows, workers, add);
        for (int from = 0, to; from < _sequences; from = to)
        {
            var adapter = _adapters[from];
            for (to = from + 1; to < _sequences && ReferenceEquals(_adapters[to], adapter); to++)
            {
                // sequences with one adapter are computed together
            }
            if (adapter?.Find(linear.Name) is not { } pair)
                continue;
            var (first, count) = (rows / _sequences * from, rows / _sequences * (to - from));
            pair.AddTo(x.Slice(first * linear.Input, count * linear.Input), y.Slice(first * linear.Output, count * linear.Output),
                Grown(ref _inner, checked(count * pair.Rank)), count, workers);
        }
    }

    static Span<float> Grown(ref float[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = new float[length];
        return buffer.AsSpan(0, length);
    }
}
