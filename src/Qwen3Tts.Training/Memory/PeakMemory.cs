// How much memory the process takes, as the Linux kernel counts it. glibc keeps freed memory for later; to see what is alive it is told to
// give every larger block back at once, which costs time, so what is measured here is not timed here.
using System.Globalization;
using System.Runtime.InteropServices;

namespace Qwen3Tts.Training.Memory;

static partial class PeakMemory
{
    const int TrimThreshold = -1, MmapThreshold = -3; // of mallopt
    const int LargestThreshold = 1 << 25; // as far as glibc lets a threshold for blocks grow

    public static bool Supported => OperatingSystem.IsLinux();

    /// <summary>
    /// From now on the process keeps what is freed: the next step needs as much, and fresh pages cost more than what is computed in them.
    /// </summary>
    public static void KeepFreed()
    {
        if (Supported)
            GiveBackFrom(LargestThreshold, int.MaxValue);
    }

    /// <summary>The most that lives at one time while the work runs, above what lives before it; bytes.</summary>
    public static long Measure(Action work)
    {
        GiveBackFrom(1 << 16, 1 << 16);
        try
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            malloc_trim(0);
            File.WriteAllText("/proc/self/clear_refs", "5"); // the peak starts anew
            var before = Status("VmRSS");
            work();
            return Status("VmHWM") - before;
        }
        finally
        {
            KeepFreed();
        }
    }

    /// <summary>Blocks of so many bytes are given back when they are freed, and so many that are free at the end of the heap.</summary>
    static void GiveBackFrom(int block, int rest)
    {
        mallopt(MmapThreshold, block);
        mallopt(TrimThreshold, rest);
    }

    static long Status(string key) => Kilobytes("/proc/self/status", key);

    /// <summary>A line such as "VmRSS:   1234 kB" of one of the kernel's files, in bytes.</summary>
    public static long Kilobytes(string file, string key) =>
        1024 * long.Parse(File.ReadLines(file).First(l => l.StartsWith(key, StringComparison.Ordinal))
        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint keep);
}
