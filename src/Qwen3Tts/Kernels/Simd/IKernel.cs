namespace Qwen3Tts.Kernels;

/// <summary>
/// The arguments of a kernel and its code for any tier: <see cref="Simd.Run{TKernel}(ref TKernel, int, Workers?)"/> alone chooses which.
/// </summary>
interface IKernel
{
    /// <summary>Computes one part of the result. Parts run on any thread, in any order.</summary>
    void Part<T>(int part) where T : struct, ILanes<T>;
}
