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

/// <summary>The tier in use: the best of this machine, or the one that <c>QWEN3TTS_SIMD</c> (portable, avx2, avx512) or a test names.</summary>
static class Simd
{
    public static Tier Best { get; } =
        Vector512.IsHardwareAccelerated && Avx512BW.IsSupported ? Tier.Avx512 : Avx2.IsSupported && Fma.IsSupported ? Tier.Avx2 : Tier.Portable;

    static Tier _tier = FromEnvironment(); // after Best, which it reads

    public static Tier Tier
    {
        get => _tier;
        set => _tier = value <= Best ? value : throw new PlatformNotSupportedException($"This processor has no {value}. Its best is {Best}.");
    }

    static Tier FromEnvironment()
    {
        var name = Environment.GetEnvironmentVariable("QWEN3TTS_SIMD");
        if (string.IsNullOrEmpty(name))
            return Best;
        if (!Enum.TryParse<Tier>(name, ignoreCase: true, out var tier) || !Enum.IsDefined(tier))
            throw new ArgumentException($"QWEN3TTS_SIMD is '{name}'. It can be portable, avx2 or avx512.");
        return tier <= Best ? tier : throw new PlatformNotSupportedException($"QWEN3TTS_SIMD asks for {tier}, which this processor has not. Its best is {Best}.");
    }
}
