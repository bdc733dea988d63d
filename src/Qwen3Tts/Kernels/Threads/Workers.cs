using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Qwen3Tts.Kernels;

/// <summary>
/// A team of threads that works on the parts of one job at a time. A matrix-vector product takes 100 µs and there are hundreds in a frame,
/// so between jobs a thread first spins (a fork and join then costs under 1 µs, against 10 µs of Parallel.For) and only then sleeps.
/// Parts are handed out one by one: who runs which is open, so no result may depend on it. A Run inside a Run, or beside one of another
/// thread, is done by its caller alone.
/// </summary>
sealed unsafe class Workers : IDisposable
{
    const int SpinMicroseconds = 60;

    static readonly Lazy<Workers> Common = new(() => new Workers(
        int.TryParse(Environment.GetEnvironmentVariable("QWEN3TTS_THREADS"), out var threads) && threads > 0 ? threads
            : Environment.ProcessorCount));

    readonly object _gate = new(), _done = new();
    readonly Thread[] _threads;
    Counters _counters;
    void* _state;
    delegate*<void*, int, void> _body;
    ExceptionDispatchInfo? _error;
    int _busy, _sleeping;
    bool _callerSleeps;
    volatile bool _stopped;

    public Workers(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _threads = new Thread[threads - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Work) { IsBackground = true, Name = $"Qwen3Tts worker {i + 1}" };
            _threads[i].Start();
        }
    }

    /// <summary>Threads that work on a job, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>Multiplications that products and convolutions asked this team for, and bytes of weights that they read: what a benchmark
    /// holds against the machine's limits. Not exact where several callers share the team.</summary>
    public long Multiplications { get; private set; }
    public long WeightBytes { get; private set; }

    /// <summary>Counts work for <see cref="Multiplications"/> and <see cref="WeightBytes"/>.</summary>
    public void Count(long multiplications, long weightBytes) =>
        (Multiplications, WeightBytes) = (Multiplications + multiplications, WeightBytes + weightBytes);

    /// <summary>One thread per processor (or <c>QWEN3TTS_THREADS</c> of them), created on first use.</summary>
    public static Workers Shared => Common.Value;

    /// <summary>
    /// Runs <c>body(state, part)</c> for every part below <paramref name="parts"/> and returns when all are done; part 0 runs on the
    /// caller. The first exception of a part is thrown here, after the other parts have ended. Allocates nothing.
    /// </summary>
    public void Run(int parts, void* state, delegate*<void*, int, void> body)
    {
        if (parts <= 1 || _threads.Length == 0 || _stopped || Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
        {
            for (var part = 0; part < parts; part++)
                body(state, part);
            return;
        }
        _state = state;
        _body = body;
        _error = null;
        Volatile.Write(ref _counters.Done, 0);
        // Publishes the three fields above; a full fence, so that _sleeping below is read after it.
        Interlocked.Exchange(ref _counters.Ticket, (long)parts << 32 | 1);
        if (Volatile.Read(ref _sleeping) > 0)
            Wake();
        RunPart(0, parts);
        TakeParts();
        WaitForOthers(parts);
        var error = _error;
        _error = null;
        Volatile.Write(ref _busy, 0);
        error?.Throw();
    }

    // A part that another thread still computes is done in microseconds, unless that thread lost its processor to another program. Then
    // the caller sleeps: its own processor is free at once, and the system moves the waiting thread there.
    void WaitForOthers(int parts)
    {
        var began = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref _counters.Done) != parts)
        {
            if (Stopwatch.GetElapsedTime(began).TotalMicroseconds < SpinMicroseconds)
            {
                Thread.SpinWait(4);
                continue;
            }
            lock (_done)
            {
                Volatile.Write(ref _callerSleeps, true);
                Interlocked.MemoryBarrier(); // against the order in RunPart: one of both sees the other
                while (Volatile.Read(ref _counters.Done) != parts)
                    Monitor.Wait(_done);
                _callerSleeps = false;
            }
        }
    }

    public void Dispose()
    {
        _stopped = true;
        Wake();
        foreach (var thread in _threads)
            thread.Join();
    }

    // A ticket holds the number of parts (high half) and the next part (low half) of the job it was drawn from, so a late thread that draws
    // from a finished job sees that nothing is left, whatever has been written for the next one. A valid ticket keeps its job alive.
    bool TakeParts()
    {
        var any = false;
        while (Open(Volatile.Read(ref _counters.Ticket)))
        {
            var ticket = Interlocked.Increment(ref _counters.Ticket) - 1;
            if (!Open(ticket))
                break;
            RunPart((int)ticket, (int)(ticket >> 32));
            any = true;
        }
        return any;
    }

    static bool Open(long ticket) => (int)ticket < (int)(ticket >> 32);

    void RunPart(int part, int parts)
    {
        try
        {
            _body(_state, part);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _error, ExceptionDispatchInfo.Capture(e), null);
        }
        if (Interlocked.Increment(ref _counters.Done) == parts && Volatile.Read(ref _callerSleeps))
            lock (_done)
                Monitor.PulseAll(_done);
    }

    void Work()
    {
        while (!_stopped)
        {
            if (TakeParts())
                continue;
            var began = Stopwatch.GetTimestamp();
            while (!Open(Volatile.Read(ref _counters.Ticket)) && !_stopped
                && Stopwatch.GetElapsedTime(began).TotalMicroseconds < SpinMicroseconds)
                Thread.SpinWait(4);
            if (!Open(Volatile.Read(ref _counters.Ticket)) && !_stopped)
                Sleep();
        }
    }

    // Counts itself as sleeping first and looks for work after, where Run publishes first and looks for sleepers after: one of both sees
    // the other.
    void Sleep()
    {
        lock (_gate)
        {
            Interlocked.Increment(ref _sleeping);
            while (!Open(Volatile.Read(ref _counters.Ticket)) && !_stopped)
                Monitor.Wait(_gate);
            Interlocked.Decrement(ref _sleeping);
        }
    }

    void Wake()
    {
        lock (_gate)
            Monitor.PulseAll(_gate);
    }

    /// <summary>Each on cache lines of its own: all threads write to them.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 384)]
    struct Counters
    {
        [FieldOffset(128)] public long Ticket;
        [FieldOffset(256)] public int Done;
    }
}
