// How the numbers of a tensor lie in memory: whole, as BF16, or as BF16 with the lower half beside it. Kernels are written once over them.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace Qwen3Tts.Training;

/// <summary>How eight numbers lie in memory.</summary>
unsafe interface INumbers
{
    static abstract int Size { get; }
    /// <summary>Whether <see cref="Store"/> rounds by chance.</summary>
    static abstract bool Rounds { get; }
    static abstract Vector256<float> Load(byte* from, byte* lower, int i);

    /// <summary>Where they do not fit, the lower sixteen bits of the noise decide.</summary>
    static abstract void Store(byte* to, byte* lower, int i, Vector256<float> x, Vector256<uint> noise);
}

/// <summary>Whole.</summary>
readonly unsafe struct Float32 : INumbers
{
    public static int Size => sizeof(float);
    public static bool Rounds => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* from, byte* lower, int i) => Vector256.Load((float*)from + i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* to, byte* lower, int i, Vector256<float> x, Vector256<uint> noise) => x.Store((float*)to + i);
}

/// <summary>BF16, rounded by chance.</summary>
readonly unsafe struct Narrow : INumbers
{
    public static int Size => sizeof(ushort);
    public static bool Rounds => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* from, byte* lower, int i) => (Halves.Wide(from, i) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* to, byte* lower, int i, Vector256<float> x, Vector256<uint> noise) => Halves.Upper(to, i, x.AsUInt32() + (noise & Vector256.Create(0xFFFFu)));
}

/// <summary>A float32 in two halves: the upper sixteen bits rounded to the nearest BF16, ties away from zero, and the lower sixteen as they are.</summary>
readonly unsafe struct Halves : INumbers
{
    public static int Size => sizeof(ushort);
    public static bool Rounds => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* from, byte* lower, int i)
    {
        var low = Wide(lower, i);
        return (Wide(from, i) - (low >>> 15) << 16 | low).AsSingle(); // it was rounded up where the lower half is half and more
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* to, byte* lower, int i, Vector256<float> x, Vector256<uint> noise)
    {
        var bits = x.AsUInt32();
        Upper(to, i, bits + Vector256.Create(0x8000u));
        Upper(lower, i, bits << 16);
    }

    /// <summary>The masters [as many] whose upper halves are the weights.</summary>
    public static float[] Joined(Tensor weight, Tensor lower)
    {
        var values = new float[weight.numel()];
        byte* upper = TensorMemory.Address(weight), low = TensorMemory.Address(lower);
        for (var i = 0; i < values.Length; i++)
            values[i] = BitConverter.UInt32BitsToSingle((uint)(((ushort*)upper)[i] - (((ushort*)low)[i] >> 15)) << 16 | ((ushort*)low)[i]);
        return values;
    }

    /// <summary>Masters into weights and lower halves.</summary>
    public static void Split(float[] values, Tensor weight, Tensor lower)
    {
        byte* upper = TensorMemory.Address(weight), low = TensorMemory.Address(lower);
        for (var i = 0; i < values.Length; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(values[i]);
            (((ushort*)upper)[i], ((ushort*)low)[i]) = ((ushort)(bits + 0x8000 >> 16), (ushort)bits);
        }
    }

    /// <summary>Eight numbers of sixteen bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Wide(byte* from, int i)
    {
        var x = Vector128.Load((ushort*)from + i);
        return Vector256.Create(Vector128.WidenLower(x), Vector128.WidenUpper(x));
    }

    /// <summary>Stores the upper halves of eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Upper(byte* to, int i, Vector256<uint> bits)
    {
        var upper = bits >>> 16;
        Vector128.Narrow(upper.GetLower(), upper.GetUpper()).Store((ushort*)to + i);
    }
}
