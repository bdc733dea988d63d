using Qwen3Tts.Kernels;

namespace Qwen3Tts.Tests.Kernels;

public sealed unsafe class WorkersTests
{
    struct Job
    {
        public int* Counts;
        public Guarded* Inner;
    }

    struct Guarded
    {
        public int Total;
    }

    static void Count(void* state, int part) => Interlocked.Increment(ref ((Job*)state)->Counts[part]);

    static void Fail(void* state, int part)
    {
        Count(state, part);
        if (part is 2 or 5)
            throw new InvalidOperationException($"part {part}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void EveryPartRunsOnce(int threads)
    {
        using var workers = new Workers(threads);
        var counts = stackalloc int[64];
        for (var round = 0; round < 3000; round++)
        {
            new Span<int>(counts, 64).Clear();
            var job = new Job { Counts = counts };
            var parts = round % 65;
            workers.Run(parts, &job, &Count);
            for (var i = 0; i < 64; i++)
                Assert.Equal(i < parts ? 1 : 0, counts[i]);
            if (round % 1000 == 500)
                Thread.Sleep(5); // long enough to fall asleep
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void AnExceptionArrivesAndTheTeamGoesOn(int threads)
    {
        using var workers = new Workers(threads);
        var counts = stackalloc int[8];
        new Span<int>(counts, 8).Clear();
        var job = new Job { Counts = counts };
        var message = "";
        try
        {
            workers.Run(8, &job, &Fail);
        }
        catch (InvalidOperationException e)
        {
            message = e.Message;
        }
        Assert.StartsWith("part ", message, StringComparison.Ordinal);
        new Span<int>(counts, 8).Clear();
        workers.Run(8, &job, &Count);
        Assert.Equal(Enumerable.Repeat(1, 8), new Span<int>(counts, 8).ToArray());
    }

    static void RunInside(void* state, int part)
    {
        var counts = stackalloc int[4];
        new Span<int>(counts, 4).Clear();
        var job = new Job { Counts = counts };
        Workers.Shared.Run(4, &job, &Count);
        Interlocked.Add(ref ((Job*)state)->Inner->Total, counts[0] + counts[1] + counts[2] + counts[3]);
    }

    [Fact]
    public void ARunInsideARunIsDone()
    {
        Guarded inner;
        inner.Total = 0;
        var job = new Job { Inner = &inner };
        Workers.Shared.Run(10, &job, &RunInside);
        Assert.Equal(40, inner.Total);
    }

    [Fact]
    public void TwoCallersDoNotDisturbEachOther()
    {
        var totals = new int[3];
        var callers = Enumerable.Range(0, totals.Length).Select(caller => new Thread(() => totals[caller] = Call(500))).ToList();
        callers.ForEach(c => c.Start());
        callers.ForEach(c => c.Join());
        Assert.All(totals, t => Assert.Equal(500 * 3 * 4, t));
    }

    static int Call(int times)
    {
        Guarded inner;
        inner.Total = 0;
        var job = new Job { Inner = &inner };
        for (var i = 0; i < times; i++)
            Workers.Shared.Run(3, &job, &RunInside);
        return inner.Total;
    }

    [Fact]
    public void AllocatesNothing()
    {
        using var workers = new Workers(2);
        var counts = stackalloc int[64];
        var job = new Job { Counts = counts };
        var least = long.MaxValue; // the runtime allocates, too, when it compiles a method anew
        for (var i = 0; i < 6; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            workers.Run(64, &job, &Count);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
    }

    [Fact]
    public void AfterItsEndTheCallerWorksAlone()
    {
        var workers = new Workers(2);
        workers.Dispose();
        var counts = stackalloc int[4];
        new Span<int>(counts, 4).Clear();
        var job = new Job { Counts = counts };
        workers.Run(4, &job, &Count);
        Assert.Equal([1, 1, 1, 1], new Span<int>(counts, 4).ToArray());
    }
}
