using System.Globalization;

namespace Qwen3Tts.Server;

static class FreeMemory
{
    const string Kernel = "/proc/meminfo", Key = "MemAvailable:";

    /// <summary>Bytes that this program may still take: of the machine, and of its container.</summary>
    public static long Read()
    {
        var ofContainer = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes is > 0 and var most ? most - Environment.WorkingSet
            : long.MaxValue;
        return !File.Exists(Kernel) ? ofContainer : Math.Min(ofContainer, 1024 * long.Parse(File.ReadLines(Kernel)
            .First(l => l.StartsWith(Key, StringComparison.Ordinal))[Key.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0],
            CultureInfo.InvariantCulture));
    }
}
