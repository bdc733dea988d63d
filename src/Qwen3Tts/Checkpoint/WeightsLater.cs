// Reading that is put off. A network that is made only lays out memory; the numbers are read, converted and packed when all networks are
// there, on all processors: one thread alone reads memory that was never used at a third of the speed of the disk cache.
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Qwen3Tts.Checkpoint;

/// <summary>Uses the numbers of a tensor, which are valid during the call.</summary>
delegate void UseNumbers(ReadOnlySpan<float> numbers);

partial class Weights
{
    readonly List<Action> _later = [];
    readonly ConcurrentBag<float[]> _buffers = [];

    void DoLater(Action work) => _later.Add(work);

    /// <summary>Requests a tensor of this shape, as <see cref="Take"/> does, and tells whether numbers can be read from it.</summary>
    public bool Has(string name, params ReadOnlySpan<int> shape) => Find(name, shape) is not null;

    /// <summary>Hands over the numbers of a tensor as float32 before <see cref="Finish"/> returns, on any thread.</summary>
    /// <param name="name">A tensor that <see cref="Has"/> found.</param>
    /// <param name="use">Copies or converts the numbers.</param>
    public void ReadLater(string name, UseNumbers use) => DoLater(() =>
    {
        var (file, entry) = _tensors[name];
        if (_adapter?.Changes(name) == true)
        {
            use(_adapter.Changed(file, entry).Widen().Span);
            return;
        }
        var length = checked((int)entry.Elements);
        if (!_buffers.TryTake(out var buffer) || buffer.Length < length)
            buffer = GC.AllocateUninitializedArray<float>(length);
        file.Float32(name, buffer.AsSpan(0, length));
        use(buffer.AsSpan(0, length));
        _buffers.Add(buffer);
    });

    void ReadNow()
    {
        try
        {
            Parallel.ForEach(_later, work => work());
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
        _later.Clear();
        _buffers.Clear();
    }
}
