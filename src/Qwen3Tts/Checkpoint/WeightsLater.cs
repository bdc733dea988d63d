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
    public void ReadLater(string name, UseNumbers use) => DoLater(() =>
    {
        var (file, entry) = _tensors[name];
        if (_adapter?.Changes(name) == true)
        {
            use(_adapter.Changed(file, entry).Widen().Span);
            return;
        }
        if (!_buffers.TryTake(out var buffer))
            buffer = new();
        try
        {
            var numbers = buffer.Take(checked((int)entry.Elements));
            file.Float32(name, numbers);
            use(numbers);
        }
        finally
        {
            _buffers.Add(buffer);
        }
    });

    /// <summary>A matrix of which few rows are read, to be read from its file; null where its numbers must be in memory.</summary>
    public Matrix? OpenRows(string name, int rows, int columns)
    {
        if (_maps || _adapter?.Changes(name) == true || !_tensors.TryGetValue(name, out var found)
            || found.Entry.Type is not (ElementType.BF16 or ElementType.F32))
            return null;
        return Has(name, rows, columns) ? RowsInFile.Open(found.File.Path, found.Entry) : Matrix.WithoutValues(rows, columns);
    }
}

/// <summary>Working memory that is given back to the system at once: a buffer of the heap would stay with the process.</summary>
sealed unsafe class NumberBuffer : IDisposable
{
    float* _numbers;
    int _length;

    /// <summary>Memory for so many numbers, with any content; valid until the next call.</summary>
    public Span<float> Take(int length)
    {
        if (length > _length)
        {
            NativeMemory.Free(_numbers);
            _numbers = null; // stays so if there is not enough memory
            _length = 0;
            _numbers = (float*)NativeMemory.Alloc((nuint)length, sizeof(float));
            _length = length;
        }
        return new(_numbers, length);
    }

    public void Dispose()
    {
        NativeMemory.Free(_numbers);
        _numbers = null;
        _length = 0;
    }
}
