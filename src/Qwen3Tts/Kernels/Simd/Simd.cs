using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qwen3Tts.Kernels;

/// <summary>How sixteen lanes are held. All tiers do the same operations in the same order: they differ in speed, never in a bit.</summary>
enum Tier
{
    /// <summary>Four 128-bit vectors: ARM64, and x64 without AVX2.</summary>
    Portable,

    /// <summary>Two 256-bit vectors.</summary>
    Avx2,

    /// <summary>One 512-bit vector.</summary>
    Avx512,
}

/// <summary>
/// The tier in use: the best of this machine, or the one that <c>QWEN3TTS_SIMD</c> (portable, avx2, avx512) or a test names. A program
/// compiled ahead of time has the tiers of its IlcInstructionSet: x86-64-v3 for AVX2, native for all; without it, not even FMA.
/// </summary>
static unsafe class Simd
{
    /// <summary>
    /// Marks the kernels: compiled with all optimisations at once. The usual first, plain compilation is forty times slower here, for the
    /// first seconds of a process that may live no longer.
    /// </summary>
    public const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    public static Tier Best { get; } =
        Vector512.IsHardwareAccelerated && Avx512BW.IsSupported ? Tier.Avx512 : Avx2.IsSupported && Fma.IsSupported ? Tier.Avx2
            : Tier.Portable;

    static Tier _tier = FromEnvironment(); // after Best, which it reads

    public static Tier Tier
    {
        get => _tier;
        set => _tier = value <= Best ? value : throw NotHere(value);
    }

    /// <summary>Runs the parts of a kernel in the tier in use, on the caller where there are no workers. Allocates nothing.</summary>
    public static void Run<TKernel>(ref TKernel kernel, int parts, Workers? workers) where TKernel : unmanaged, IKernel
    {
        delegate*<void*, int, void> body = Tier switch
        {
            Tier.Avx512 => &Part<TKernel, Lanes512>,
            Tier.Avx2 => &Part<TKernel, Lanes256>,
            _ => &Part<TKernel, Lanes128>,
        };
        fixed (TKernel* state = &kernel)
            if (workers is not null)
                workers.Run(parts, state, body);
            else
                for (var part = 0; part < parts; part++)
                    body(state, part);
    }

    /// <summary>Runs a kernel of one part on the caller.</summary>
    public static void Run<TKernel>(ref TKernel kernel) where TKernel : unmanaged, IKernel => Run(ref kernel, 1, null);

    [MethodImpl(Hot)]
    static void Part<TKernel, T>(void* kernel, int part) where TKernel : unmanaged, IKernel where T : struct, ILanes<T> =>
        ((TKernel*)kernel)->Part<T>(part);

    static Tier FromEnvironment()
    {
        var name = Environment.GetEnvironmentVariable("QWEN3TTS_SIMD");
        if (string.IsNullOrEmpty(name))
            return Best;
        if (!Enum.TryParse<Tier>(name, ignoreCase: true, out var tier) || !Enum.IsDefined(tier))
            throw new ArgumentException($"QWEN3TTS_SIMD is '{name}'. It can be portable, avx2 or avx512.");
        return tier <= Best ? tier : throw NotHere(tier);
    }

    static PlatformNotSupportedException NotHere(Tier tier) =>
        new($"SIMD tier {tier} was asked for, but this processor or this compilation of the program has none. The best here is {Best}.");
}
