// Reading that is put off. A network that is made only lays out memory; the numbers are read, converted and packed when all networks are
// there, on all processors: one thread alone reads memory that was never used at a third of the speed of the disk cache.
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Checkpoint;

/// <summary>Uses the numbers of a tensor, which are valid during the call.</summary>
delegate void UseNumbers(ReadOnlySpan<float> numbers);

partial class Weights
{
    readonly ConcurrentBag<NumberBuffer> _buffers = [];
    List<Action>? _later; // null: nothing is put off
    int _longest; // numbers of the longest tensor that was put off

    /// <summary>Told the share of the tensors that are read; what it throws ends the reading.</summary>
    public Action<double>? Report { get; set; }

    void DoLater(Action work)
    {
        if (_later is null)
            work();
        else
            _later.Add(work);
    }

    /// <summary>Makes networks, and reads for all of them what they put off.</summary>
    T ReadTogether<T>(Func<Weights, T> networks, Func<string, bool> foreign)
    {
        _later = [];
        try
        {
            var result = networks(this);
            Finish(foreign);
            Report?.Invoke(0);
            var (done, all) = (0, _later.Count);
            Parallel.ForEach(_later, work =>
            {
                work();
                Report?.Invoke((double)Interlocked.Increment(ref done) / all);
            });
            return result;
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
            throw;
        }
        finally
        {
            _later = null;
            FreeBuffers();
        }
    }

    void FreeBuffers()
    {
        while (_buffers.TryTake(out var buffer))
            buffer.Dispose();
    }

    /// <summary>Requests a tensor of this shape, as <see cref="Take"/> does, and tells whether numbers can be read from it.</summary>
    public bool Has(string name, params ReadOnlySpan<int> shape) => Find(name, shape) is not null;

    /// <summary>Hands over the numbers of a tensor as float32 before <see cref="Load"/> returns, on any thread; outside of it at
    /// once.</summary>
    /// <param name="name">A tensor that <see cref="Has"/> found.</param>
    /// <param name="use">Copies or converts the numbers.</param>
    public void ReadLater(string name, UseNumbers use)
    {
        var (file, entry) = _tensors[name];
        var length = checked((int)entry.Elements);
        _longest = Math.Max(_longest, length);
        DoLater(() =>
        {
            if (_adapter?.Changes(name) == true)
            {
                use(_adapter.Changed(file, entry).Widen().Span);
                return;
            }
            if (!_buffers.TryTake(out var buffer))
                buffer = new(_longest);
            try
            {
                var numbers = buffer.Take(length);
                file.Float32(name, numbers);
                use(numbers);
            }
            finally
            {
                _buffers.Add(buffer);
            }
        });
    }

    /// <summary>A matrix of which few rows are read, to be read from its file; null where its numbers must be in memory.</summary>
    public Matrix? OpenRows(string name, int rows, int columns)
    {
        if (_adapter?.Changes(name) == true || !_tensors.TryGetValue(name, out var found)
            || found.Entry.Type is not (ElementType.BF16 or ElementType.F32))
            return null;
        return Has(name, rows, columns) ? RowsInFile.Open(found.File, found.Entry) : Matrix.WithoutValues(rows, columns);
    }
}

/// <summary>Working memory that is given back to the system at once: a buffer of the heap would stay with the process.</summary>
/// <param name="length">Numbers that it is made for. Pages that are never used take no memory.</param>
sealed unsafe class NumberBuffer(int length) : IDisposable
{
    float* _numbers;
    int _length;

    /// <summary>Memory for so many numbers, with any content; valid until the next call.</summary>
    public Span<float> Take(int count)
    {
        if (_numbers is null || count > _length)
        {
            Dispose();
            var room = Math.Max(count, length);
            _numbers = (float*)NativeMemory.Alloc((nuint)room, sizeof(float));
            _length = room;
        }
        return new(_numbers, count);
    }

    public void Dispose()
    {
        NativeMemory.Free(_numbers);
        _numbers = null;
    }
}
