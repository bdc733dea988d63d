// Chooses the device to train on. libtorch for CUDA is a build property (-p:Cuda=12.8), because it has gigabytes that a machine without a
// GPU cannot use. The code for CUDA follows libtorch's documentation and was never run on a GPU; placement and types are checked on the
// meta device.
using System.Diagnostics;
using System.Globalization;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Options;
using TorchSharp;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Memory;

static class Devices
{
    /// <param name="wish">cpu, cuda, or null for a GPU if there is one.</param>
    /// <exception cref="ArgumentException">There is no such device here.</exception>
    public static Device Choose(string? wish) => wish?.ToLowerInvariant() switch
    {
        "cpu" => CPU,
        null => cuda.is_available() ? CUDA : CPU,
        "cuda" => cuda.is_available() ? CUDA
            : throw new ArgumentException(
            "This build of libtorch finds no CUDA device. Build with -p:Cuda=12.8 on a machine with an NVIDIA driver, or train with " +
            "--device cpu."),
        _ => throw new ArgumentException($"There is no device '{wish}'. Give cpu or cuda, or leave --device out."),
    };

    /// <summary>The device as options write it.</summary>
    public static string NameOf(Device device) => device.type == DeviceType.CUDA ? "cuda" : "cpu";

    /// <summary>
    /// The precisions to try if none is requested, in order. A GPU computes BF16 many times faster than float32; a CPU may have no BF16
    /// instructions.
    /// </summary>
    public static IReadOnlyList<Precision> Precisions(Device device) =>
        device.type == DeviceType.CUDA ? [Precision.Mixed, Precision.Bfloat16, Precision.Bfloat16Moments] : Enum.GetValues<Precision>();

    /// <summary>Bytes that training may use: the memory of the GPU, or the free memory of this machine.</summary>
    /// <exception cref="InvalidOperationException">The GPU's driver does not report its memory.</exception>
    public static long Memory(Device device) => device.type == DeviceType.CUDA ? GpuMemory()
        // a container may allow less than the machine has
        : Math.Min(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, PeakMemory.Supported
            ? PeakMemory.Kilobytes("/proc/meminfo", "MemAvailable") : long.MaxValue);

    static long GpuMemory()
    {
        const string Program = "nvidia-smi";
        if (ExternalProgram.OnPath(Program) is { } program)
        {
            using var asked = Process.Start(
                new ProcessStartInfo(program,
                ["--query-gpu=memory.total", "--format=csv,noheader,nounits", "--id=0"])
                { RedirectStandardOutput = true })!;
            var answer = asked.StandardOutput.ReadToEnd();
            asked.WaitForExit();
            if (asked.ExitCode == 0 && long.TryParse(answer.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var mebibytes))
                return mebibytes << 20;
        }
        throw new InvalidOperationException($"{Program} does not say how much memory the GPU has. Give --memory, such as --memory 16GB.");
    }
}
