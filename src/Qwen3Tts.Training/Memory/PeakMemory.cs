// Measures how much memory the process uses, as the Linux kernel counts it. glibc keeps freed memory for later use. To measure only memory
// that is in use, it is told to return every larger block at once. This costs time, so memory and time are never measured together.
using System.Globalization;
using System.Runtime.InteropServices;

namespace Qwen3Tts.Training.Memory;

static partial class PeakMemory
{
    const int TrimThreshold = -1, MmapThreshold = -3; // of mallopt
    const int LargestThreshold = 1 << 25; // largest threshold that glibc allows for blocks

    public static bool Supported => OperatingSystem.IsLinux();

    /// <summary>
    /// From now on the process keeps freed memory, because the next step needs as much and new pages cost more time than the computation in
    /// them.
    /// </summary>
    public static void KeepFreed()
    {
        if (Supported)
            GiveBackFrom(LargestThreshold, int.MaxValue);
    }

    /// <summary>The most memory in use at one time while the work runs, above the memory in use before it, in bytes.</summary>
    public static long Measure(Action work)
    {
        GiveBackFrom(1 << 16, 1 << 16);
        try
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true); // freed arrays go back, too
            malloc_trim(0);
            File.WriteAllText("/proc/self/clear_refs", "5"); // resets the recorded peak
            var before = Status("VmRSS");
            work();
            return Status("VmHWM") - before;
        }
        finally
        {
            KeepFreed();
        }
    }

    /// <summary>
    /// Sets how glibc returns memory: blocks of at least this many bytes when they are freed, and the end of the heap when this much of it
    /// is free.
    /// </summary>
    static void GiveBackFrom(int block, int rest)
    {
        mallopt(MmapThreshold, block);
        mallopt(TrimThreshold, rest);
    }

    static long Status(string key) => Kilobytes("/proc/self/status", key);

    /// <summary>The value in bytes of a line such as "VmRSS:   1234 kB" in one of the kernel's files.</summary>
    public static long Kilobytes(string file, string key) =>
        1024 * long.Parse(File.ReadLines(file).First(l => l.StartsWith(key, StringComparison.Ordinal))
        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint keep);
}
